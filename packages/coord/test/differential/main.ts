/**
 * The same random requests to Apache ZooKeeper and to a server of ours; every difference between the answers is shown.
 *
 *   npm run test:differential -- --operations 100000 --seed 1 [--servers 3] [--apache 3.8]
 *
 * With `--servers 3` an ensemble of ours beside one of Apache's, whose sessions move between servers. Apache 3.9 is taken from
 * ZOOKEEPER_CLASSPATH or from Maven, 3.8 from Debian's package; where it cannot be had this says so and ends with 77.
 */
import { parseArgs } from "node:util";
import { startEnsemble, startServer } from "../../src/server/index.ts";
import { apacheClassPath, startApache, startApacheEnsemble } from "../interop/apache-server.ts";
import { fetchApache, type Fetched } from "../interop/fetch-apache.ts";
import { compareServers, type Comparison } from "./compare-servers.ts";
import type { Oracle } from "./generator.ts";
import { documentedOutcomes } from "./documented-outcomes.ts";

/** What the test runner of automake, and ours, takes for "could not be run". */
const skippedExitCode = 77;
/** Long enough that no session ends between two requests on a busy machine. */
const tickTimeMs = 2000;
/** Of those that fail, many fail in the same way: they are worth less. */
const succeededShareMin = 0.4;
/** A run that is long enough meets each documented outcome so often. */
const outcomeCountMin = 20;
const operationsToMeetAll = 100_000;

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    servers: { type: "string", default: "1" },
    apache: { type: "string", default: "3.9" },
  },
});

interface Servers {
  readonly ports: readonly number[];
  close(): Promise<void>;
}

async function startTheirs(classPath: string, count: number): Promise<Servers> {
  if (count > 1) return startApacheEnsemble(classPath, tickTimeMs);
  const server = await startApache(classPath, tickTimeMs);
  return { ports: [server.address.port], close: () => server.close() };
}

async function startOurs(count: number): Promise<Servers> {
  const options = { tickTimeMs, extendedTypesEnabled: true };
  if (count === 1) {
    const server = await startServer(options);
    return { ports: [server.address.port], close: () => server.close() };
  }
  const ensemble = await startEnsemble({ ...options, size: count });
  const ports = ensemble.servers.map(({ server }) => server?.address.port ?? 0);
  return { ports, close: () => ensemble.close() };
}

function oracleOf(version: string): Oracle {
  if (version !== "3.9" && version !== "3.8") throw new RangeError(`--apache ${version} is neither 3.9 nor 3.8`);
  return version;
}

function find(oracle: Oracle): Fetched {
  if (oracle === "3.9") return fetchApache();
  const classPath = apacheClassPath();
  return classPath === undefined ? { missing: "there is no Debian package zookeeper here" } : { classPath };
}

function report({ counts, operations, succeeded, differences }: Comparison): number {
  const lines = [...counts].toSorted(([left], [right]) => left.localeCompare(right));
  process.stdout.write(lines.map(([key, count]) => `${key}: ${count}\n`).join(""));
  const rare = operations < operationsToMeetAll ? [] : rareOutcomes(counts);
  if (rare.length > 0) process.stdout.write(`met less than ${outcomeCountMin} times: ${rare.join(", ")}\n`);
  const share = succeeded / operations;
  if (share < succeededShareMin) process.stdout.write(`only ${(share * 100).toFixed(1)} % succeeded\n`);
  process.stdout.write(`${operations} operations, ${succeeded} succeeded, ${differences} differences\n`);
  return differences === 0 && rare.length === 0 && share >= succeededShareMin ? 0 : 1;
}

function rareOutcomes(counts: Comparison["counts"]): readonly string[] {
  return documentedOutcomes().filter((outcome) => (counts.get(outcome) ?? 0) < outcomeCountMin);
}

const oracle = oracleOf(values.apache);
const found = find(oracle);
if ("missing" in found) {
  process.stdout.write(`SKIPPED: ${found.missing}\n`);
  process.exitCode = skippedExitCode;
} else {
  const count = Number(values.servers);
  const [theirs, ours] = await Promise.all([startTheirs(found.classPath, count), startOurs(count)]);
  try {
    process.exitCode = report(
      await compareServers({
        ports: [theirs.ports, ours.ports],
        oracle,
        seed: Number(values.seed),
        operations: Number(values.operations),
        tell: (line) => process.stdout.write(`${line}\n`),
      }),
    );
  } finally {
    await theirs.close();
    await ours.close();
  }
}
