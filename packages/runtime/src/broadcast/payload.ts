import { types } from "node:util";
import { decodeRows, encodeRows } from "../shuffle/rows-codec.ts";

/** A value as every thread of the process can read it: bytes to decode, or numbers to look at where they are. */
export type BroadcastPayload =
  | { readonly kind: "encoded"; readonly bytes: Uint8Array<SharedArrayBuffer> }
  | { readonly kind: "shared"; readonly view: SharedView };

type SharedView = NodeJS.TypedArray<SharedArrayBuffer>;

/** Throws `cannot-travel` where the value would not arrive as it left. */
export function encodePayload(value: unknown): BroadcastPayload {
  if (isPlainTypedArray(value)) return { kind: "shared", view: shareView(value) };
  const encoded = encodeRows([value]);
  const bytes = new Uint8Array(new SharedArrayBuffer(encoded.length));
  bytes.set(encoded);
  return { kind: "encoded", bytes };
}

export function decodePayload(payload: BroadcastPayload): unknown {
  return payload.kind === "shared" ? payload.view : decodeRows(payload.bytes)[0];
}

/** A payload that came over a network, where all threads of this process can see it. */
export function sharePayload(payload: BroadcastPayload): BroadcastPayload {
  if (payload.kind === "shared") return { kind: "shared", view: shareView(payload.view) };
  const bytes = new Uint8Array(new SharedArrayBuffer(payload.bytes.length));
  bytes.set(payload.bytes);
  return { kind: "encoded", bytes };
}

/** The same payload in memory that is not shared, to be sent over a network. */
export function unsharePayload(payload: BroadcastPayload): BroadcastPayload {
  if (payload.kind === "shared") return { kind: "shared", view: payload.view.slice() as never };
  return { kind: "encoded", bytes: Uint8Array.from(payload.bytes) as never };
}

/** A Buffer has methods that a typed array lacks: it goes the other way. */
function isPlainTypedArray(value: unknown): value is NodeJS.TypedArray {
  return types.isTypedArray(value) && !Buffer.isBuffer(value);
}

function shareView(values: NodeJS.TypedArray): SharedView {
  const shared = new SharedArrayBuffer(values.byteLength);
  new Uint8Array(shared).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const ViewClass = values.constructor as new (buffer: SharedArrayBuffer) => SharedView;
  return new ViewClass(shared);
}
