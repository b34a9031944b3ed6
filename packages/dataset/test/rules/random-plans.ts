import fc from "fast-check";
import { col, count, lit, max, struct, sum, t, type Column, type DataFrame, type Row } from "../../src/index.ts";
import { planOf } from "../../src/frame/frame-plan.ts";

export type Value = number | null;
export type ModelRow = Readonly<Record<string, Value>>;

/** A step on a frame, and what it means for an array of rows. */
export interface Step {
  readonly name: string;
  readonly onFrame: (frame: DataFrame, other: DataFrame) => DataFrame;
  readonly onRows: (rows: readonly ModelRow[], other: readonly ModelRow[]) => readonly ModelRow[];
}

const names = ["a", "b", "c"];
const plus = (x: Value, y: Value): Value => (x === null || y === null ? null : x + y);
const compare = (x: Value, y: Value): number => (x === null ? (y === null ? 0 : -1) : y === null ? 1 : x - y);
const number = (name: string): Column<number> => col<number>(name);

const filter: fc.Arbitrary<Step> = fc
  .record({ name: fc.constantFrom(...names), value: fc.integer({ min: -3, max: 3 }) })
  .map(({ name, value }): Step => ({
    name: `filter ${name} > ${value}`,
    onFrame: (frame) => frame.filter(number(name).gt(value)),
    onRows: (rows) => rows.filter((row) => row[name] !== null && (row[name] as number) > value),
  }));

const others: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ name: fc.constantFrom(...names), from: fc.constantFrom(...names), by: fc.integer({ min: -2, max: 2 }) })
    .map(({ name, from, by }): Step => ({
      name: `${name} = ${from} + ${by}`,
      onFrame: (frame) => frame.withColumn(name, number(from).plus(lit(by))) as unknown as DataFrame,
      onRows: (rows) => rows.map((row) => ({ ...row, [name]: plus(row[from] ?? null, by) })),
    })),
  fc.shuffledSubarray(names, { minLength: 3 }).map((order): Step => ({
    name: `rename ${order.join()}`,
    onFrame: (frame) =>
      frame.select(...names.map((name, index) => number(order[index] ?? name).as(name))) as unknown as DataFrame,
    onRows: (rows) =>
      rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[order[index] ?? name] ?? null]))),
  })),
  fc
    .record({ count: fc.integer({ min: 0, max: 12 }), offset: fc.integer({ min: 0, max: 3 }) })
    .map(({ count: most, offset }): Step => ({
      name: `sorted, ${most} from ${offset}`,
      onFrame: (frame) =>
        frame
          .orderBy(...names)
          .limit(most)
          .offset(offset),
      onRows: (rows) =>
        rows
          .toSorted((x, y) => names.reduce((order, name) => order || compare(x[name] ?? null, y[name] ?? null), 0))
          .slice(0, most)
          .slice(offset),
    })),
  fc.constant<Step>({
    name: "groups by a",
    onFrame: (frame) =>
      frame
        .groupBy("a")
        .agg(() => ({ b: max(number("b")), c: sum(number("c")), n: count() }))
        .select("a", "b", col("c").cast(t.int).as("c")) as unknown as DataFrame,
    onRows(rows) {
      const groups = new Map<Value, ModelRow[]>();
      for (const row of rows) groups.set(row["a"] ?? null, [...(groups.get(row["a"] ?? null) ?? []), row]);
      return Array.from(groups, ([a, group]) => {
        const present = (name: string): number[] =>
          group.map((row) => row[name] ?? null).filter((value) => value !== null);
        const [bs, cs] = [present("b"), present("c")];
        return {
          a,
          b: bs.length === 0 ? null : Math.max(...bs),
          c: cs.length === 0 ? null : cs.reduce((x, y) => x + y),
        };
      });
    },
  }),
  fc.constant<Step>({
    name: "distinct",
    onFrame: (frame) => frame.distinct(),
    onRows: (rows) => [...new Map(rows.map((row) => [JSON.stringify(names.map((name) => row[name])), row])).values()],
  }),
  fc.constant<Step>({
    name: "union",
    onFrame: (frame, other) => frame.union(other as never) as unknown as DataFrame,
    onRows: (rows, other) => [...rows, ...other],
  }),
  fc.constant<Step>({
    name: "join by a",
    onFrame: (frame, other) =>
      frame
        .join(other.select("a", number("b").as("d")) as unknown as DataFrame, "a", "left")
        .select("a", "b", number("d").as("c")) as unknown as DataFrame,
    onRows: (rows, other) =>
      rows.flatMap((row) => {
        const matches = row["a"] === null ? [] : other.filter((one) => one["a"] === row["a"]);
        const base = { a: row["a"] ?? null, b: row["b"] ?? null };
        return matches.length === 0 ? [{ ...base, c: null }] : matches.map((one) => ({ ...base, c: one["b"] ?? null }));
      }),
  }),
);

const limit: fc.Arbitrary<Step> = fc
  .record({ most: fc.integer({ min: 0, max: 12 }), offset: fc.integer({ min: 0, max: 2 }) })
  .map(({ most, offset }): Step => ({
    name: `limit ${most} from ${offset}`,
    // Sorted before, so that it says which rows; a limit of limits is sorted once.
    onFrame: (frame) => (isLimit(frame) ? frame : recomputed(frame.orderBy(...names))).limit(most).offset(offset),
    onRows: (rows) => inOrder(rows).slice(0, most).slice(offset),
  }));

const same: Step = {
  name: "the same columns",
  onFrame: (frame) => frame.select("a", "b", "c") as unknown as DataFrame,
  onRows: (rows) => rows,
};

/** A projection that changes nothing, between the sort and the limit. */
const recomputed = (frame: DataFrame): DataFrame =>
  frame.select(number("a").plus(0).as("a"), "b", "c") as unknown as DataFrame;
const isLimit = (frame: DataFrame): boolean => planOf("test", frame).kind === "limit";
const inOrder = (rows: readonly ModelRow[]): readonly ModelRow[] =>
  rows.toSorted((x, y) => names.reduce((order, name) => order || compare(x[name] ?? null, y[name] ?? null), 0));

/** Filters and limits come in rows, so that the rules that merge them have work. */
export const step: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 4, arbitrary: fc.array(filter, { minLength: 1, maxLength: 3 }) },
  { weight: 2, arbitrary: fc.array(limit, { minLength: 1, maxLength: 3 }) },
  { weight: 8, arbitrary: others.map((one) => [one]) },
  { weight: 3, arbitrary: fc.constant([same]) },
);

export const Rows = struct({ a: t.int.nullable(), b: t.int.nullable(), c: t.int.nullable() });
const value = fc.option(fc.integer({ min: -4, max: 4 }), { freq: 5 });
export const rowList = fc.array(fc.record({ a: value, b: value, c: value }), { maxLength: 12 });

export const canonical = (rows: readonly Row[]): string[] =>
  rows.map((row) => JSON.stringify(names.map((name) => row[name]))).toSorted();
