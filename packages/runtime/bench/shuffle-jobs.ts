import path from "node:path";
import type { Executor, JobGraph, Stage } from "../src/index.ts";
import type { ShuffleArgs } from "./shuffle-tasks.ts";

const file: string = path.join(import.meta.dirname, "shuffle-tasks.ts");
const base = { inputs: [], module: { specifier: file, url: `file://${file}` }, args: undefined, closures: [] };

/** So many tasks that do nothing. */
export async function runTasks(executor: Executor, taskCount: number): Promise<number> {
  const stage: Stage = { ...base, id: 0, name: "nothing", partitionCount: taskCount, exportName: "nothing" };
  const { stages } = await executor.run({ name: "tasks", stages: [stage] });
  return stages[0]?.taskCount ?? 0;
}

export interface Shuffle extends ShuffleArgs {
  readonly writerCount: number;
}

/** Rows from all writers to all readers: as many rows as were written, and their sum. */
export async function runShuffle(executor: Executor, { writerCount, ...args }: Shuffle): Promise<readonly number[]> {
  const { sliceCount } = args;
  const inputs = [{ kind: "slice", from: { stage: 0 }, sliceCount }] as const;
  const job: JobGraph = {
    name: "shuffle",
    stages: [
      { ...base, id: 0, name: "write", partitionCount: writerCount, exportName: "write", args },
      { ...base, id: 1, name: "read", partitionCount: sliceCount, exportName: "read", inputs },
    ],
  };
  const { partitions } = await executor.run(job);
  const parts = partitions.flat() as (readonly [rowCount: number, sum: number])[];
  return [0, 1].map((place) => parts.reduce((total, part) => total + (part[place] ?? 0), 0));
}
