import { Session } from "node:inspector";
import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import { captureClosures, checkClosures } from "../src/closure/capture.ts";
import { reviveClosures } from "../src/closure/revive.ts";

const captureCount = 200;
const callCount = 20_000_000;

class Scale {
  readonly factor = 3;
  apply(x: number): number {
    return x * this.factor;
  }
}

const factor = 3;
const scale = new Scale();
const helper = (x: number): number => x * factor;
const byHelper = (x: number): number => helper(x) + factor;

const shapes: Readonly<Record<string, (x: number) => number>> = {
  "a number": (x) => x * factor,
  "an instance and its class": (x) => scale.apply(x),
  "a function": (x) => helper(x),
};

/** A loop of its own for each function: a shared one would be slow with whichever comes second. */
function loopOver(fn: (x: number) => number): () => number {
  // oxlint-disable-next-line typescript/no-implied-eval -- each function needs a loop of its own text, or V8 shares the compiled one
  const loop = new Function(
    "fn",
    "count",
    `let sum = 0; for (let i = 0; i < count; i++) sum += fn(i & 7); return sum; //${Math.random()}`,
  );
  return () => (loop as (fn: (x: number) => number, count: number) => number)(fn, callCount);
}

function capturing(session: Session): BenchmarkCase[] {
  return Object.entries(shapes).map(([name, fn]) => ({
    name: `capture of a function that uses ${name}`,
    unit: "captures",
    unitCount: captureCount,
    reference: "inspector's round trip for nothing",
    runOurs: () => {
      for (let i = 0; i < captureCount; i++) checkClosures([fn]);
      return captureCount;
    },
    runReference: () => {
      for (let i = 0; i < captureCount; i++) session.post("Runtime.evaluate", { expression: "0" });
      return captureCount;
    },
  }));
}

/** `npm run bench -- closure`: capturing, beside what the inspector costs by itself; and calls of a revived function. */
export const benchmark: Benchmark = {
  name: "closure",
  open: async () => {
    const session = new Session();
    session.connect();
    const [revived] = await reviveClosures(captureClosures([byHelper]).bytes);
    const calls: BenchmarkCase = {
      name: "calls of a revived function",
      unit: "calls",
      unitCount: callCount,
      reference: "function that was captured",
      targetRatioMax: 1.1,
      runOurs: loopOver(revived as typeof byHelper),
      runReference: loopOver(byHelper),
    };
    return { cases: [...capturing(session), calls], close: async () => session.disconnect() };
  },
};
