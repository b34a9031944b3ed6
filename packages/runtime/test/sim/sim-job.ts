import type { Prng } from "@tutti/stdx";
import { divideSlices, type DividedSlice, type SliceRows } from "../../src/core/divide-slices.ts";
import type { JobGraph, SliceDivision, Stage, StageInput } from "../../src/core/job.ts";

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
  const divisions = inputs.map((own) => (prng.nextBelow(2) === 0 ? divisionOf(own) : undefined));
  const stages = partitionCounts.map((partitionCount, id): Stage => ({
    id,
    name: `${name}/${id}`,
    partitionCount: partitionCount * (divisions[id]?.sharesMax ?? 1),
    ...(divisions[id] === undefined ? {} : { division: divisions[id] }),
    inputs: inputs[id] ?? [],
    module,
    exportName: "run",
    args: { sliceCount: sliceCounts.get(id) ?? 1 } satisfies SimStageArgs,
    closures: [],
  }));
  return { name, stages };
}

/** Of a stage that reads slices: each may be read by several tasks. */
function divisionOf(inputs: readonly StageInput[]): SliceDivision | undefined {
  const places = inputs.flatMap(({ kind }, place) => (kind === "slice" ? place : []));
  return places.length === 0 ? undefined : { inputs: places, sharesMax: 3, rowsMin: 0 };
}

/** How many rows a task says that it has written into a slice: some have many more than others. */
export function rowsIn(stage: number, partition: number, slice: number): number {
  return ((stage * 7 + partition * 5 + slice * 3) % 4) ** 3;
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

/** What stages write: by partition, by slice. Tasks that do not run write nothing. */
export type Outputs = readonly (readonly string[])[];

/** What each stage of a job writes, worked out without any cluster. */
export function expectedOutputs({ stages }: JobGraph, kept: Outputs = []): readonly Outputs[] {
  const outputs: Outputs[] = [];
  for (const stage of stages) {
    const { id, partitionCount, inputs, args } = stage;
    const { sliceCount } = args as SimStageArgs;
    const divided = dividedIn(stage, outputs);
    const sharesMax = stage.division?.sharesMax ?? 1;
    outputs.push(
      Array.from({ length: partitionCount }, (_, partition) => {
        const place = Math.floor(partition / sharesMax);
        const share = partition % sharesMax;
        const { input: dividedInput, cuts = [0, 1] } = divided[place] ?? {};
        // It does not run, and leaves nothing.
        if (share >= cuts.length - 1) return [];
        const read = inputs.map((input, index) => {
          const range = dividedInput === index ? cuts.slice(share, share + 2) : [];
          return readBy(input, place, { outputs, kept, range });
        });
        return Array.from({ length: sliceCount }, (__, slice) => sliceOf(id, partition, slice, read));
      }),
    );
  }
  return outputs;
}

function dividedIn({ inputs, division }: Stage, outputs: readonly Outputs[]): readonly (DividedSlice | undefined)[] {
  if (division === undefined) return [];
  const rows = new Map<number, SliceRows>();
  for (const place of division.inputs) {
    const input = inputs[place];
    if (input?.kind !== "slice" || !("stage" in input.from)) continue;
    const { stage } = input.from;
    const written = (outputs[stage] ?? []).map((slices, partition) =>
      slices.map((_, slice) => rowsIn(stage, partition, slice)),
    );
    rows.set(place, written);
  }
  return divideSlices(rows, division);
}

interface ReadPlace {
  readonly outputs: readonly Outputs[];
  readonly kept: Outputs;
  /** Of a slice that is divided, the outputs whose part of it is read; empty: all. */
  readonly range: readonly number[];
}

function readBy(input: StageInput, partition: number, { outputs, kept, range }: ReadPlace): readonly string[] {
  if (input.kind === "rows") return (input.partitions[partition] ?? []) as readonly string[];
  const from = "stage" in input.from ? (outputs[input.from.stage] ?? []) : kept;
  return input.kind === "slice" ? from.slice(...range).flatMap((slices) => slices[partition] ?? []) : from.flat();
}
