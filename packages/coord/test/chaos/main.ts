/**
 * Three server processes under kill -9, pauses, cuts and rolling restarts, on a disk that loses what was not synced.
 *
 *   npm run test:chaos -- --minutes 10 --seed 1
 */
import { parseArgs } from "node:util";
import { runChaos } from "./run-chaos.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    plant: { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
  },
});
const report = await runChaos({
  seed: Number(values.seed),
  forMs: Number(values.minutes) * 60_000,
  neverSyncs: values.plant,
  tell: values.quiet ? () => undefined : (line) => process.stdout.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
process.exitCode = report.violations.length === 0 ? 0 : 1;
