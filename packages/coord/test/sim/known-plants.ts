// The mistakes that an early seed shows, each under that seed, as JSON: part of the tests. All of them are looked for by
// `npm run sim:coord -- --plants`.
import { simulateWith, soonSeen } from "./plants.ts";
import { simulateServers } from "./simulate-servers.ts";

const clean = new Map<number, boolean>();
const found: { name: string; isFound: boolean; isClean: boolean }[] = [];
for (const plant of soonSeen) {
  const { name, foundBy: seed } = plant;
  const isFound = (await (await simulateWith(plant))({ seed })).violation !== undefined;
  const isClean = clean.get(seed) ?? (await simulateServers({ seed })).violation === undefined;
  clean.set(seed, isClean);
  found.push({ name, isFound, isClean });
}
console.log(JSON.stringify(found));
