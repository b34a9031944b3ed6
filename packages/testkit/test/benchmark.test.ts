import { expect, test } from "vitest";
import { measureCase, type BenchmarkCase } from "../src/index.ts";

const spin = (turns: number): number => {
  let sum = 0;
  for (let turn = 0; turn < turns; turn += 1) sum += turn % 7;
  return sum > 0 ? 1 : 0;
};
const base: BenchmarkCase = {
  name: "spin",
  unit: "turns",
  unitCount: 1,
  reference: "less spin",
  runOurs: () => spin(8_000_000),
  runReference: () => spin(1_000_000),
};

test("twice the work is seen as a ratio above one", async () => {
  const result = await measureCase(base, 3);
  expect(result.ratio).toBeGreaterThan(1);
  expect(result.ratioMin).toBeLessThanOrEqual(result.ratio);
  expect(result.roundCount).toBe(3);
});

test("answers that differ end the benchmark", async () => {
  await expect(measureCase({ ...base, runReference: () => 2 }, 1)).rejects.toThrow("ours gave 1, the reference 2");
});
