import { fileURLToPath } from "node:url";
import { avg, count, floor, struct, t, type Context } from "@tutti/dataset";

/** Three million flights of the United States in 2001. */
const file = fileURLToPath(new URL("../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url));

/** Means of few flights say nothing. */
const flightsMin = 1_000;

/** So that every worker has several tasks of each stage. */
const partitionCount = 12;

interface Flight {
  readonly date: Date;
  readonly delay: bigint;
  readonly origin: string;
  readonly destination: string;
}

const Trip = struct({ delay: t.long.nullable(), distance: t.long });

export interface LateHour {
  readonly place: string;
  readonly flights: number;
  readonly meanDelay: number;
}

export interface Answers {
  /** Where and when flights leave latest. */
  readonly lateHours: readonly LateHour[];
  readonly busyAirports: readonly (readonly [airport: string, flights: number])[];
  /** By distance, from short to long. */
  readonly distances: readonly { readonly kilomiles: number; readonly flights: number; readonly meanDelay: number }[];
}

/** The same program, wherever the context runs it. */
export async function analyse(tutti: Context): Promise<Answers> {
  const flights = tutti.parquetRows<Flight>(file, {
    columns: ["date", "delay", "origin", "destination"],
    partitionCount,
  });

  const lateHours = await flights
    .map(
      ({ origin, date, delay }) => [`${origin} ${date.getUTCHours()}`, { flights: 1, minutes: Number(delay) }] as const,
    )
    .reduceByKey((a, b) => ({ flights: a.flights + b.flights, minutes: a.minutes + b.minutes }))
    .filter(([, sum]) => sum.flights >= flightsMin)
    .map(([place, sum]) => ({ place, flights: sum.flights, meanDelay: sum.minutes / sum.flights }))
    .sortBy((hour) => hour.meanDelay, { ascending: false })
    .take(10);

  const busyAirports = await flights
    .flatMap(({ origin, destination }) => [origin, destination])
    .map((airport) => [airport, 1] as const)
    .reduceByKey((a, b) => a + b)
    .sortBy(([, flightCount]) => flightCount, { ascending: false })
    .take(10);

  const byDistance = await tutti.read
    .schema(Trip)
    .parquet(file)
    .withColumn("kilomiles", (c) => floor(c.distance.div(1000)))
    .groupBy("kilomiles")
    .agg((c) => ({ flights: count(), meanDelay: avg(c.delay) }))
    .orderBy((c) => [c.kilomiles.asc()])
    .collect();

  return {
    lateHours,
    busyAirports,
    distances: byDistance.map(({ kilomiles, flights: flightCount, meanDelay }) => ({
      kilomiles: Number(kilomiles),
      flights: Number(flightCount),
      meanDelay: Number(meanDelay),
    })),
  };
}
