import { CoordError } from "../../coord-error.ts";
import type { SnapshotState } from "../snapshot.ts";
import type { ApacheLog } from "./log-file.ts";
import { replayApacheTxn } from "./replay.ts";

/** A log and the zxid in its name. */
export interface NamedLog extends ApacheLog {
  readonly name: string;
}

function shown(zxid: bigint): string {
  return `0x${zxid.toString(16)}`;
}

/** The next one of the same leader, or the first one of a later leader. */
function follows(last: bigint, next: bigint): boolean {
  const isFirst = BigInt.asUintN(32, next) === 1n;
  return next === last + 1n || (isFirst && next >> 32n > last >> 32n);
}

/**
 * Brings a snapshot up to the end of the logs, which are given in the order of their names. Throws `malformed-record`
 * when something is missing between them: a torn entry is the end of the last log and of no other.
 */
export function mergeApacheLogs(snapshot: SnapshotState, logs: readonly NamedLog[]): SnapshotState {
  let { lastZxid } = snapshot;
  for (const [index, { name, txns, isTorn }] of logs.entries()) {
    for (const txn of txns) {
      if (txn.zxid <= lastZxid) continue;
      if (!follows(lastZxid, txn.zxid)) {
        const gap = `${shown(lastZxid + 1n)} to ${shown(txn.zxid - 1n)}`;
        throw new CoordError("malformed-record", `${name}: transactions ${gap} are missing`);
      }
      replayApacheTxn(txn, snapshot);
      lastZxid = txn.zxid;
    }
    if (isTorn && index < logs.length - 1) {
      throw new CoordError("malformed-record", `${name}: damaged behind ${shown(lastZxid)}, and other logs follow it`);
    }
  }
  return { ...snapshot, lastZxid };
}
