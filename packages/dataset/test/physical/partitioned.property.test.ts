import { test } from "vitest";
import { checkPlans } from "../rules/check-plans.ts";
import { planPlaces } from "./plan-places.ts";

// Each rule a hundred times at each place takes minutes: npm run test:plans.
test.each(Object.entries(planPlaces).filter(([name]) => name.startsWith("in parts")))(
  "random plans give the rows of a plain array, rewritten or not: %s",
  { timeout: 120_000 },
  async (_, open) => {
    const { place, close } = await open();
    try {
      await checkPlans(place, { numRuns: 25 });
    } finally {
      await close();
    }
  },
);
