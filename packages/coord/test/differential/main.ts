/**
 * The same random requests to Apache ZooKeeper and to a server of ours; every difference between the answers is shown.
 *
 *   npm run test:differential -- --operations 100000 --seed 1
 *
 * Apache is taken from ZOOKEEPER_CLASSPATH or from Debian's package; where there is none it says so and ends with 0.
 */
import { parseArgs } from "node:util";
import { startServer } from "../../src/server/index.ts";
import { apacheClassPath, startApache } from "../interop/apache-server.ts";
import { compareServers, type Comparison } from "./compare-servers.ts";

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
const classPath = apacheClassPath();
if (classPath === undefined) {
  process.stdout.write(
    "SKIPPED: Apache ZooKeeper is not installed (apt-get install zookeeper, or ZOOKEEPER_CLASSPATH)\n",
  );
} else {
  const [apache, server] = await Promise.all([
    startApache(classPath, tickTimeMs),
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
