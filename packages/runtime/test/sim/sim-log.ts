import { createMasterState, recordsInForce, snapshotOf, type MasterRecord } from "../../src/core/master-state.ts";
import type { BlobStore } from "../../src/cluster/blob-store.ts";
import type { MasterLog } from "../../src/cluster/master-log.ts";
import { RuntimeError } from "../../src/runtime-error.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What the coordination service holds: records, and who may write. */
export class LogStore {
  /** Grows with every leader: whoever has an older one writes nothing. */
  epoch = 0;
  isFenced = true;
  records: MasterRecord[] = [];
  /** Ids of all tasks that were ever written down as done. */
  readonly done: Set<string> = new Set();
  /** Requests whose job was written down as succeeded. */
  readonly succeeded: Set<string> = new Set();
  /** By job. */
  readonly requestOf: Map<string, string> = new Map();
  /** Requests of jobs that outlive their drivers. */
  readonly detached: Set<string> = new Set();
  /** What is too large for records. */
  readonly blobs: Map<string, Uint8Array> = new Map();

  write(record: MasterRecord): void {
    this.records.push(record);
    if (record.kind === "done") this.done.add(record.task);
    if (record.kind === "job" && record.body !== undefined) {
      if (this.detached.has(record.request)) throw new Error(`${record.request} is written down twice`);
      this.detached.add(record.request);
    }
    if (record.kind === "job") this.requestOf.set(record.job, record.request);
    if (record.kind === "ended" && record.outcome === "succeeded") {
      this.succeeded.add(this.requestOf.get(record.job) ?? "");
    }
  }
}

export interface SimLogParts {
  readonly store: LogStore;
  readonly time: VirtualTime;
  readonly delayMs: () => number;
  /** Whether old records go now that the state has taken their place. */
  readonly compacts: () => boolean;
  /** Whether the writer dies here, in the middle of a snapshot: what it leaves is void. */
  readonly tears: () => boolean;
}

export interface SimLog extends MasterLog {
  readonly blobs: BlobStore;
  /** Its master is gone: nothing is written any more, but for what was on its way if `arrives` says so. */
  crash(arrives: () => boolean): void;
}

/** The log of one master. Writes take time, and the news of them takes time again. */
export function openSimLog({ store, time, delayMs, compacts, tears }: SimLogParts): SimLog {
  const epoch = store.epoch;
  const { state, apply } = createMasterState();
  for (const record of recordsInForce(store.records)) apply(record);
  let lastAtMs = 0;
  let arrives: (() => boolean) | undefined;
  let isBroken = false;
  /** Written, and the news of it is on its way: a snapshot of the state would be without them. */
  let unknownCount = 0;
  const refusal = new AbortController();

  const write = (record: MasterRecord | undefined): boolean => {
    if (arrives !== undefined && !arrives()) isBroken = true;
    if (store.isFenced && store.epoch !== epoch) isBroken = true;
    if (!isBroken && record !== undefined) store.write(record);
    unknownCount += 1;
    return !isBroken;
  };
  const compact = (): void => {
    const old = store.records.length;
    for (const record of snapshotOf(state)) {
      if (tears()) {
        isBroken = true;
        return;
      }
      store.records.push(record);
    }
    if (compacts()) store.records.splice(0, old);
  };

  /** As in a directory: whoever once led may write there, and what was on its way at the end may arrive. */
  const later = <T>(run: () => T): Promise<T> =>
    new Promise((resolve) => {
      time.after(delayMs(), () => {
        if (arrives !== undefined && !arrives()) return;
        const result = run();
        time.after(delayMs(), () => arrives === undefined && resolve(result));
      });
    });
  const blobs: BlobStore = {
    put: (name, bytes) => later(() => void store.blobs.set(name, bytes)),
    get: (name) => later(() => store.blobs.get(name)),
    remove: (name) => later(() => void store.blobs.delete(name)),
    names: () => later(() => [...store.blobs.keys()]),
  };

  const append = (record: MasterRecord | undefined): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => undefined);
    lastAtMs = Math.max(lastAtMs, time.now() + delayMs());
    time.after(lastAtMs - time.now(), () => {
      const isWritten = write(record);
      time.after(delayMs(), () => {
        // Nobody hears of it any more.
        if (arrives !== undefined) return;
        if (!isWritten) {
          const refused = new RuntimeError("executor-closed", "this master leads no more");
          refusal.abort(refused);
          return reject(refused);
        }
        if (record !== undefined) apply(record);
        unknownCount -= 1;
        if (unknownCount === 0 && store.records.length > 40 && store.epoch === epoch) compact();
        resolve();
      });
    });
    return promise;
  };

  return {
    state,
    blobs,
    refused: refusal.signal,
    append,
    confirm: () => append(undefined),
    crash(how) {
      arrives = how;
    },
  };
}
