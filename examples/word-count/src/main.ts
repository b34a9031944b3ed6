// Word count three ways: RDD, frame, SQL. The same words, the same counts.
import { isDeepStrictEqual } from "node:util";
import { fileURLToPath } from "node:url";
import { count, createContext, explode, lower, regexpExtractAll } from "@tutti/dataset";

const file = fileURLToPath(new URL("../text.txt", import.meta.url));
const tutti = createContext({ threads: 2 });

type Counts = (readonly [word: string, times: number])[];

const byRdd: Counts = await tutti
  .textFile(file)
  .flatMap((line) => line.toLowerCase().match(/[a-z]+/g) ?? [])
  .map((word) => [word, 1] as const)
  .reduceByKey((a, b) => a + b)
  .sortBy(([word, times]) => [-times, word])
  .take(5);

const lines = tutti.read.text(file);
const words = lines.select((c) => explode(regexpExtractAll(lower(c.value), "[a-z]+", 0)).as("word"));
const frame = words
  .groupBy("word")
  .agg(() => ({ times: count() }))
  .orderBy((c) => [c.times.desc(), c.word.asc()])
  .limit(5);
const byFrame: Counts = (await frame.collect()).map(({ word, times }) => [word, Number(times)] as const);

const rows = await tutti.sql`
  select word, count(*) as times from ${words} group by word order by times desc, word limit ${5}
`.collect();
const bySql: Counts = rows.map(({ word, times }) => [String(word), Number(times)] as const);

for (const [word, times] of byRdd) console.log(`${word.padEnd(6)} ${times}`);
console.log("the frame says the same:", isDeepStrictEqual(byFrame, byRdd));
console.log("SQL says the same:", isDeepStrictEqual(bySql, byRdd));
await tutti.close();
