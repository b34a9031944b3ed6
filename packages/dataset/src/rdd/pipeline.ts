import type { TaskContext } from "@tutti/runtime";
import { createLoop, type Loop, type LoopSink } from "./fuse.ts";
import { openPartitionStep, type PartitionOperator } from "./partition-steps.ts";
import type { Branch, ElementStep, PartitionStep, Step } from "./program.ts";

/** The steps of a branch, from batches to the sink of the stage. */
export interface Pipeline {
  push(batch: readonly unknown[]): void;
  /** After the last batch. */
  end(): Promise<void>;
}

/** Loops, with partition steps between them. Most stages are one loop. */
export function openPipeline(branch: Branch, context: TaskContext, sink: LoopSink): Pipeline {
  const { closures } = context;
  const segments = segmentsOf(branch.steps);
  const stages = segments.map(({ steps, end }): Segment => {
    if (end === undefined) return { loop: createLoop({ steps, closures, sink }), operator: undefined, out: undefined };
    const out: LoopSink = { kind: "push", rows: [] };
    const loop = createLoop({ steps, closures, sink: out });
    return { loop, out, operator: openPartitionStep(end, branch, context) };
  });
  const feed = (from: number, batch: readonly unknown[]): void => {
    let rows = batch;
    for (let index = from; index < stages.length && rows.length > 0; index += 1) {
      const stage = stages[index];
      stage?.loop(rows);
      if (stage?.operator === undefined) return;
      rows = stage.operator.push(stage.out.rows.splice(0));
    }
  };
  return {
    push: (batch) => feed(0, batch),
    async end() {
      for (const [index, { operator }] of stages.entries()) {
        if (operator !== undefined) feed(index + 1, await operator.end());
      }
    },
  };
}

type Segment =
  | { readonly loop: Loop; readonly operator: undefined; readonly out: undefined }
  | { readonly loop: Loop; readonly operator: PartitionOperator; readonly out: Extract<LoopSink, { kind: "push" }> };

/** Element steps up to a partition step, and that step; the last segment ends in the sink instead. */
function segmentsOf(steps: readonly Step[]): { readonly steps: ElementStep[]; end: PartitionStep | undefined }[] {
  const segments: { readonly steps: ElementStep[]; end: PartitionStep | undefined }[] = [{ steps: [], end: undefined }];
  for (const step of steps) {
    const open = segments.at(-1);
    if (isElementStep(step)) open?.steps.push(step);
    else {
      if (open !== undefined) open.end = step;
      segments.push({ steps: [], end: undefined });
    }
  }
  return segments;
}

function isElementStep(step: Step): step is ElementStep {
  return step.kind === "map" || step.kind === "filter" || step.kind === "flatMap";
}
