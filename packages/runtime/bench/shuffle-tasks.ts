import type { TaskContext, TaskOutput } from "../src/index.ts";

export interface ShuffleArgs {
  readonly rowCount: number;
  readonly sliceCount: number;
}

/** Nothing but what a task costs by itself. */
export function nothing(): TaskOutput {
  return { slices: [[]], rowCount: 0 };
}

/** Of a hundred letters each, made once: to make them anew took longer than to carry them. */
const texts: readonly string[] = Array.from({ length: 1000 }, (_, index) => `${index} `.padEnd(100, "abcdefgh"));

/** Pairs of a number and a text, dealt out to all slices. */
export function write({ args }: TaskContext): TaskOutput {
  const { rowCount, sliceCount } = args as ShuffleArgs;
  const slices = Array.from({ length: sliceCount }, (): unknown[] => []);
  for (let index = 0; index < rowCount; index += 1) {
    slices[index % sliceCount]?.push([index, texts[index % texts.length]]);
  }
  return { slices, rowCount };
}

/** How many rows came, and a sum that every one of them changes. */
export function read({ inputs }: TaskContext): TaskOutput {
  let rowCount = 0;
  let sum = 0;
  for (const block of inputs.flatMap((blocks) => [...blocks])) {
    for (const [index, text] of block as readonly (readonly [number, string])[]) {
      rowCount += 1;
      sum += index + text.length;
    }
  }
  return { slices: [[[rowCount, sum]]], rowCount: 1 };
}
