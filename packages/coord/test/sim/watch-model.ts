import { errorCodes } from "../../src/protocol/error-codes.ts";
import { addWatchModes, eventTypes, watcherTypes } from "../../src/protocol/opcodes.ts";
import type { SetWatches2Request } from "../../src/protocol/requests.ts";
import { type ModelChange, parentOf, type TreeModel } from "./tree-model.ts";

/** A notification, as it is expected or as it came. */
export interface SeenEvent {
  readonly type: number;
  readonly path: string;
  /** -1n: made up for a watch that was set again. */
  readonly zxid: bigint;
}

interface ExpectedEvent extends SeenEvent {
  /** The one-shot watches that it ends. */
  readonly consume: () => void;
}

function covers(ancestors: ReadonlySet<string>, path: string): boolean {
  if (ancestors.size === 0) return false;
  for (let at = path; ; at = parentOf(at)) {
    if (ancestors.has(at)) return true;
    if (at === "/") return false;
  }
}

/** What one connection watches, and which events it has to hear therefore. */
export class WatchModel {
  readonly data = new Set<string>();
  /** Those of `data` that a client sets again as watches of a node's existence. */
  readonly absent = new Set<string>();
  readonly child = new Set<string>();
  readonly persistent = new Set<string>();
  readonly recursive = new Set<string>();

  get isEmpty(): boolean {
    return this.data.size + this.child.size + this.persistent.size + this.recursive.size === 0;
  }

  /** Of one change, in their order. Each is consumed when it has come, for the next ones are made of what is left. */
  *eventsOf({ kind, path }: ModelChange, zxid: bigint): Generator<ExpectedEvent> {
    const { data, child, persistent } = this;
    const isOwn = data.has(path) || persistent.has(path) || covers(this.recursive, path);
    if (isOwn) {
      const consume = (): void => {
        this.#endData(path);
        if (kind === "deleted") child.delete(path);
      };
      yield { type: eventTypes[kind], path, zxid, consume };
    }
    if (kind === "dataChanged") return;
    if (kind === "deleted" && !isOwn && child.has(path)) {
      yield { type: eventTypes.deleted, path, zxid, consume: () => void child.delete(path) };
    }
    const above = parentOf(path);
    if (!child.has(above) && !persistent.has(above)) return;
    yield { type: eventTypes.childrenChanged, path: above, zxid, consume: () => void child.delete(above) };
  }

  watchData(path: string, isThere: boolean): void {
    this.data.add(path);
    if (isThere) this.absent.delete(path);
    else this.absent.add(path);
  }

  watchPersistently(path: string, mode: number): void {
    (mode === addWatchModes.persistent ? this.persistent : this.recursive).add(path);
  }

  /** What a server answers who is asked to forget watches: a code. */
  remove(path: string, type: number): number {
    const isOf = (...types: readonly number[]): boolean => types.includes(type);
    const { any, children, data, persistent, persistentRecursive } = watcherTypes;
    const removed = [
      isOf(any, data) && this.#endData(path),
      isOf(any, children) && this.child.delete(path),
      isOf(any, persistent) && this.persistent.delete(path),
      isOf(any, persistentRecursive) && this.recursive.delete(path),
    ];
    return removed.includes(true) ? errorCodes.ok : errorCodes.noWatcher;
  }

  /** What a client that has lost its connection asks the next server for. */
  asRequest(relativeZxid: bigint): SetWatches2Request {
    return {
      relativeZxid,
      data: [...this.data].filter((path) => !this.absent.has(path)),
      exist: [...this.absent],
      child: [...this.child],
      persistent: [...this.persistent],
      persistentRecursive: [...this.recursive],
    };
  }

  /** Watches are set again where the tree is as the model was at `zxid`; returns what the client has missed. */
  setAgain(request: SetWatches2Request, tree: TreeModel, zxid: bigint): readonly SeenEvent[] {
    const { deleted, dataChanged, created, childrenChanged } = eventTypes;
    const missed: SeenEvent[] = [];
    const missing = (type: number, path: string): void => void missed.push({ type, path, zxid: -1n });
    for (const path of request.data) {
      const node = tree.get(path, zxid);
      if (node === undefined) missing(deleted, path);
      else if (node.mzxid > request.relativeZxid) missing(dataChanged, path);
      else this.watchData(path, true);
    }
    for (const path of request.exist) {
      if (tree.get(path, zxid) === undefined) this.watchData(path, false);
      else missing(created, path);
    }
    for (const path of request.child) {
      const node = tree.get(path, zxid);
      if (node === undefined) missing(deleted, path);
      else if (node.pzxid > request.relativeZxid) missing(childrenChanged, path);
      else this.child.add(path);
    }
    for (const path of request.persistent) this.persistent.add(path);
    for (const path of request.persistentRecursive) this.recursive.add(path);
    return missed;
  }

  #endData(path: string): boolean {
    this.absent.delete(path);
    return this.data.delete(path);
  }
}
