import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import pl from "nodejs-polars";
import {
  avg,
  corr,
  count,
  createContext,
  max,
  median,
  min,
  rowNumber,
  stddev,
  sum,
  window,
  type DataFrame,
  type Row,
  type ShapeOf,
} from "../src/index.ts";
import { Rows, writeRows } from "./h2o-rows.ts";

/** `H2O_ROWS`: fewer, to try it. */
const rowCount = Number(process.env["H2O_ROWS"] ?? 10_000_000);
type Frame = DataFrame<ShapeOf<typeof Rows>>;
type Lazy = ReturnType<typeof pl.scanParquet>;

interface Question {
  readonly name: string;
  readonly ours: (x: Frame) => DataFrame;
  readonly polars: (x: Lazy) => Lazy;
  /** Columns of the answer that are added up, to compare them. */
  readonly sums: readonly string[];
}

const loose = (frame: unknown): DataFrame => frame as DataFrame;
const { col } = pl;

/** The ten of https://github.com/h2oai/db-benchmark, group by. */
const questions: readonly Question[] = [
  {
    name: "sum v1 by id1",
    ours: (x) => loose(x.groupBy("id1").agg((c) => ({ v1: sum(c.v1) }))),
    polars: (x) => x.groupBy(["id1"]).agg(col("v1").sum()),
    sums: ["v1"],
  },
  {
    name: "sum v1 by id1, id2",
    ours: (x) => loose(x.groupBy("id1", "id2").agg((c) => ({ v1: sum(c.v1) }))),
    polars: (x) => x.groupBy(["id1", "id2"]).agg(col("v1").sum()),
    sums: ["v1"],
  },
  {
    name: "sum v1, mean v3 by id3",
    ours: (x) => loose(x.groupBy("id3").agg((c) => ({ v1: sum(c.v1), v3: avg(c.v3) }))),
    polars: (x) => x.groupBy(["id3"]).agg(col("v1").sum(), col("v3").mean()),
    sums: ["v1", "v3"],
  },
  {
    name: "means of v1, v2, v3 by id4",
    ours: (x) => loose(x.groupBy("id4").agg((c) => ({ v1: avg(c.v1), v2: avg(c.v2), v3: avg(c.v3) }))),
    polars: (x) => x.groupBy(["id4"]).agg(col("v1").mean(), col("v2").mean(), col("v3").mean()),
    sums: ["v1", "v2", "v3"],
  },
  {
    name: "sums of v1, v2, v3 by id6",
    ours: (x) => loose(x.groupBy("id6").agg((c) => ({ v1: sum(c.v1), v2: sum(c.v2), v3: sum(c.v3) }))),
    polars: (x) => x.groupBy(["id6"]).agg(col("v1").sum(), col("v2").sum(), col("v3").sum()),
    sums: ["v1", "v2", "v3"],
  },
  {
    name: "median and deviation of v3 by id4, id5",
    ours: (x) => loose(x.groupBy("id4", "id5").agg((c) => ({ m: median(c.v3), s: stddev(c.v3) }))),
    polars: (x) => x.groupBy(["id4", "id5"]).agg(col("v3").median().alias("m"), col("v3").std().alias("s")),
    sums: ["m", "s"],
  },
  {
    name: "max v1 - min v2 by id3",
    ours: (x) => loose(x.groupBy("id3").agg((c) => ({ r: max(c.v1).minus(min(c.v2)) }))),
    polars: (x) => x.groupBy(["id3"]).agg(col("v1").max().minus(col("v2").min()).alias("r")),
    sums: ["r"],
  },
  {
    name: "the two largest v3 by id6",
    ours: (x) =>
      loose(
        x
          .select("id6", "v3", (c) => rowNumber().over(window().partitionBy(c.id6).orderBy(c.v3.desc())).as("place"))
          .filter((c) => c.place.le(2)),
      ),
    polars: (x) => x.select("id6", "v3").sort("v3", true).groupBy(["id6"]).agg(col("v3").head(2)).explode("v3"),
    sums: ["v3"],
  },
  {
    name: "square of the correlation of v1 and v2 by id2, id4",
    ours: (x) =>
      loose(
        x
          .groupBy("id2", "id4")
          .agg((c) => ({ r: corr(c.v1, c.v2) }))
          .withColumn("r2", (c) => c.r.times(c.r)),
      ),
    polars: (x) =>
      x
        .groupBy(["id2", "id4"])
        .agg(pl.pearsonCorr("v1", "v2").alias("r"))
        .withColumn(col("r").mul(col("r")).alias("r2")),
    sums: ["r2"],
  },
  {
    name: "sum v3, count by all six",
    ours: (x) => loose(x.groupBy("id1", "id2", "id3", "id4", "id5", "id6").agg((c) => ({ v3: sum(c.v3), n: count() }))),
    polars: (x) =>
      x.groupBy(["id1", "id2", "id3", "id4", "id5", "id6"]).agg(col("v3").sum(), col("v1").count().alias("n")),
    sums: ["v3", "n"],
  },
];

/** `npm run bench -- h2o`: ten questions on ten million rows of a Parquet file, beside Polars' lazy frames on the same file. */
export const benchmark: Benchmark = {
  name: "h2o",
  async open() {
    const directory = await mkdtemp(path.join(tmpdir(), "tutti-h2o-"));
    const file = path.join(directory, "rows.parquet");
    await writeRows(file, rowCount);
    const tutti = createContext();
    const frame = tutti.read.schema(Rows).parquet(file);
    const cases = questions.map(({ name, ours, polars, sums }): BenchmarkCase => ({
      name,
      unit: "rows",
      unitCount: rowCount,
      reference: "Polars",
      targetRatioMax: 1.05,
      runOurs: async () => {
        const [total] = await ours(frame)
          .agg((c) => ({ rows: count(), ...Object.fromEntries(sums.map((one) => [one, sum(c[one] as never)])) }))
          .collect();
        return shown(total, sums);
      },
      runReference: async () => {
        const answer = polars(pl.scanParquet(file));
        const total = await answer.select(pl.len().alias("rows"), ...sums.map((one) => col(one).sum())).collect();
        return shown(total.toRecords()[0], sums);
      },
    }));
    return {
      cases,
      async close() {
        await tutti.close();
        await rm(directory, { recursive: true });
      },
    };
  },
};

/** Sums of doubles depend on their order: nine digits are compared. */
function shown(total: Row | undefined, sums: readonly string[]): string[] {
  return ["rows", ...sums].map((name) => Number(total?.[name] as number).toPrecision(9));
}
