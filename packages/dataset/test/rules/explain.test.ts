import { afterAll, expect, test } from "vitest";
import { avg, createContext, struct, sum, t } from "../../src/index.ts";

const tutti = createContext();
afterAll(() => tutti.close());

const rows = tutti.createDataFrame(
  [{ a: 1, b: "x", c: 5n, d: 2.5 }],
  struct({ a: t.int, b: t.string, c: t.long, d: t.double }),
);

test("explain shows each step as it was analysed, and what the rules made of it", async () => {
  const frame = rows
    .withColumn("e", (c) => c.a.plus(c.c))
    .filter((c) => c.b.eq("x"))
    .filter((c) => c.c.gt(2))
    .groupBy("b")
    .agg((c) => ({ total: sum(c.e), mean: avg(c.a) }))
    .orderBy((c) => c.total.desc())
    .limit(10)
    .limit(3);
  expect(await frame.explain()).toBe(`== Analyzed ==
Limit 3
  Limit 10
    Sort total desc nulls last
      Aggregate by b: sum(e) as total, avg(a) as mean
        Filter (c > 2)
          Filter (b = "x")
            Project a, b, c, d, (cast(a as long) + c) as e
              Rows (a, b, c, d)

== Optimized ==
Limit 3
  Sort total desc nulls last
    Aggregate by b: sum(e) as total, avg(a) as mean
      Project a, b, c, d, (cast(a as long) + c) as e
        Filter ((b = "x") and (c > 2))
          Rows (a, b, c, d)`);
});

test("columns that nobody asks for are not read", async () => {
  const text = await rows
    .filter((c) => c.c.gt(1))
    .select("b")
    .explain({ sql: true });
  expect(text).toContain("Rows (b, c)");
  expect(text).toMatch(/== SQL ==\nSELECT [\s\S]*tutti_local\('tutti_\w+', '1,2'\)/);
});

test("explain can run the query, and tells what the engine did", async () => {
  expect(await rows.filter((c) => c.a.gt(0)).explain({ analyze: true })).toMatch(/== Engine ==[\s\S]*TUTTI_LOCAL/i);
});
