import { ChurningMap } from "@tutti/stdx";
import { addWatchModes, eventTypes, watcherTypes } from "../protocol/opcodes.ts";
import type { Acl } from "../protocol/records.ts";
import type { TreeChange } from "./txn.ts";
import { parentOf } from "./zookeeper-path.ts";

/** A connection, as far as watches know it. */
export type WatcherId = number;

export interface WatchEvent {
  readonly type: number;
  readonly path: string;
  /** The change that caused it; -1n when setWatches made it up. */
  readonly zxid: bigint;
  /** Whoever may not read by this list does not get the event. Undefined: everybody gets it. */
  readonly acl: readonly Acl[] | undefined;
}

export type Deliver = (watcher: WatcherId, event: WatchEvent) => void;

/** Modes that one connection holds on one path, one bit each. They live independently (ZooKeeper 3.9). */
const modes = { standard: 1, persistent: 2, recursive: 4 } as const;
const anyMode = 7;

type Entries = Map<WatcherId, number>;

/** One of ZooKeeper's two tables: path -> connection -> modes. */
class WatchMap {
  readonly #byPath = new ChurningMap<string, Entries>();
  readonly #byWatcher = new ChurningMap<WatcherId, Set<string>>();
  /** Number of recursive entries: while it is 0, no ancestor has to be looked at. */
  #recursiveCount = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get pathCount(): number {
    return this.#byPath.size;
  }

  get watcherCount(): number {
    return this.#byWatcher.size;
  }

  entries(): IterableIterator<[string, ReadonlyMap<WatcherId, number>]> {
    return this.#byPath[Symbol.iterator]();
  }

  add(path: string, watcher: WatcherId, mode: number): void {
    const entries: Entries = this.#byPath.get(path) ?? new Map<WatcherId, number>();
    this.#byPath.set(path, entries);
    const before = entries.get(watcher) ?? 0;
    if (before === 0) this.#count += 1;
    if ((mode & ~before & modes.recursive) !== 0) this.#recursiveCount += 1;
    entries.set(watcher, before | mode);
    const paths = this.#byWatcher.get(watcher) ?? new Set<string>();
    this.#byWatcher.set(watcher, paths.add(path));
  }

  has(path: string, watcher: WatcherId, mode: number): boolean {
    return ((this.#byPath.get(path)?.get(watcher) ?? 0) & mode) !== 0;
  }

  /** Whether one of the modes was there and is gone now. */
  remove(path: string, watcher: WatcherId, mode: number): boolean {
    const entries = this.#byPath.get(path);
    const before = entries?.get(watcher) ?? 0;
    if (entries === undefined || (before & mode) === 0) return false;
    if ((before & mode & modes.recursive) !== 0) this.#recursiveCount -= 1;
    const after = before & ~mode;
    if (after !== 0) {
      entries.set(watcher, after);
      return true;
    }
    this.#count -= 1;
    entries.delete(watcher);
    if (entries.size === 0) this.#byPath.delete(path);
    const paths = this.#byWatcher.get(watcher);
    paths?.delete(path);
    if (paths?.size === 0) this.#byWatcher.delete(watcher);
    return true;
  }

  removeWatcher(watcher: WatcherId): void {
    for (const path of this.#byWatcher.get(watcher) ?? []) this.remove(path, watcher, anyMode);
  }

  /**
   * Those who watch this path, and by a recursive watch an ancestor of it; standard watches are used up. Each
   * connection once, however many of its watches match.
   */
  fired(path: string): Set<WatcherId> {
    const watchers = new Set(this.#byPath.get(path)?.keys());
    for (const watcher of watchers) this.remove(path, watcher, modes.standard);
    for (let at = path; this.#recursiveCount > 0 && at !== "/";) {
      at = parentOf(at);
      for (const [watcher, held] of this.#byPath.get(at) ?? []) {
        if ((held & modes.recursive) !== 0) watchers.add(watcher);
      }
    }
    return watchers;
  }
}

/** Modes that a watcher type speaks of. Undefined for a number that is none. */
function modeOfType(type: number): number | undefined {
  switch (type) {
    case watcherTypes.children:
    case watcherTypes.data:
      return modes.standard;
    case watcherTypes.any:
      return anyMode;
    case watcherTypes.persistent:
      return modes.persistent;
    case watcherTypes.persistentRecursive:
      return modes.recursive;
    default:
      return undefined;
  }
}

export function isWatcherType(type: number): boolean {
  return modeOfType(type) !== undefined;
}

export function isAddWatchMode(mode: number): boolean {
  return mode === addWatchModes.persistent || mode === addWatchModes.persistentRecursive;
}

/**
 * Who watches what on this server. Watches belong to connections, not to sessions: they go with the connection,
 * and a client that comes back sets them again. Paths are taken as they are written: a watch on "" is not one on
 * "/", although a read of either finds the root (seen on ZooKeeper 3.9.4).
 */
export class WatchTable {
  readonly #data = new WatchMap();
  readonly #child = new WatchMap();

  /** Entries of both tables. */
  get count(): number {
    return this.#data.count + this.#child.count;
  }

  /** Paths and connections, for the words `wchs`, `wchc` and `wchp`. */
  describe(): ReadonlyMap<string, ReadonlySet<WatcherId>> {
    const byPath = new Map<string, Set<WatcherId>>();
    for (const table of [this.#data, this.#child]) {
      for (const [path, entries] of table.entries()) {
        const watchers = byPath.get(path) ?? new Set<WatcherId>();
        for (const watcher of entries.keys()) watchers.add(watcher);
        byPath.set(path, watchers);
      }
    }
    return byPath;
  }

  addData(path: string, watcher: WatcherId): void {
    this.#data.add(path, watcher, modes.standard);
  }

  addChild(path: string, watcher: WatcherId): void {
    this.#child.add(path, watcher, modes.standard);
  }

  /** Recursive watches stand in the data table only, so that they never hear of childrenChanged. */
  addPersistent(path: string, watcher: WatcherId, mode: number): void {
    if (mode === addWatchModes.persistentRecursive) {
      this.#data.add(path, watcher, modes.recursive);
      return;
    }
    this.#data.add(path, watcher, modes.persistent);
    this.#child.add(path, watcher, modes.persistent);
  }

  has(path: string, watcher: WatcherId, type: number): boolean {
    return this.#tablesOf(type).some((table) => table.has(path, watcher, modeOfType(type) ?? 0));
  }

  /** Whether there was such a watch. */
  remove(path: string, watcher: WatcherId, type: number): boolean {
    const removed = this.#tablesOf(type).map((table) => table.remove(path, watcher, modeOfType(type) ?? 0));
    return removed.includes(true);
  }

  removeWatcher(watcher: WatcherId): void {
    this.#data.removeWatcher(watcher);
    this.#child.removeWatcher(watcher);
  }

  /** Tells of one change: first the node's own watchers, then those of its parent's children. */
  fire(change: TreeChange, deliver: Deliver): void {
    const { kind, path, zxid, acl, parentAcl } = change;
    const tell = (watchers: Iterable<WatcherId>, event: WatchEvent): void => {
      for (const watcher of watchers) deliver(watcher, event);
    };
    const own = this.#data.fired(path);
    tell(own, { type: eventTypes[kind], path, zxid, acl });
    if (kind === "dataChanged") return;
    if (kind === "deleted") {
      // A connection that heard of it by a data watch does not hear of it again.
      const others = [...this.#child.fired(path)].filter((watcher) => !own.has(watcher));
      tell(others, { type: eventTypes.deleted, path, zxid, acl });
    }
    const parent = parentOf(path);
    tell(this.#child.fired(parent), { type: eventTypes.childrenChanged, path: parent, zxid, acl: parentAcl });
  }

  #tablesOf(type: number): readonly WatchMap[] {
    if (type === watcherTypes.children) return [this.#child];
    if (type === watcherTypes.data || type === watcherTypes.persistentRecursive) return [this.#data];
    return [this.#data, this.#child];
  }
}
