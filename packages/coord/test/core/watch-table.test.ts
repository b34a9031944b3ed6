import { describe, expect, test } from "vitest";
import { WatchTable } from "../../src/core/watch-table.ts";
import { addWatchModes, watcherTypes } from "../../src/protocol/opcodes.ts";
import { create, multi, remove, setData, World } from "./world.ts";
import type { WriteOp } from "../../src/core/write-request.ts";

/** A tree and who watches it; events read `watcher type path`. */
class Watched {
  readonly world = new World();
  readonly table = new WatchTable();

  after(op: WriteOp): readonly string[] {
    const events: string[] = [];
    const names = new Map([
      [1, "created"],
      [2, "deleted"],
      [3, "changed"],
      [4, "children"],
    ]);
    for (const change of this.world.do(op).changes) {
      this.table.fire(change, (watcher, event) => events.push(`${watcher} ${names.get(event.type)} ${event.path}`));
    }
    return events;
  }
}

describe("watches", () => {
  test("the node's own event comes before its parent's", () => {
    const watched = new Watched();
    watched.table.addChild("/", 1);
    watched.table.addData("/a", 1);
    expect(watched.after(create("/a"))).toEqual(["1 created /a", "1 children /"]);
  });

  test("27: a child watch hears that its node goes, and a data watch beside it makes no second event", () => {
    const watched = new Watched();
    watched.after(create("/a"));
    watched.table.addChild("/a", 1);
    watched.table.addData("/a", 2);
    watched.table.addChild("/a", 2);
    expect(watched.after(remove("/a")).toSorted()).toEqual(["1 deleted /a", "2 deleted /a"]);
    expect(watched.table.count).toBe(0);
  });

  test("28: a data watch ignores children, a child watch ignores data", () => {
    const watched = new Watched();
    watched.after(create("/a"));
    watched.table.addData("/a", 1);
    watched.table.addChild("/a", 2);
    expect(watched.after(create("/a/b"))).toEqual(["2 children /a"]);
    watched.table.addChild("/a", 2);
    expect(watched.after(setData("/a/b", "x"))).toEqual([]);
    expect(watched.after(create("/a/b/c"))).toEqual([]);
    expect(watched.after(setData("/a", "x"))).toEqual(["1 changed /a"]);
  });

  test("29: two watches of one connection are one event, of two connections one each", () => {
    const watched = new Watched();
    watched.after(create("/a"));
    for (const watcher of [1, 1, 2]) watched.table.addData("/a", watcher);
    expect(watched.after(setData("/a", "x"))).toEqual(["1 changed /a", "2 changed /a"]);
  });

  test("31: in a multi a standard watch fires once, a persistent one for each change in order", () => {
    const watched = new Watched();
    watched.table.addData("/a", 1);
    watched.table.addPersistent("/a", 2, addWatchModes.persistent);
    expect(watched.after(multi(create("/a"), setData("/a", "x"), remove("/a")))).toEqual([
      "1 created /a",
      "2 created /a",
      "2 changed /a",
      "2 deleted /a",
    ]);
  });

  test("a persistent watch hears of its node and its children, again and again", () => {
    const watched = new Watched();
    watched.after(create("/a"));
    watched.table.addPersistent("/a", 1, addWatchModes.persistent);
    expect(watched.after(create("/a/b"))).toEqual(["1 children /a"]);
    expect(watched.after(create("/a/c"))).toEqual(["1 children /a"]);
    expect(watched.after(setData("/a/b", "x"))).toEqual([]);
  });

  test("a recursive watch hears of all descendants and never of childrenChanged", () => {
    const watched = new Watched();
    watched.table.addPersistent("/", 1, addWatchModes.persistentRecursive);
    expect(watched.after(create("/a"))).toEqual(["1 created /a"]);
    expect(watched.after(create("/a/b"))).toEqual(["1 created /a/b"]);
    expect(watched.after(setData("/a/b", "x"))).toEqual(["1 changed /a/b"]);
    expect(watched.after(remove("/a/b"))).toEqual(["1 deleted /a/b"]);
  });

  test("a recursive watch does not hear of a sibling whose name begins the same", () => {
    const watched = new Watched();
    watched.table.addPersistent("/a", 1, addWatchModes.persistentRecursive);
    expect(watched.after(create("/ab"))).toEqual([]);
  });

  test("36: each watcher type removes its own kind and says when there is none", () => {
    const { table } = new Watched();
    table.addData("/a", 1);
    expect(table.remove("/a", 1, watcherTypes.children)).toBe(false);
    expect(table.remove("/a", 1, watcherTypes.persistent)).toBe(false);
    expect(table.remove("/a", 2, watcherTypes.data)).toBe(false);
    expect(table.remove("/a", 1, watcherTypes.data)).toBe(true);
    table.addPersistent("/a", 1, addWatchModes.persistent);
    table.addPersistent("/a", 1, addWatchModes.persistentRecursive);
    table.addChild("/a", 1);
    expect(table.has("/a", 1, watcherTypes.persistentRecursive)).toBe(true);
    expect(table.remove("/a", 1, watcherTypes.persistent)).toBe(true);
    expect(table.has("/a", 1, watcherTypes.persistentRecursive)).toBe(true);
    expect(table.remove("/a", 1, watcherTypes.any)).toBe(true);
    expect(table.count).toBe(0);
  });

  test("39: nothing of a connection stays when it goes", () => {
    const watched = new Watched();
    watched.table.addData("/a", 1);
    watched.table.addChild("/", 1);
    watched.table.addPersistent("/", 1, addWatchModes.persistentRecursive);
    watched.table.removeWatcher(1);
    expect(watched.table.count).toBe(0);
    expect(watched.after(create("/a"))).toEqual([]);
  });
});
