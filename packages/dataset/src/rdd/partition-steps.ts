import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TaskContext } from "@tutti/runtime";
import { createPrng, mixSeed, type Prng } from "@tutti/stdx";
import { DatasetError } from "../dataset-error.ts";
import { listOf } from "./fuse.ts";
import type { Branch, PartitionStep } from "./program.ts";
import { closureAt, rowsAt } from "./stage-access.ts";

/** A step that sees a partition as a whole, batch by batch. It belongs to one task. */
export interface PartitionOperator {
  /** What the next loop gets for these rows. */
  push(rows: readonly unknown[]): readonly unknown[];
  /** What it gets after the last. */
  end(): Promise<readonly unknown[]> | readonly unknown[];
}

const nothing: readonly unknown[] = [];

/** The operator for a step. `branch` says which partition of the step's RDD this task has. */
export function openPartitionStep(step: PartitionStep, branch: Branch, context: TaskContext): PartitionOperator {
  const indexFrom = (indexBase: number): number => context.partition - branch.first + indexBase;
  switch (step.kind) {
    case "partition":
      return wholePartition(closureAt(context, step.fn) as WholeFunction, indexFrom(step.indexBase));
    case "sample":
      return sampling(step, createPrng(mixSeed(step.seed, indexFrom(step.indexBase))));
    case "index":
      return indexing(rowsAt(context, step.counts).slice(0, indexFrom(step.indexBase)) as number[]);
    case "uniqueId": {
      let next = indexFrom(step.indexBase);
      const { partitionCount } = step;
      return perRow((row) => {
        const pair = [row, next];
        next += partitionCount;
        return [pair];
      });
    }
    case "cartesian": {
      const others = rowsAt(context, step.input);
      return perRow((row) => others.map((other) => [row, other]));
    }
    case "zip":
      return zipping(rowsAt(context, step.input), context.partition);
    case "pipe":
      return piping(step.command, step.args);
  }
}

function perRow(make: (row: unknown) => readonly unknown[]): PartitionOperator {
  return { push: (rows) => rows.flatMap(make), end: () => nothing };
}

type WholeFunction = (rows: readonly unknown[], index: number) => unknown;

function wholePartition(fn: WholeFunction, index: number): PartitionOperator {
  const all: unknown[] = [];
  return {
    push(rows) {
      for (const row of rows) all.push(row);
      return nothing;
    },
    async end() {
      const made = await fn(all, index);
      if (typeof made !== "object" || made === null || !(Symbol.asyncIterator in made)) return listOf(made);
      return await gather(made as AsyncIterable<unknown>);
    },
  };
}

async function gather(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const gathered: unknown[] = [];
  for await (const row of rows) gathered.push(row);
  return gathered;
}

function sampling(step: Extract<PartitionStep, { kind: "sample" }>, prng: Prng): PartitionOperator {
  if (step.withReplacement) return perRow((row) => new Array<unknown>(poisson(step.to, prng)).fill(row));
  return {
    push: (rows) =>
      rows.filter(() => {
        const draw = prng.nextUnit();
        return draw >= step.from && draw < step.to;
      }),
    end: () => nothing,
  };
}

/** Knuth's method, in parts of at most 500, since e^-mean must not become zero. */
function poisson(mean: number, prng: Prng): number {
  if (mean > 500) return poisson(500, prng) + poisson(mean - 500, prng);
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = prng.nextUnit(); product > limit; product *= prng.nextUnit()) count += 1;
  return count;
}

function indexing(countsBefore: readonly number[]): PartitionOperator {
  let next = countsBefore.reduce((sum, count) => sum + count, 0);
  return perRow((row) => [[row, next++]]);
}

function zipping(others: readonly unknown[], partition: number): PartitionOperator {
  let place = 0;
  const check = (isRight: boolean): void => {
    if (isRight) return;
    throw new DatasetError(
      "invalid-argument",
      `zip needs partitions of equal size; in partition ${partition} one has more than ${Math.min(place, others.length)} rows`,
    );
  };
  return {
    push: (rows) =>
      rows.map((row) => {
        check(place < others.length);
        const pair = [row, others[place]];
        place += 1;
        return pair;
      }),
    end() {
      check(place === others.length);
      return nothing;
    },
  };
}

/** Rows go in as lines, lines come out as rows. A program that fails fails the task, with what it said. */
function piping(command: string, args: readonly string[]): PartitionOperator {
  const lines: string[] = [];
  return {
    push(rows) {
      for (const row of rows) lines.push(`${String(row)}\n`);
      return nothing;
    },
    async end() {
      const child = spawn(command, args, { stdio: "pipe" });
      const failed = once(child, "error").then(([thrown]: unknown[]) => {
        throw new DatasetError("task-failed", `${command} could not be started: ${String(thrown)}`, { cause: thrown });
      });
      const work = async (): Promise<unknown[]> => {
        const complaint = gatherText(child.stderr);
        const read = gather(createInterface({ input: child.stdout, crlfDelay: Infinity }));
        const closed = once(child, "close");
        // A program may end without reading all: that is its right.
        child.stdin.on("error", () => undefined);
        child.stdin.end(lines.join(""));
        const [code] = (await closed) as [number | null];
        if (code !== 0) {
          throw new DatasetError(
            "task-failed",
            `${command} ended with code ${code}: ${(await complaint).slice(0, 500)}`,
          );
        }
        return await read;
      };
      return await Promise.race([work(), failed]);
    },
  };
}

async function gatherText(stream: AsyncIterable<unknown>): Promise<string> {
  return (await gather(stream)).map(String).join("");
}
