import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeApacheSnapshot, encodeApacheSnapshot } from "../../src/core/apache/snapshot-file.ts";
import type { CoordMachine } from "../../src/core/coord-machine.ts";
import type { WriteOp } from "../../src/core/write-request.ts";
import { drawBackup } from "../../src/server/admin/draw-backup.ts";
import { create, drawnBetween, multi, open, remove, setData, World } from "../core/world.ts";

const path = fc.constantFrom("/a", "/b", "/a/a", "/a/b", "/b/a", "/a/a/a");
const acl = fc.constantFrom(
  open,
  [{ perms: 1, scheme: "world", id: "anyone" }],
  [{ perms: 31, scheme: "ip", id: "127.0.0.1" }],
);
const op: fc.Arbitrary<WriteOp> = fc.oneof(
  fc.tuple(path, fc.constantFrom(0, 1, 2), acl).map(([at, flags, list]) => create(at, { flags, acl: list })),
  path.map((at) => setData(at, at)),
  fc.tuple(path, acl).map(([at, list]): WriteOp => ({ type: "setAcl", path: at, acl: list, version: -1 })),
  path.map((at) => remove(at)),
  fc.tuple(path, path).map(([left, right]) => multi(create(left), setData(right, "m"), remove(left))),
);

/** Everything that a backup brings back. */
function contentOf(bytes: Uint8Array): unknown {
  const { tree, sessions } = decodeApacheSnapshot(bytes, 0n);
  const nodes = [...tree.entries()].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return [[...sessions.all.keys()], nodes.map(([at, node]) => [at, node.state()])];
}

function wholeOf(machine: CoordMachine): Uint8Array {
  return Buffer.concat([...encodeApacheSnapshot(machine)]);
}

test("a backup that is drawn while the tree changes shows the moment in which it began", () => {
  fc.assert(
    fc.property(
      fc.array(op, { maxLength: 30 }),
      fc.array(fc.array(op, { maxLength: 4 }), { minLength: 1, maxLength: 12 }),
      (before, between) => {
        const world = new World();
        for (const one of before) world.do(one);
        const expected = contentOf(wholeOf(world.machine));
        const drawn = drawnBetween(world, encodeApacheSnapshot(world.machine, 1), between);
        expect(contentOf(Buffer.concat(drawn))).toEqual(expected);
      },
    ),
    { numRuns: 300 },
  );
});

/** Large enough for several pieces. */
function largeWorld(): World {
  const world = new World();
  for (let index = 0; index < 3000; index += 1) world.do(create(`/n${index}`, { data: new Uint8Array(200) }));
  return world;
}

const never = new AbortController().signal;

test("a backup begins anew when a snapshot of the log begins, and shows what was written before that", async () => {
  const world = largeWorld();
  const drawing = drawBackup(world.machine, never);
  world.do(create("/later"));
  const whole = [...world.machine.snapshot()];
  const backup = await drawing;
  expect(backup?.lastZxid).toBe(world.machine.lastZxid);
  expect(contentOf(Buffer.concat(backup?.chunks ?? []))).toEqual(contentOf(wholeOf(world.machine)));
  expect(whole.length).toBeGreaterThan(0);
});

test("a backup waits while a snapshot of the log is drawn, whose view it would end", async () => {
  const world = largeWorld();
  const snapshot = world.machine.snapshot(1000)[Symbol.iterator]();
  const first = snapshot.next();
  const drawing = drawBackup(world.machine, never);
  world.do(create("/later"));
  const rest = [...{ [Symbol.iterator]: () => snapshot }];
  expect([first.done, rest.length > 10]).toEqual([false, true]);
  expect((await drawing)?.lastZxid).toBe(world.machine.lastZxid);
});

test("a backup that nobody waits for any more ends, and keeps nothing of the tree", async () => {
  const world = largeWorld();
  const gone = new AbortController();
  const drawing = drawBackup(world.machine, gone.signal);
  expect(world.machine.tree.isViewed).toBe(true);
  gone.abort();
  expect(await drawing).toBeUndefined();
  expect(world.machine.tree.isViewed).toBe(false);
});
