import { checkFraction, checkSeed } from "../check-argument.ts";
import { DatasetError } from "../dataset-error.ts";
import { shorten } from "../shorten.ts";
import { createColumn, toExpression } from "./column-handle.ts";
import type { Column } from "./column.ts";
import type { QueryOptions } from "./data-frame.ts";

/** What statistics need of a frame. */
interface FrameToMeasure {
  agg(make: unknown): { first(options?: QueryOptions): Promise<Record<string, unknown> | undefined> };
  groupBy(...keys: readonly unknown[]): {
    pivot(name: string, values: readonly unknown[]): { agg(make: unknown): unknown };
    agg(make: unknown): RunnableFrame;
  };
  select(...items: readonly unknown[]): { distinct(): { orderBy(...keys: readonly unknown[]): RunnableFrame } };
  withColumn(
    name: string,
    column: unknown,
  ): { filter(condition: unknown): { drop(...names: readonly string[]): unknown } };
}

interface RunnableFrame {
  collect(options?: QueryOptions): Promise<Record<string, unknown>[]>;
}

const call = (name: string, ...args: readonly unknown[]): Column<never> =>
  createColumn({ kind: "call", name, args: args.map(toExpression) });

const named = (name: string): Column<never> => createColumn({ kind: "column", path: [name] });

/** Crosstabs have a column for each value; more would be no table. */
const crosstabColumnsMax = 10_000;

/** `frame.stat`, behind its types. */
export function createFrameStatistics(frame: unknown): unknown {
  const measured = frame as FrameToMeasure;
  const one = async (column: Column<never>, options: QueryOptions | undefined): Promise<unknown> =>
    (await measured.agg(() => ({ value: column })).first(options))?.["value"] ?? null;
  return {
    corr: (a: string, b: string, options?: QueryOptions) => one(call("corr", asDouble(a), asDouble(b)), options),
    cov: (a: string, b: string, options?: QueryOptions) => one(call("covar_samp", asDouble(a), asDouble(b)), options),
    async approxQuantile(name: string, shares: readonly number[], options?: QueryOptions): Promise<number[]> {
      for (const share of shares) checkFraction("approxQuantile", share, 1);
      const columns = shares.map((share, index) => [
        `q${index}`,
        call("percentile_approx", asDouble(name), asShare(share)),
      ]);
      const row = await measured.agg(() => Object.fromEntries(columns)).first(options);
      return shares
        .map((_, index) => row?.[`q${index}`])
        .filter((value): value is number => value !== null && value !== undefined);
    },
    async crosstab(a: string, b: string, options?: QueryOptions): Promise<unknown> {
      const rows = await measured.select(b).distinct().orderBy(b).collect(options);
      const values = rows.map((row) => row[b]).filter((value) => value !== null);
      if (values.length > crosstabColumnsMax) {
        throw new DatasetError(
          "too-many-rows",
          `crosstab would have ${values.length} columns; ${crosstabColumnsMax} is the most`,
        );
      }
      const key = call("coalesce", named(a).cast({ dataType: { kind: "string" } } as never), "null").as(`${a}_${b}`);
      const counted = call("coalesce", call("count"), 0n);
      return measured
        .groupBy(key)
        .pivot(b, values)
        .agg(() => ({ count: counted }));
    },
    async freqItems(
      names: readonly string[],
      support: number = 0.01,
      options?: QueryOptions,
    ): Promise<Record<string, unknown[]>> {
      checkFraction("freqItems", support, 1);
      const total = Number(await one(call("count"), options));
      const frequent: Record<string, unknown[]> = {};
      for (const name of names) {
        const rows = await measured
          .groupBy(name)
          .agg(() => ({ count_of_rows: call("count") }))
          .collect(options);
        frequent[name] = rows.filter((row) => Number(row["count_of_rows"]) > support * total).map((row) => row[name]);
      }
      return frequent;
    },
    sampleBy(name: string, fractions: ReadonlyMap<unknown, number>, seed: number = 42): unknown {
      checkSeed("sampleBy", seed);
      if (!(fractions instanceof Map) || fractions.size === 0) {
        throw new DatasetError(
          "invalid-argument",
          `sampleBy needs a Map of shares by value; it was given ${shorten(fractions)}`,
        );
      }
      for (const fraction of fractions.values()) checkFraction("sampleBy", fraction, 1);
      const branches = Array.from(fractions, ([value, fraction]) => ({
        when: toExpression(call("equal_null", named(name), value)),
        value: toExpression(asShare(fraction)),
      }));
      const share = createColumn<never>({ kind: "case", branches, otherwise: toExpression(asShare(0)) });
      const chance = "tutti_chance";
      return measured
        .withColumn(chance, call("rand", seed))
        .filter(call("lt", named(chance), share))
        .drop(chance);
    },
  };
}

function asDouble(name: string): Column<never> {
  return createColumn({
    kind: "cast",
    input: { kind: "column", path: [name] },
    type: { kind: "double" },
    isTry: false,
  });
}

function asShare(share: number): Column<never> {
  return createColumn({ kind: "literal", value: share, type: { kind: "double" } });
}
