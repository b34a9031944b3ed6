import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  avg,
  col,
  count,
  createContext,
  exists,
  struct,
  sum,
  t,
  type Context,
  type DataFrame,
  type ShapeOf,
} from "../../src/index.ts";

const Flights = struct({ origin: t.string, destination: t.string, delay: t.long.nullable(), distance: t.long });

let tutti: Context;
let directory: string;
let flights: DataFrame<ShapeOf<typeof Flights>>;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "tutti-"));
  tutti = createContext();
  const rows = [
    { origin: "a", destination: "b", delay: 5n, distance: 600n },
    { origin: "a", destination: "c", delay: null, distance: 700n },
    { origin: "b", destination: "c", delay: 50n, distance: 900n },
    { origin: "b", destination: "a", delay: 70n, distance: 100n },
  ];
  await tutti.createDataFrame(rows, Flights).write.parquet(path.join(directory, "flights"));
  flights = tutti.read.schema(Flights).parquet(path.join(directory, "flights"));
});
afterAll(async () => {
  await tutti.close();
  await rm(directory, { recursive: true });
});

test("a chain over a file is one query, and its rows have the types that the analyzer says", async () => {
  const worst = flights
    .filter((c) => c.delay.isNotNull().and(c.distance.gt(500)))
    .groupBy("origin")
    .agg((c) => ({ n: count(), late: avg(c.delay) }))
    .orderBy((c) => [c.late.desc()])
    .limit(10);
  expect(await worst.collect()).toEqual([
    { origin: "b", n: 1n, late: 50 },
    { origin: "a", n: 1n, late: 5 },
  ]);
  const late: (number | null)[] = [];
  for await (const row of worst) late.push(row.late);
  expect(late).toEqual([50, 5]);
  expect(await flights.count()).toBe(4);
});

test("show draws a table, numbers to the right", async () => {
  let printed = "";
  await flights.select("origin", "delay").show({ rows: 2, print: (text) => (printed = text) });
  expect(printed).toBe(`+--------+-------+
| origin | delay |
+--------+-------+
| a      |     5 |
| a      |  NULL |
+--------+-------+
only the first 2 rows`);
});

test("in a SQL text frames are relations and values are values", async () => {
  const text = "15'; drop table x; --";
  const rows =
    await tutti.sql`select count(*) as n, ${text} as t from ${flights} where delay > ${15} -- a comment`.collect();
  expect(rows).toEqual([{ n: 2n, t: text }]);
});

test("CSV and JSON lines are read as what they are", async () => {
  await writeFile(path.join(directory, "a.csv"), "name,size\nx,1\ny,\n");
  await writeFile(path.join(directory, "a.jsonl"), '{"name":"x","size":1}\n{"name":"y","size":null}\n');
  const expected = [
    { name: "x", size: 1n },
    { name: "y", size: null },
  ];
  expect(await tutti.read.csv(path.join(directory, "a.csv")).collect()).toEqual(expected);
  expect(await tutti.read.json(path.join(directory, "a.jsonl")).collect()).toEqual(expected);
});

test("a misspelt column is refused before anything runs, with the name that was meant and the line that is wrong", async () => {
  const unknown = tutti.read.parquet(path.join(directory, "flights"));
  const wrong = unknown.filter(col("dely").gt(3)).limit(1);
  await expect(wrong.schema()).rejects.toThrow(
    /\[unknown-column\] "dely".*did you mean "delay"\?.*first-path\.test\.ts:\d+/,
  );
  expect(() => flights.select(col("dely"))).toThrow(/did you mean "delay"\?.*first-path\.test\.ts/);
});

test("a subquery may name columns of the query around it", async () => {
  const far = flights.filter((c) =>
    exists(flights.filter((o) => o.origin.eq(c.origin.outer()).and(o.distance.gt(800)))),
  );
  expect((await far.agg((c) => ({ total: sum(c.distance) })).collect())[0]).toEqual({ total: 1000n });
});
