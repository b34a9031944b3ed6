import { afterAll, expect, test } from "vitest";
import { closeApache } from "../interop/target.ts";
import { runRivals } from "./run-rivals.ts";

afterAll(closeApache);

// Long runs: npm run test:rivals.
for (const work of ["lock", "leadership", "counter", "queue", "cache"] as const) {
  test(`processes that are killed, stopped and cut off: ${work}`, { timeout: 120_000 }, async () => {
    const [report] = await runRivals({ work, roundCount: 9, laneCount: 1, seed: 1 });
    expect(report?.violations).toEqual([]);
    if (report !== undefined && "rejected" in report) expect(report.rejected).toBeGreaterThan(0);
  });
}
