import type { TaskContext, TaskOutput } from "@tutti/runtime";
import { assert } from "@tutti/stdx";
import { withAccumulators } from "./accumulator.ts";
import { openOutput } from "./open-output.ts";
import { openPipeline } from "./pipeline.ts";
import type { StageProgram } from "./program.ts";
import { batchesOf } from "./read-source.ts";

/** The task of every RDD stage: source → steps → sink, batch by batch. */
export async function runRddStage(context: TaskContext): Promise<TaskOutput> {
  return await withAccumulators(() => runProgram(context));
}

async function runProgram(context: TaskContext): Promise<TaskOutput> {
  const program = context.args as StageProgram;
  const branch = program.branches.findLast((one) => one.first <= context.partition && one.partitionCount > 0);
  assert(branch !== undefined, "every partition of a stage lies in a branch");
  const output = await openOutput(program.sink, context);
  try {
    const pipeline = openPipeline(branch, context, output.loopSink);
    for await (const batch of batchesOf(branch.source, context)) {
      await context.checkpoint();
      pipeline.push(batch);
      if ((await output.afterBatch?.()) === "enough") return await output.finish();
    }
    await pipeline.end();
    await output.afterBatch?.();
    return await output.finish();
  } finally {
    await output.release?.();
  }
}
