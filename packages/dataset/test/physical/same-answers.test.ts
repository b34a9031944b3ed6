import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterAll, expect, test } from "vitest";
import { createContext, now, sum, type Row } from "../../src/index.ts";
import { open, testSameAnswers, text, type Query } from "./same-answers.ts";

const whole = createContext({ partitionedPlans: "never" });
// Slices that are as small as here are divided, too.
const cut = createContext({ partitionedPlans: "always", partitionCount: 3, broadcastBytesMax: 0, skewedRowsMin: 0 });
const copying = createContext({ partitionedPlans: "always", partitionCount: 2 });
const threaded = createContext({ partitionedPlans: "always", threads: 2, broadcastBytesMax: 0 });
afterAll(async () => {
  for (const tutti of [whole, cut, copying, threaded]) await tutti.close();
});

testSameAnswers(() => [cut, copying], 20_000);

test("all tasks of a query have one time", async () => {
  const rows = (await open(cut)
    .people.select(
      (c) => c.id,
      () => now().as("at") as never,
    )
    .collect()) as Row[];
  expect(new Set(rows.map(text).map((one) => one.replace(/"id":"\d+n"/, ""))).size).toBe(1);
});

test("errors of tasks have the codes that they have in one query", async () => {
  const broken: Query = ({ people: p }) => p.select((c) => c.age.div(c.id.minus(5n)).as("x") as never);
  for (const tutti of [whole, cut, threaded]) {
    await expect(broken(open(tutti)).collect()).rejects.toMatchObject({
      name: "DatasetError",
      code: "division-by-zero",
    });
  }
});

test("a query in parts can be stopped, and leaves nothing behind", async () => {
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith(`tutti-fragment-${process.pid}-`));
  const endless = cut.rangeFrame(0, 3_000_000_000).crossJoin(cut.rangeFrame(0, 1000).select((c) => c.id.as("other")));
  const run = endless.agg((c) => ({ s: sum(c.id.plus(c.other)) })).collect({ timeoutMs: 300 });
  await expect(run).rejects.toMatchObject({ code: "timeout" });
  const after = (await readdir(tmpdir())).filter((name) => name.startsWith(`tutti-fragment-${process.pid}-`));
  expect(after).toEqual(before);
});
