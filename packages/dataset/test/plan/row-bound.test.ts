import { afterAll, expect, test } from "vitest";
import { count, createContext, sum } from "../../src/index.ts";
import { planOf } from "../../src/frame/frame-plan.ts";
import { rowsMaxOf } from "../../src/plan/row-bound.ts";
import { openSession } from "../rules/check-plans.ts";
import type { AnyFrame } from "../../src/frame/column-types.ts";

const tutti = createContext();
const session = openSession({ kind: "whole" });
afterAll(() => Promise.all([tutti.close(), session.close()]));

const many = tutti.rangeFrame(0, 1_000_000).select("id", (c) => c.id.mod(7).as("rest"));
const bound = async (frame: AnyFrame): Promise<number> => rowsMaxOf(await session.analyze(planOf("test", frame)));

test("rows are bounded by limits and by aggregates of everything, and else by nothing", async () => {
  const total = many.agg((c) => ({ all: sum(c.id) }));
  expect(await bound(total)).toBe(1);
  expect(
    await bound(
      many
        .orderBy("id")
        .limit(10)
        .filter((c) => c.id.gt(3)),
    ),
  ).toBe(10);
  expect(
    await bound(
      many
        .limit(10)
        .groupBy("rest")
        .agg(() => ({ n: count() })),
    ),
  ).toBe(10);
  expect(
    await bound(
      many
        .limit(10)
        .rollup("rest")
        .agg(() => ({ n: count() })),
    ),
  ).toBe(20);
  expect(await bound(many)).toBe(Infinity);
  expect(await bound(many.groupBy("rest").agg(() => ({ n: count() })))).toBe(Infinity);
  expect(await bound(many.limit(10).union(many.limit(10)))).toBe(Infinity);
  expect(await bound(many.limit(10).crossJoin(total))).toBe(Infinity);
});

test("a bounded query ends when it is aborted, as a stream does", async () => {
  const endless = tutti
    .rangeFrame(0, 4_000_000_000)
    .filter((c) => c.id.times(7).mod(13).eq(5))
    .agg((c) => ({ all: sum(c.id.mod(11)) }));
  await expect(endless.collect({ timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" });
});
