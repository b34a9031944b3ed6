/**
 * Processes that use recipes are killed, stopped beyond their sessions and cut off.
 *
 *   npm run test:rivals -- --rounds 1000 --seed 1 [--lanes 4] [--work lock,leadership,counter,queue,cache]
 *
 * TUTTI_TARGET=standalone|ensemble|apache|apache ensemble says against which servers.
 */
import { parseArgs } from "node:util";
import { closeApache } from "../interop/target.ts";
import type { Work } from "./messages.ts";
import { runRivals } from "./run-rivals.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    lanes: { type: "string", default: "4" },
    work: { type: "string", default: "lock,leadership,counter,queue,cache" },
  },
});
let failed = 0;
for (const work of values.work.split(",") as readonly Work[]) {
  const startMs = performance.now();
  const reports = await runRivals({
    work,
    roundCount: Number(values.rounds),
    laneCount: Number(values.lanes),
    seed: Number(values.seed),
  });
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  process.stdout.write(`${work}: ${seconds} s\n`);
  for (const report of reports) process.stdout.write(`  ${JSON.stringify(report)}\n`);
  failed += reports.flatMap(({ violations }) => violations).length;
}
await closeApache();
process.exitCode = failed === 0 ? 0 : 1;
