import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  avg,
  collectList,
  count,
  countDistinct,
  createContext,
  decimal,
  exists,
  explode,
  lit,
  max,
  median,
  rowNumber,
  sortArray,
  stddev,
  struct,
  sum,
  t,
  udf,
  window,
  type Context,
  type DataFrame,
  type ShapeOf,
} from "../../src/index.ts";
import { expectExchangeBetweenWorkers } from "../rdd/on-workers.ts";

const Person = struct({
  id: t.long,
  team: t.string.nullable(),
  age: t.int.nullable(),
  pay: t.decimal(12, 2),
  rate: t.double.nullable(),
  tags: t.array(t.string),
});
const Team = struct({ team: t.string.nullable(), place: t.string });

const teams = ["red", "green", "blue", "it's", null];
const people = Array.from({ length: 300 }, (_, index) => ({
  id: BigInt(index),
  team: teams[(index * 7) % 5] ?? null,
  age: index % 11 === 0 ? null : 20 + (index % 17),
  pay: decimal((index * 1.25).toFixed(2)),
  rate: index % 13 === 0 ? null : index % 6 === 0 ? NaN : index % 4 === 0 ? -0 : (index % 4) / 8,
  tags: index % 3 === 0 ? [] : [`t${index % 2}`, "x"],
}));
const places = [
  { team: "red", place: "north" },
  { team: "red", place: "south" },
  { team: "blue", place: "sea" },
  { team: "white", place: "ice" },
  { team: null, place: "nowhere" },
];

export interface Frames {
  readonly tutti: Context;
  readonly people: DataFrame<ShapeOf<typeof Person>>;
  readonly teams: DataFrame<ShapeOf<typeof Team>>;
  /** The people in CSV files below directories that are named by team. */
  readonly files: DataFrame;
}

let directory: string;
/** Whoever opens frames calls this before. */
export async function writeFiles(): Promise<void> {
  directory = await mkdtemp(path.join(tmpdir(), "tutti-same-"));
  for (const [index, team] of ["01", "2", "three"].entries()) {
    const folder = path.join(directory, "files", `team=${team}`);
    await mkdir(folder, { recursive: true });
    for (const part of [0, 1]) {
      const lines = Array.from({ length: 20 }, (_, line) => `${line * 2 + part},${index * 10 + line}.5`);
      await writeFile(path.join(folder, `part-${part}.csv`), `n,v\n${lines.join("\n")}\n`);
    }
  }
}
export const removeFiles = (): Promise<void> => rm(directory, { recursive: true });

export function open(tutti: Context): Frames {
  const files = struct({ n: t.long, v: t.double, team: t.string });
  return {
    tutti,
    people: tutti.createDataFrame(people, Person),
    teams: tutti.createDataFrame(places, Team),
    files: tutti.read.schema(files).csv(path.join(directory, "files")) as unknown as DataFrame,
  };
}

export type Query = (frames: Frames) => { collect(): Promise<unknown[]> };

const shout = udf([t.string], t.string, (text) => `${text.toUpperCase()}!`);

