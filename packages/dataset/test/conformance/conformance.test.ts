import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { createContext } from "../../src/index.ts";
import { connectEngine } from "../../src/engine/duckdb.ts";
import { fromEngineType } from "../../src/engine/engine-type.ts";
import { typeText, type DataType } from "../../src/plan/data-type.ts";
import { answerOf, compiledCase, isSame, parseCase, type Answer } from "./run-case.ts";

const here = import.meta.dirname;
const linesOf = (name: string): string[] => readFileSync(path.join(here, name), "utf8").split("\n").filter(Boolean);

/** Cases that differ from Spark, by their text, with the reason. */
const deviations = JSON.parse(readFileSync(path.join(here, "deviations.json"), "utf8")) as Record<string, string>;

test(
  "every expression means what Spark 4 says it means, but for the listed deviations",
  { timeout: 120_000 },
  async () => {
    const cases = linesOf("cases.jsonl");
    const expected = linesOf("expected.jsonl").map((line) => JSON.parse(line) as Answer);
    expect(expected.length).toBe(cases.length);
    const tutti = createContext();
    const wrong: string[] = [];
    const gone: string[] = [];
    for (const [index, line] of cases.entries()) {
      const actual = await answerOf(tutti, parseCase(line));
      const same = isSame(expected[index] as Answer, actual);
      if (!same && deviations[line] === undefined)
        wrong.push(`${line}\n  Spark ${JSON.stringify(expected[index])}\n  ours  ${JSON.stringify(actual)}`);
      if (same && deviations[line] !== undefined) gone.push(line);
    }
    await tutti.close();
    expect(wrong.join("\n")).toBe("");
    expect(gone, "deviations that are none any more").toEqual([]);
  },
);

/** Decimals run in the engine's own widths: see the compiler. */
const stored = (type: DataType): string => typeText(type).replaceAll(/decimal\(\d+,/g, "decimal(…,");

test("the engine computes in the types that the analyzer says", { timeout: 120_000 }, async () => {
  const tutti = createContext();
  const engine = await connectEngine();
  const expected = linesOf("expected.jsonl").map((line) => JSON.parse(line) as Answer);
  const wrong: string[] = [];
  for (const [index, line] of linesOf("cases.jsonl").entries()) {
    const answer = expected[index];
    // Of NULL alone, and of an array of nothing, the engine forgets the type.
    if (answer === undefined || "error" in answer || answer.value === null || deviations[line] !== undefined) continue;
    const { sql, type } = await compiledCase(tutti, parseCase(line));
    const given = fromEngineType((await engine.prepare(sql)).columnType(0));
    if (stored(given) !== stored(type) && line !== '["array"]')
      wrong.push(`${line}: ${typeText(given)} instead of ${typeText(type)}`);
  }
  engine.closeSync();
  await tutti.close();
  expect(wrong).toEqual([]);
});
