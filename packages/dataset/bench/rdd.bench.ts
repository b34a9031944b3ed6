import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import { createContext, type Context } from "../src/index.ts";

const elementCount = 10_000_000;

/** The five operations of the hand-written loop below, by the same functions. */
const double = (x: number): number => x * 2;
const isOdd = (x: number): boolean => (x >> 1) % 2 === 1;
const split = (x: number): number[] => [x, x + 1];
const toPair = (x: number): readonly [number, number] => [x % 1000, x];
const add = (a: number, b: number): number => a + b;

function pipeline(tutti: Context, numbers: readonly number[]): Promise<unknown> {
  const sums = tutti.parallelize(numbers).map(double).filter(isOdd).flatMap(split).map(toPair).reduceByKey(add);
  return sums.map(([, sum]) => sum).reduce(add);
}

function handLoop(numbers: readonly number[]): number {
  const sums = new Map<number, number>();
  for (const x of numbers) {
    const doubled = double(x);
    if (!isOdd(doubled)) continue;
    for (const one of split(doubled)) {
      const [key, value] = toPair(one);
      const present = sums.get(key);
      sums.set(key, present === undefined ? value : add(present, value));
    }
  }
  return [...sums.values()].reduce(add);
}

/** Other pipelines of other shapes: what a process that does more than one thing looks like to the compiler. */
async function runOthers(tutti: Context): Promise<void> {
  const words = tutti.parallelize(Array.from({ length: 50_000 }, (_, index) => `word ${index % 977}`));
  await words
    .map((word) => [word, 1] as const)
    .reduceByKey(add)
    .count();
  await words
    .flatMap((word) => word.split(" "))
    .filter((word) => word !== "word")
    .sortBy((word) => word)
    .take(5);
  await words
    .map((word) => ({ word, length: word.length }))
    .filter((one) => one.length > 6)
    .count();
  await words.map((word) => word.length / 3).reduce((a, b) => Math.max(a, b));
  await words
    .flatMap((word) => word.split(""))
    .map((letter) => [letter, 1n] as const)
    .reduceByKey((a, b) => a + b)
    .count();
  await words
    .map((word) => [word, new Date(word.length)] as const)
    .filter(([, date]) => date.getTime() > 3)
    .count();
}

/** `npm run bench -- rdd`: what the operators cost over a loop that a person would write. */
export const benchmark: Benchmark = {
  name: "rdd",
  open() {
    const numbers = Array.from({ length: elementCount }, (_, index) => index);
    const tutti = createContext();
    const base: Omit<BenchmarkCase, "name" | "runOurs"> = {
      unit: "rows",
      unitCount: elementCount,
      reference: "hand-written loop",
      runReference: () => handLoop(numbers),
    };
    return {
      cases: [
        {
          ...base,
          name: "map filter flatMap map reduceByKey, alone",
          targetRatioMax: 1.1,
          runOurs: () => pipeline(tutti, numbers),
        },
        {
          ...base,
          name: "the same after six other pipelines",
          targetRatioMax: 2,
          prepare: () => runOthers(tutti),
          runOurs: () => pipeline(tutti, numbers),
        },
      ],
      close: () => tutti.close(),
    };
  },
};
