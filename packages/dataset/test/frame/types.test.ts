import { expectTypeOf, test } from "vitest";
import {
  avg,
  col,
  count,
  decimal,
  interval,
  length,
  lit,
  rowNumber,
  struct,
  sum,
  t,
  upper,
  when,
  window,
  type Context,
  type DataFrame,
  type Decimal,
  type Int,
  type Row,
  type ShapeOf,
  type Timestamp,
} from "../../src/index.ts";

const Flights = struct({
  origin: t.string,
  delay: t.long.nullable(),
  distance: t.long,
  stops: t.int,
  fare: t.decimal(10, 2),
  ratio: t.double,
  day: t.date,
});
const Airports = struct({ origin: t.string, country: t.string.nullable(), height: t.int });

type RowIn<F> = F extends AsyncIterable<infer R> ? R : never;

/** Never runs: the compiler checks it, and fails where a line that must not compile does. */
function programs(
  tutti: Context,
  flights: DataFrame<ShapeOf<typeof Flights>>,
  airports: DataFrame<ShapeOf<typeof Airports>>,
): unknown[] {
  const worst = flights
    .filter((c) => c.delay.isNotNull().and(c.distance.gt(500)))
    .groupBy("origin")
    .agg((c) => ({ n: count(), late: avg(c.delay), fares: sum(c.fare), stops: sum(c.stops), ratios: sum(c.ratio) }))
    .orderBy((c) => [c.late.desc()]);
  expectTypeOf<RowIn<typeof worst>>().toEqualTypeOf<{
    origin: string;
    n: bigint;
    late: number | null;
    fares: Decimal | null;
    stops: bigint | null;
    ratios: number | null;
  }>();
  const selected = flights.select(
    "origin",
    (c) => c.stops.plus(1).as("one"),
    (c) => c.stops.plus(c.distance).as("sum"),
    (c) => c.delay.div(2).as("half"),
  );
  expectTypeOf<RowIn<typeof selected>>().toEqualTypeOf<{
    origin: string;
    one: number;
    sum: bigint;
    half: number | null;
  }>();
  const decimals = flights.select(
    (c) => c.fare.times(decimal("0.5")).as("a"),
    (c) => c.fare.times(0.5).as("b"),
    (c) => c.fare.div(2).as("c"),
  );
  expectTypeOf<RowIn<typeof decimals>>().toEqualTypeOf<{ a: Decimal; b: number; c: Decimal }>();
  const left = flights.join(airports, "origin", "left").select("origin", "country", "height", "delay");
  expectTypeOf<RowIn<typeof left>>().toEqualTypeOf<{
    origin: string;
    country: string | null;
    height: number | null;
    delay: bigint | null;
  }>();
  expectTypeOf<RowIn<ReturnType<typeof semi>>>().toEqualTypeOf<{
    origin: string;
    country: string | null;
    height: number;
  }>();
  const semi = () => airports.join(flights, "origin", "semi");
  const made = flights
    .withColumn("kind", (c) => when(c.distance.gt(1000), "far").otherwise("near"))
    .drop("fare", "ratio", "day", "stops");
  expectTypeOf<RowIn<typeof made>>().toEqualTypeOf<{
    origin: string;
    delay: bigint | null;
    distance: bigint;
    kind: string;
  }>();
  const ranked = flights.select((c) =>
    rowNumber().over(window().partitionBy(c.origin).orderBy(c.delay.desc())).as("n"),
  );
  expectTypeOf<RowIn<typeof ranked>>().toEqualTypeOf<{ n: number }>();
  const texts = airports.select(
    (c) => upper(c.country).as("u"),
    (c) => length(c.origin).as("l"),
  );
  expectTypeOf<RowIn<typeof texts>>().toEqualTypeOf<{ u: string | null; l: number }>();
  const unknown = tutti.read.parquet("f");
  expectTypeOf(unknown).toEqualTypeOf<DataFrame<Row>>();
  expectTypeOf(unknown.filter(col<number>("delay").gt(15))).toEqualTypeOf<DataFrame<Row>>();
  const rows = tutti.createDataFrame([{ a: 1, b: "x", c: null as bigint | null, d: new Date() }]);
  expectTypeOf<RowIn<typeof rows>>().toEqualTypeOf<{ a: number; b: string; c: bigint | null; d: Timestamp }>();
  const united = airports.union(airports.filter((c) => c.height.gt(0)));
  expectTypeOf<RowIn<typeof united>>().toEqualTypeOf<RowIn<typeof airports>>();
  const pivoted = flights
    .groupBy("origin")
    .pivot("stops", [0, 1])
    .agg((c) => ({ n: count(), late: avg(c.delay) }));
  expectTypeOf<keyof RowIn<typeof pivoted>>().toEqualTypeOf<"origin" | "0_n" | "1_n" | "0_late" | "1_late">();
  return [
    // @ts-expect-error a misspelt column in a callback
    flights.filter((c) => c.dely.gt(15)),
    // @ts-expect-error a misspelt name
    flights.select("orign"),
    // @ts-expect-error a span of time is no number
    flights.select((c) => c.stops.plus(interval({ days: 1 }))),
    flights.select((c) => c.day.plus(interval({ days: 1 })).as("day")).filter((c) => c.day.gt(new Date())),
    // @ts-expect-error a text is no number
    flights.filter((c) => c.distance.gt("far")),
    // @ts-expect-error a number is no text
    flights.filter((c) => c.origin.eq(5)),
    // @ts-expect-error a condition is boolean
    flights.filter((c) => c.distance),
    // @ts-expect-error the right side has no such key
    flights.join(airports, "distance"),
    // @ts-expect-error a union of other columns
    flights.union(airports),
    // @ts-expect-error a sum of texts
    flights.agg((c) => ({ s: sum(c.origin) })),
    // @ts-expect-error texts do not multiply
    flights.select((c) => c.origin.times(2).as("x")),
    // @ts-expect-error a group has no such key
    flights.groupBy("orgin"),
    // @ts-expect-error a column that is dropped is gone
    flights.drop("fare").filter((c) => c.fare.gt(1)),
    // @ts-expect-error rows of another type
    tutti.createDataFrame([{ origin: 5, country: null, height: 1 }], Airports),
    // @ts-expect-error a text function of a number
    flights.select((c) => upper(c.distance).as("x")),
    // @ts-expect-error an unknown field of a row
    (row: RowIn<typeof worst>) => row.lat,
    // @ts-expect-error and of an aggregate
    worst.orderBy((c) => [c.lat.desc()]),
  ];
}

test("types follow the columns, and wrong programs do not compile", () => {
  expectTypeOf(programs).toBeFunction();
  expectTypeOf(lit(1)).toExtend<{ as(name: string): unknown }>();
  expectTypeOf<Int>().toExtend<number>();
});
