/**
 * Three processes of a replicated machine under kill -9, stops and cuts, on disks that lose what was not synced.
 *
 *   npm run test:real -- --minutes 10 --seed 1 [--protocol zab|paxos|slot-paxos] [--plant]
 *
 * `--plant`: a disk that says it synced, and did not; that must be found.
 */
import { parseArgs } from "node:util";
import { runChaos } from "./run-chaos.ts";
import { protocolOf } from "./protocols.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    protocol: { type: "string", default: "zab" },
    plant: { type: "boolean", default: false },
  },
});
const report = await runChaos({
  seed: Number(values.seed),
  forMs: Number(values.minutes) * 60_000,
  protocol: protocolOf(values.protocol),
  neverSyncs: values.plant,
  tell: console.log,
});
console.log(report);
process.exitCode = report.violations.length === 0 ? 0 : 1;
