/**
 * The same random requests to Apache ZooKeeper and to a server of ours; every difference between the answers is shown.
 *
 *   npm run test:differential -- --operations 100000 --seed 1
 *
 * Apache is taken from ZOOKEEPER_CLASSPATH or from Maven; where it cannot be had this says so and ends with 77.
 */
import { parseArgs } from "node:util";
import { startServer } from "../../src/server/index.ts";
import { startApache } from "../interop/apache-server.ts";
import { fetchApache } from "../interop/fetch-apache.ts";
import { compareServers, type Comparison } from "./compare-servers.ts";

/** What the test runner of automake, and ours, takes for "could not be run". */
const skippedExitCode = 77;
/** Long enough that no session ends between two requests on a busy machine. */
const tickTimeMs = 2000;
/** Of those that fail, many fail in the same way: they are worth less. */
const succeededShareMin = 0.4;

function report({ counts, operations, succeeded, differences }: Comparison): number {
  const lines = [...counts].toSorted(([left], [right]) => left.localeCompare(right));
  process.stdout.write(lines.map(([key, count]) => `${key}: ${count}\n`).join(""));
  const share = succeeded / operations;
  process.stdout.write(`${operations} operations, ${succeeded} succeeded, ${differences} differences\n`);
  if (share < succeededShareMin) process.stdout.write(`only ${(share * 100).toFixed(1)} % succeeded\n`);
  return differences === 0 && share >= succeededShareMin ? 0 : 1;
}

const { values } = parseArgs({
  options: { operations: { type: "string", default: "5000" }, seed: { type: "string", default: "1" } },
});
const found = fetchApache();
if ("missing" in found) {
  process.stdout.write(`SKIPPED: ${found.missing}\n`);
  process.exitCode = skippedExitCode;
} else {
  const [apache, server] = await Promise.all([
    startApache(found.classPath, tickTimeMs),
    startServer({ tickTimeMs, extendedTypesEnabled: true }),
  ]);
  try {
    process.exitCode = report(
      await compareServers({
        ports: [apache.address.port, server.address.port],
        seed: Number(values.seed),
        operations: Number(values.operations),
        tell: (line) => process.stdout.write(`${line}\n`),
      }),
    );
  } finally {
    await apache.close();
    await server.close();
  }
}
