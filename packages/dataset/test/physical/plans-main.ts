// Random plans everywhere that plans run, until each rule has fired a hundred times at each place:
// `npm run test:plans -- [--runs N] [--seed S]`.
import { parseArgs } from "node:util";
import { checkPlans } from "../rules/check-plans.ts";
import { planPlaces } from "./plan-places.ts";

const firedMin = 100;
const { values } = parseArgs({ options: { runs: { type: "string", default: "600" }, seed: { type: "string" } } });
for (const [name, open] of Object.entries(planPlaces)) {
  const { place, close } = await open();
  try {
    const seed = values.seed === undefined ? undefined : Number(values.seed);
    const fired = [...(await checkPlans(place, { numRuns: Number(values.runs), seed }))];
    process.stdout.write(
      `${name}: ${values.runs} plans, ${fired.map(([rule, times]) => `${rule} ${times}`).join(", ")}\n`,
    );
    for (const [rule, times] of fired) {
      if (times >= firedMin) continue;
      process.stderr.write(`${rule} fired ${times} times only: take more --runs\n`);
      process.exitCode = 1;
    }
  } finally {
    await close();
  }
}
