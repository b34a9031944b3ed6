// Page rank of a small web, by iteration over a cached RDD of links: each round joins the ranks with the links.
import { createContext } from "@tutti/dataset";

const rounds = 12;

const web: [page: string, links: readonly string[]][] = [
  ["home", ["docs", "blog", "shop"]],
  ["docs", ["home", "guide", "reference"]],
  ["guide", ["docs", "reference"]],
  ["reference", ["docs"]],
  ["blog", ["home", "guide"]],
  ["shop", ["home"]],
];

const tutti = createContext({ threads: 2 });

// Read by every round, computed by the first.
const links = tutti.parallelize(web, { partitionCount: 2 }).persist();
let ranks = links.mapValues(() => 1);
for (let round = 0; round < rounds; round += 1) {
  const given = links
    .join(ranks, { partitionCount: 2 })
    .flatMap(([, [targets, rank]]) => targets.map((target) => [target, rank / targets.length] as const));
  ranks = given
    .reduceByKey((a, b) => a + b, { partitionCount: 2 })
    .mapValues((sum) => 0.15 + 0.85 * sum)
    // Else the lineage would grow with the rounds, and each action would run them all again.
    .persist();
  await ranks.count();
}

for (const [page, rank] of await ranks.sortBy(([, rank]) => rank, { ascending: false }).collect()) {
  console.log(`${page.padEnd(9)} ${rank.toFixed(3)}`);
}
const sum = await ranks.values().reduce((a, b) => a + b);
console.log(`ranks add up to the number of pages: ${sum.toFixed(3)}; damping 0.85, ${rounds} rounds`);
await tutti.close();
