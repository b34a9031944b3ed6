// The mistakes in per-slot Paxos that an early seed shows, each under that seed, as JSON: part of the tests. All of them
// are tried by `npm run sim:catalogue`.
import { simulate } from "../src/sim/index.ts";
import { simulateWith, soonSeen } from "./slot-plants.ts";

const clean = new Map<number, boolean>();
const found: { name: string; seen: boolean; clean: boolean }[] = [];
for (const plant of soonSeen) {
  const { name, foundBy: seed } = plant;
  const simulatePlanted = await simulateWith(plant);
  const seen = simulatePlanted({ seed, protocol: "slot-paxos" }).violation !== undefined;
  const isClean = clean.get(seed) ?? simulate({ seed, protocol: "slot-paxos" }).violation === undefined;
  clean.set(seed, isClean);
  found.push({ name, seen, clean: isClean });
}
console.log(JSON.stringify(found));
