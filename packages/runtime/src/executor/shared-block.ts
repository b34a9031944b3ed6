import { encodeRows } from "../shuffle/rows-codec.ts";

/** Rows as bytes that several threads read at once, without a copy for each. */
export type SharedBlock = Uint8Array<SharedArrayBuffer>;

/** Shared, not transferred: the driver may hand one block to several tasks, and again after a lost thread. */
export function shareRows(rows: readonly unknown[]): SharedBlock {
  const bytes = encodeRows(rows);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
