// The mistakes in per-slot Paxos that an early seed shows, each under that seed, as JSON: part of the tests. All of them
// are tried by `npm run sim:catalogue`.
import { simulate } from "../src/sim/index.ts";
import { optionsOf, soonSeen } from "./slot-plants.ts";
import { simulatorWith } from "./text-plants.ts";

/** A stale number only costs the search. */
const seedsMax = 60;
const clean = new Map<number, boolean>();
const found: { name: string; seed: number | undefined; clean: boolean }[] = [];
for (const plant of soonSeen) {
  const { name, foundBy } = plant;
  const planted = await simulatorWith(plant);
  const seeds = [foundBy, ...Array.from({ length: seedsMax }, (_, index) => index + 1)];
  const seed = seeds.find((one) => planted.simulate(optionsOf(plant, one)).violation !== undefined);
  const isClean = seed === undefined || (clean.get(seed) ?? simulate(optionsOf(plant, seed)).violation === undefined);
  if (seed !== undefined) clean.set(seed, isClean);
  found.push({ name, seed, clean: isClean });
}
console.log(JSON.stringify(found));