/** Queries whose rows have one order, or none that is said. */
const queries: readonly (readonly [name: string, query: Query])[] = [
  [
    "filters and projections",
    ({ people: p }) => p.filter((c) => c.age.gt(25)).select("id", (c) => c.age.plus(1).as("next")),
  ],
  ...(["inner", "left", "right", "full", "semi", "anti"] as const).map(
    (how) =>
      [
        `${how} join by name`,
        ({ people: p, teams: o }: Frames) => p.select("id", "team").join(o, "team", how),
      ] as const,
  ),
  ...(["inner", "left", "right", "full", "semi", "anti"] as const).map(
    (how) =>
      [
        `${how} join by a condition that is no equality`,
        ({ people: p, teams: o }: Frames) =>
          p
            .select("id", (c) => c.team.as("own"))
            .join(o.withColumnRenamed("team", "theirs"), (a, b) => a.own.lt(b.place), how),
      ] as const,
  ),
  [
    "null-safe join",
    ({ people: p, teams: o }) => p.select("id", (c) => c.team.as("own")).join(o, (a, b) => a.own.eqNullSafe(b.team)),
  ],
  ["cross join", ({ people: p, teams: o }) => p.select("id").crossJoin(o)],
  [
    "aggregates that split",
    ({ people: p }) =>
      p.groupBy("team").agg((c) => ({ n: count(), s: sum(c.pay), m: avg(c.pay), a: avg(c.age), x: max(c.rate) })),
  ],
  [
    "aggregates of no row",
    ({ people: p }) => p.filter((c) => c.age.lt(0)).agg((c) => ({ n: count(), s: sum(c.age), m: avg(c.pay) })),
  ],
  [
    "groups of no row",
    ({ people: p }) =>
      p
        .filter((c) => c.age.lt(0))
        .groupBy("team")
        .agg((c) => ({ s: sum(c.age) })),
  ],
  [
    "aggregates that need all rows of a group",
    ({ people: p }) => p.groupBy("team").agg((c) => ({ d: countDistinct(c.age), m: median(c.age), s: stddev(c.age) })),
  ],
  [
    "lists, whose order nobody says",
    ({ people: p }) =>
      p
        .orderBy("id")
        .groupBy("age")
        .agg((c) => ({ ids: sortArray(collectList(c.id)) })),
  ],
  ["groups by NaN and zeros", ({ people: p }) => p.groupBy("rate").agg(() => ({ n: count() }))],
  [
    "expressions around aggregates",
    ({ people: p }) => p.groupBy("team").agg((c) => ({ r: sum(c.age).plus(count()), l: lit(1) })),
  ],
  ["rollup", ({ people: p }) => p.rollup("team", "age").agg((c) => ({ n: count(), s: sum(c.pay) }))],
  ["cube with medians", ({ people: p }) => p.cube("team", "age").agg((c) => ({ m: median(c.id) }))],
  [
    "pivot",
    ({ people: p }) =>
      p
        .groupBy("age")
        .pivot("team", ["red", "blue"])
        .agg((c) => ({ n: count(), s: sum(c.pay) })),
  ],
  ["distinct", ({ people: p }) => p.select("team", "age", "tags").distinct()],
  ["one row of each", ({ people: p }) => p.orderBy("id").dropDuplicates("team").select("team")],
  ["union and distinct", ({ people: p }) => p.select("team").union(p.select("team")).distinct()],
  ["intersect all", ({ people: p, teams: o }) => p.select("team").intersectAll(o.select("team"))],
  ["except", ({ people: p, teams: o }) => p.select("team").except(o.select("team"))],
  [
    "windows by a key",
    ({ people: p }) =>
      p.select("id", (c) => rowNumber().over(window().partitionBy(c.team).orderBy(c.id.desc())).as("place")),
  ],
  [
    "windows by two keys",
    ({ people: p }) =>
      p.select(
        "id",
        (c) => sum(c.age).over(window().partitionBy(c.team)).as("a"),
        (c) => count().over(window().partitionBy(c.team, c.age)).as("b"),
      ),
  ],
  [
    "a window over all",
    ({ people: p }) => p.select("id", (c) => sum(c.age).over(window().orderBy(c.id)).as("running")),
  ],
  ["exploded lists", ({ people: p }) => p.select("id", (c) => explode(c.tags).as("tag"))],
  ["samples", ({ people: p }) => p.orderBy("id").sample(0.3, 7).select("id")],
  [
    "functions in JavaScript",
    ({ people: p }) =>
      p
        .select("id", (c) => shout(c.team).as("loud"))
        .groupBy("loud")
        .count(),
  ],
  [
    "the engine's own text in the middle",
    ({ people: p, tutti, teams: o }) =>
      tutti.sql`select team, count(*) as n from ${p} group by 1`.join(o as never, "team" as never) as never,
  ],
  [
    "exists",
    ({ people: p, teams: o }) =>
      p.select("id", "team").filter((c) => exists(o.filter((x) => x.team.eq(c.team.outer())))),
  ],
  [
    "values of subqueries",
    ({ people: p }) =>
      p.select("id", "age").filter((c) => c.age.gt(p.agg((x) => ({ m: avg(x.age) })).asScalar() as never)),
  ],
  ["in a frame", ({ people: p, teams: o }) => p.select("id", "team").filter((c) => c.team.isIn(o.select("team")))],
  [
    "partitioned files",
    ({ files }) => files.groupBy("n").agg((c) => ({ rows: count(), last: max(c["team"] as never) })),
  ],
  ["a range", ({ tutti }) => tutti.rangeFrame(-7, 1000, 3).agg((c) => ({ n: count(), s: sum(c.id) }))],
  ["an empty range", ({ tutti }) => tutti.rangeFrame(5, 5)],
];

const ordered: readonly (readonly [name: string, query: Query])[] = [
  ["order by several keys", ({ people: p }) => p.orderBy((c) => [c.team.desc(), c.rate.asc(), c.id.asc()])],
  [
    "order, then steps",
    ({ people: p }) =>
      p
        .orderBy((c) => [c.id.desc()])
        .filter((c) => c.age.gt(22))
        .select("id", "age"),
  ],
  ["the first of an order", ({ people: p }) => p.orderBy((c) => [c.age.desc(), c.id.asc()]).limit(7)],
  ["the next of an order", ({ people: p }) => p.orderBy("id").limit(20).offset(15)],
  [
    "the first of an order of groups",
    ({ people: p }) =>
      p
        .groupBy("age")
        .count()
        .orderBy((c) => [c.count.desc(), c.age.asc()])
        .limit(3),
  ],
];

export const text = (row: unknown): string =>
  JSON.stringify(row, (_, value: unknown) =>
    typeof value === "bigint"
      ? `${value}n`
      : Object.is(value, NaN)
        ? "NaN"
        : typeof value === "number"
          ? Number(value.toPrecision(12))
          : value,
  );

/** Runs all queries in each of these contexts, and whole. */
export function testSameAnswers(contexts: () => readonly Context[], timeoutMs: number): void {
  const whole = createContext({ partitionedPlans: "never" });
  beforeAll(writeFiles);
  afterAll(async () => {
    await whole.close();
    await removeFiles();
  });
  expectExchangeBetweenWorkers(contexts);

  test.each(queries)("in parts as whole: %s", { timeout: timeoutMs }, async (_, query) => {
    const expected = (await query(open(whole)).collect()).map(text).toSorted();
    for (const tutti of contexts()) {
      expect((await query(open(tutti)).collect()).map(text).toSorted()).toEqual(expected);
    }
  });

  test.each(ordered)("in parts as whole and in order: %s", { timeout: timeoutMs }, async (_, query) => {
    const expected = (await query(open(whole)).collect()).map(text);
    for (const tutti of contexts()) expect((await query(open(tutti)).collect()).map(text)).toEqual(expected);
  });
}
