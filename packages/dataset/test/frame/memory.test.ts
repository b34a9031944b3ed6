import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { rowsInMemory } from "../../src/frame/rows-in-memory.ts";
import { openSession } from "../rules/check-plans.ts";
import { collectList, countDistinct, createContext, rowNumber, window } from "../../src/index.ts";

test(
  "a query larger than the engine's memory spills, and one that cannot is refused with a code",
  { timeout: 20_000 },
  async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "tutti-"));
    const tutti = createContext({ engineMemoryBytesMax: 48 * 1024 * 1024, spillDirectory: directory });
    const many = tutti.rangeFrame(0, 2_000_000);
    const sorted = many.select("id", (c) => c.id.times(7919).mod(2_000_000).as("key")).orderBy("key");
    expect(await sorted.agg((c) => ({ n: countDistinct(c.key) })).first()).toEqual({ n: 2_000_000n });
    await expect(
      tutti
        .rangeFrame(0, 20_000_000)
        .agg((c) => ({ all: collectList(c.id) }))
        .collect(),
    ).rejects.toThrow(/\[out-of-memory\]/);
    expect(await many.limit(3).count()).toBe(3);
    expect(() => createContext({ engineMemoryBytesMax: 5 })).toThrow(/\[invalid-argument\].*5/);
    expect(() => many.filter((c) => rowNumber().over(window().orderBy(c.id.asc())).eq(1))).toThrow(
      /\[invalid-plan\].*as a column first/,
    );
    await tutti.close();
    await rm(directory, { recursive: true });
  },
);

test("rows in memory live as long as a plan that reads them, also a rewritten one, and no longer", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const session = openSession({ kind: "whole" });
  const resolve = (): ReturnType<typeof session.resolve> =>
    session.resolve(session.local(rowsInMemory([{ a: 1 }, { a: 2 }], undefined)));
  const resolved = await resolve();
  // What the turn before has seen is kept until it is over.
  await new Promise(setImmediate);
  collect();
  const [held] = session.rowsOf(resolved).values();
  expect(held?.columns).toEqual([[1, 2]]);
  const gone = await (async () => new WeakRef([...session.rowsOf(await resolve()).values()][0] ?? {}))();
  await expect
    .poll(() => {
      collect();
      return gone.deref() === undefined;
    })
    .toBe(true);
  await session.close();
});
