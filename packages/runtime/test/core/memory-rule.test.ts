import { expect, test } from "vitest";
import { memoryPressureOf, type MemoryPressure } from "../../src/core/memory-rule.ts";

test("memory makes tasks spill at 60 %, pauses intake at 80 % until it is below 75 %, and ends a task at 95 %", () => {
  const seen: string[] = [];
  let pressure: MemoryPressure = "none";
  for (const percent of [0, 59, 60, 79, 80, 76, 75, 74, 80, 94, 95, 94, 76, 70, 30]) {
    pressure = memoryPressureOf(percent, 100, pressure);
    seen.push(`${percent} ${pressure}`);
  }
  expect(seen).toEqual([
    "0 none",
    "59 none",
    "60 spill",
    "79 spill",
    "80 pause",
    "76 pause",
    "75 pause",
    "74 spill",
    "80 pause",
    "94 pause",
    "95 end",
    "94 pause",
    "76 pause",
    "70 spill",
    "30 none",
  ]);
});
