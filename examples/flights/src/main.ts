// Three million US flights of 2001: which airports are late, and when, and which are busy. On all cores.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { createContext } from "@tutti/dataset";
import { showProgress } from "@tutti/runtime";
import { printStages, printTable } from "./table.ts";

interface Flight {
  readonly date: Date;
  readonly delay: bigint;
  readonly origin: string;
  readonly destination: string;
}

/** Means of few flights say nothing. */
const flightsMin = 1_000;

const file = fileURLToPath(new URL("../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url));
const threads = availableParallelism();
const startedAtMs = performance.now();

const tutti = createContext({ threads });
const stages = printStages(tutti.events);
showProgress(tutti.events, process.stderr);
console.log(`3 million flights of the United States in 2001, on ${threads} threads\n`);

const flights = tutti.parquetRows<Flight>(file, {
  columns: ["date", "delay", "origin", "destination"],
  partitionCount: 4 * threads,
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
  .sortBy(([, count]) => count, { ascending: false })
  .take(10);

await tutti.close();

printTable(
  "Where and when flights leave latest",
  ["airport", "hour", "flights", "mean delay, minutes"],
  lateHours.map(({ place, flights: count, meanDelay }) => [...place.split(" "), count, meanDelay.toFixed(1)]),
);
printTable(
  "The busiest airports",
  ["airport", "flights from and to"],
  busyAirports.map(([airport, count]) => [airport, count]),
);
stages.print();
console.log(`all in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
