import type { Prng } from "@tutti/stdx";
import type { JobGraph, Stage, StageInput } from "../../src/core/job.ts";

/** Nothing is imported: simulated workers know what tasks do. */
const module = { specifier: "simulated", url: "simulated:" };

/** What a task of a stage is told: how many slices it writes. */
export interface SimStageArgs {
  readonly sliceCount: number;
}

/** One to four stages, the first of rows, each reading some before it, by slices or whole. */
export function randomJob(prng: Prng, name: string): JobGraph {
  const stageCount = 1 + prng.nextBelow(4);
  const partitionCounts = Array.from({ length: stageCount }, () => 1 + prng.nextBelow(4));
  const sliceCounts = new Map<number, number>();
  const inputs = partitionCounts.map((partitionCount, id): StageInput[] => {
    if (id === 0)
      return [{ kind: "rows", partitions: Array.from({ length: partitionCount }, (_, row) => [`${name} ${row}`]) }];
    const froms = new Set([id - 1, ...(prng.nextBelow(3) === 0 ? [prng.nextBelow(id)] : [])]);
    return [...froms].map((stage): StageInput => {
      // A stage writes its slices for one reader; others read all of them.
      if (sliceCounts.has(stage) || prng.nextBelow(2) === 0) return { kind: "all", from: { stage } };
      sliceCounts.set(stage, partitionCount);
      return { kind: "slice", from: { stage }, sliceCount: partitionCount };
    });
  });
  const stages = partitionCounts.map((partitionCount, id): Stage => ({
    id,
    name: `${name}/${id}`,
    partitionCount,
    inputs: inputs[id] ?? [],
    module,
    exportName: "run",
    args: { sliceCount: sliceCounts.get(id) ?? 1 } satisfies SimStageArgs,
    closures: [],
  }));
  return { name, stages };
}

/** What a task writes into one of its slices: it depends on the place of the task and on all that it has read. */
export function sliceOf(stage: number, partition: number, slice: number, read: readonly (readonly string[])[]): string {
  const text = JSON.stringify([stage, partition, slice, read]);
  let hash = 0x811c_9dc5;
  for (let place = 0; place < text.length; place += 1)
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x0100_0193) >>> 0;
  return `${stage}.${partition}.${slice}:${hash.toString(16)}`;
}

/** The same job, which leaves what its first stage wrote under a key. */
export function keeping(job: JobGraph, key: string): JobGraph {
  return { ...job, stages: job.stages.map((stage) => (stage.id === 0 ? { ...stage, keepAs: key } : stage)) };
}

/** A job that reads what an earlier one left. */
export function readingJob(prng: Prng, name: string, key: string): JobGraph {
  const first = randomJob(prng, name);
  const inputs: StageInput[] = [{ kind: "all", from: { kept: key } }];
  return { name, stages: first.stages.map((stage) => (stage.id === 0 ? { ...stage, inputs } : stage)) };
}

/** What stages write: by partition, by slice. */
export type Outputs = readonly (readonly string[])[];

/** What each stage of a job writes, worked out without any cluster. */
export function expectedOutputs({ stages }: JobGraph, kept: Outputs = []): readonly Outputs[] {
  const outputs: Outputs[] = [];
  for (const { id, partitionCount, inputs, args } of stages) {
    const { sliceCount } = args as SimStageArgs;
    outputs.push(
      Array.from({ length: partitionCount }, (_, partition) => {
        const read = inputs.map((input) => readBy(input, partition, { outputs, kept }));
        return Array.from({ length: sliceCount }, (__, slice) => sliceOf(id, partition, slice, read));
      }),
    );
  }
  return outputs;
}

function readBy(
  input: StageInput,
  partition: number,
  { outputs, kept }: { readonly outputs: readonly Outputs[]; readonly kept: Outputs },
): readonly string[] {
  if (input.kind === "rows") return (input.partitions[partition] ?? []) as readonly string[];
  const from = "stage" in input.from ? (outputs[input.from.stage] ?? []) : kept;
  return input.kind === "slice" ? from.flatMap((slices) => slices[partition] ?? []) : from.flat();
}
