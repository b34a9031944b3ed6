import { appendFileSync, existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { TaskContext, TaskOutput } from "../../src/index.ts";

/** Where tasks write down that they began, and where gates are opened by making their files. */
export interface GateArgs {
  readonly directory: string;
  /** Waits for `gate-<name>`. */
  readonly gate?: string;
  /** The gate is for the first attempt at this partition alone. */
  readonly slowPartition?: number;
  /** Takes so long at least. */
  readonly holdMs?: number;
}

/** Rows as they come, cut by parity, once the gate is open. */
export async function gatedSplit(context: TaskContext): Promise<TaskOutput> {
  const rows = await pass(context);
  const numbers = rows as number[];
  return {
    slices: [numbers.filter((row) => row % 2 === 0), numbers.filter((row) => row % 2 !== 0)],
    rowCount: rows.length,
  };
}

/** The sum of the rows, once the gate is open. */
export async function gatedSum(context: TaskContext): Promise<TaskOutput> {
  const rows = await pass(context);
  return { slices: [[(rows as number[]).reduce((sum, row) => sum + row, 0)]], rowCount: 1 };
}

async function pass(context: TaskContext): Promise<unknown[]> {
  const { directory, gate, slowPartition, holdMs = 0 } = context.args as GateArgs;
  const isFree = slowPartition !== undefined && (slowPartition !== context.partition || context.attempt > 0);
  appendFileSync(path.join(directory, "began"), `${context.stageName}.${context.partition} ${process.pid}\n`);
  await delay(holdMs);
  // Files, because gates are opened by another process.
  while (gate !== undefined && !isFree && !existsSync(path.join(directory, `gate-${gate}`))) {
    await context.checkpoint();
    await delay(5);
  }
  return context.inputs.flatMap((blocks) => [...blocks].flat());
}
