import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
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

test.runIf(existsSync("/proc/self/stat"))("what other processes of a case work is counted", async () => {
  // Turns once for each byte that it gets, and says so.
  const code = "process.stdin.on('data', () => { for (let n = 0; n < 3e8; n += 1); process.stdout.write('.'); })";
  const child = spawn(process.execPath, ["-e", code], { stdio: ["pipe", "pipe", "inherit"] });
  const askChild = async (): Promise<number> => {
    child.stdin.write("x");
    await once(child.stdout, "data");
    return 1;
  };
  const one = { ...base, runOurs: askChild, runReference: () => spin(1_000_000) };
  try {
    const { cpuRatio: alone } = await measureCase(one, 1);
    const { cpuRatio: together } = await measureCase(one, 1, [child.pid ?? 0]);
    expect(together).toBeGreaterThan(2 * alone);
  } finally {
    child.kill();
  }
});

test("answers that differ end the benchmark", async () => {
  await expect(measureCase({ ...base, runReference: () => 2 }, 1)).rejects.toThrow("ours gave 1, the reference 2");
});
