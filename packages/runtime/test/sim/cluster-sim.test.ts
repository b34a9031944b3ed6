import { expect, test } from "vitest";
import { plants, textWith } from "./plants.ts";
import { runSeeds } from "./run-seeds.ts";

/** `npm run sim:cluster` runs more of both. */
const seeds = 100;

/** Mistakes that are found within so few: each takes a process, and there are many. */
const seedsForMistakes = 25;

test("masters, drivers and workers come and go, and every job ends right and leaves nothing", async () => {
  expect(await runSeeds(seeds)).toBeUndefined();
}, 120_000);

test("mistakes on purpose are found", async () => {
  const soon = plants.filter(({ foundBy }) => foundBy <= seedsForMistakes).values();
  const missed: string[] = [];
  const work = async (): Promise<void> => {
    for (const { name } of soon) if ((await runSeeds(seedsForMistakes, name)) === undefined) missed.push(name);
  };
  await Promise.all([work(), work()]);
  expect(missed).toEqual([]);
}, 120_000);

test("every mistake still has its place in the code", () => {
  for (const plant of plants) if (plant.kind === "source") expect(textWith(plant)).toContain(plant.to);
});
