import type { DataTree } from "../core/data-tree.ts";
import type { WatchEvent, WatcherId, WatchTable } from "../core/watch-table.ts";
import { addWatchModes, eventTypes } from "../protocol/opcodes.ts";
import type { SetWatches2Request, SetWatchesRequest } from "../protocol/requests.ts";

export interface SetWatchesPlace {
  readonly tree: DataTree;
  readonly table: WatchTable;
  readonly watcher: WatcherId;
}

/** Events that setWatches makes up carry no change's zxid. */
const noZxid = -1n;

function event(type: number, path: string): WatchEvent {
  // Delivered without asking for READ, unlike the events of changes (seen on ZooKeeper 3.8.0 and 3.9.4).
  return { type, path, zxid: noZxid, acl: undefined };
}

/**
 * Sets the watches of a client that came back, and returns what it missed since `relativeZxid`, in the order of its
 * lists. A node that came and went meanwhile leaves no trace for an exists watch; persistent watches get no
 * catch-up at all. Both are ZooKeeper's documented blind spots.
 */
export function setWatches(request: SetWatchesRequest | SetWatches2Request, place: SetWatchesPlace): WatchEvent[] {
  const { tree, table, watcher } = place;
  const missed: WatchEvent[] = [];
  for (const path of request.data) {
    const node = tree.get(path);
    if (node === undefined) missed.push(event(eventTypes.deleted, path));
    else if (node.mzxid > request.relativeZxid) missed.push(event(eventTypes.dataChanged, path));
    else table.addData(path, watcher);
  }
  for (const path of request.exist) {
    const node = tree.get(path);
    if (node !== undefined) missed.push(event(eventTypes.created, path));
    else table.addData(path, watcher);
  }
  for (const path of request.child) {
    const node = tree.get(path);
    if (node === undefined) missed.push(event(eventTypes.deleted, path));
    else if (node.pzxid > request.relativeZxid) missed.push(event(eventTypes.childrenChanged, path));
    else table.addChild(path, watcher);
  }
  if ("persistent" in request) {
    for (const path of request.persistent) table.addPersistent(path, watcher, addWatchModes.persistent);
    for (const path of request.persistentRecursive) {
      table.addPersistent(path, watcher, addWatchModes.persistentRecursive);
    }
  }
  return missed;
}
