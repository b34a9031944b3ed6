import type { SetWatches2Request } from "../../protocol/requests.ts";
import { eventTypes } from "../../protocol/opcodes.ts";

/** What happened at a path. */
export type WatchEventType = "created" | "deleted" | "dataChanged" | "childrenChanged";

/** What happened to a node, in ZooKeeper's words. */
export interface WatchEvent {
  readonly type: WatchEventType;
  readonly path: string;
}

/** Kinds of watches, as the server keeps them apart. */
export type WatchKind = "data" | "exist" | "child" | "persistent" | "persistentRecursive";

/** Hears of one event. */
export type WatchCallback = (event: WatchEvent) => void;

const typeNames: ReadonlyMap<number, WatchEventType> = new Map([
  [eventTypes.created, "created"],
  [eventTypes.deleted, "deleted"],
  [eventTypes.dataChanged, "dataChanged"],
  [eventTypes.childrenChanged, "childrenChanged"],
]);

/** Which one-shot watches an event uses up. */
const firedKinds: Readonly<Record<WatchEventType, readonly WatchKind[]>> = {
  created: ["data", "exist"],
  dataChanged: ["data", "exist"],
  deleted: ["data", "exist", "child"],
  childrenChanged: ["child"],
};

/** Paths and the limit of a frame: a list that is longer is sent in several. */
const batchBytesMax = 128 * 1024;

/** The watches that this client has set, by absolute path, so that they can be set again at another server. */
export class WatchRegistry {
  readonly #byKind: Readonly<Record<WatchKind, Map<string, Set<WatchCallback>>>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
    persistent: new Map(),
    persistentRecursive: new Map(),
  };

  add(kind: WatchKind, path: string, callback: WatchCallback): void {
    const byPath = this.#byKind[kind];
    const callbacks = byPath.get(path) ?? new Set<WatchCallback>();
    byPath.set(path, callbacks.add(callback));
  }

  /** True when it was the last one of its kind at this path. */
  remove(kind: WatchKind, path: string, callback: WatchCallback): boolean {
    const byPath = this.#byKind[kind];
    const callbacks = byPath.get(path);
    if (callbacks?.delete(callback) !== true || callbacks.size > 0) return false;
    return byPath.delete(path);
  }

  has(kind: WatchKind, path: string): boolean {
    return this.#byKind[kind].has(path);
  }

  clear(): void {
    for (const byPath of Object.values(this.#byKind)) byPath.clear();
  }

  /** Everybody whom a notification concerns; one-shot watches are used up by it. */
  take(
    type: number,
    path: string,
  ): { readonly event: WatchEvent; readonly callbacks: readonly WatchCallback[] } | undefined {
    const name = typeNames.get(type);
    if (name === undefined) return undefined;
    const callbacks: WatchCallback[] = [];
    for (const kind of firedKinds[name]) {
      const armed = this.#byKind[kind].get(path);
      if (armed === undefined) continue;
      callbacks.push(...armed);
      this.#byKind[kind].delete(path);
    }
    callbacks.push(...(this.#byKind.persistent.get(path) ?? []));
    if (name !== "childrenChanged") {
      for (const [root, recursive] of this.#byKind.persistentRecursive) {
        if (path === root || root === "/" || path.startsWith(`${root}/`)) callbacks.push(...recursive);
      }
    }
    return { event: { type: name, path }, callbacks: [...new Set(callbacks)] };
  }

  /** Requests that set everything again, each below the limit of a frame. */
  *replay(relativeZxid: bigint): Generator<SetWatches2Request> {
    const empty = (): Record<WatchKind, string[]> => ({
      data: [],
      exist: [],
      child: [],
      persistent: [],
      persistentRecursive: [],
    });
    let batch = empty();
    let bytes = 0;
    for (const kind of Object.keys(batch) as WatchKind[]) {
      for (const path of this.#byKind[kind].keys()) {
        bytes += path.length * 3 + 4;
        if (bytes > batchBytesMax) {
          yield { relativeZxid, ...batch };
          batch = empty();
          bytes = path.length * 3 + 4;
        }
        batch[kind].push(path);
      }
    }
    if (bytes > 0) yield { relativeZxid, ...batch };
  }
}
