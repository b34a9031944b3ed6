import type { AnyFunction, JobGraph, Stage, StageInput, TaskModule } from "@tutti/runtime";
import type { Lineage, ReduceByKeyNode, SortByNode, SourceNode } from "./lineage.ts";
import type { Sink, Source, StageProgram, Step } from "./program.ts";

/** What an action wants of the last stage. `fn` is its function, where its sink has one. */
export type ActionSink =
  | { readonly kind: "collect"; readonly rowsMax?: number }
  | { readonly kind: "count" }
  | { readonly kind: "reduce"; readonly fn: AnyFunction }
  | { readonly kind: "text"; readonly directory: string };

export interface PlanOptions {
  readonly name: string;
  readonly module: TaskModule;
  /** The partitions of each file source, found beforehand: planning does no I/O. */
  readonly splits: ReadonlyMap<SourceNode, readonly unknown[]>;
  /** Result stage: stop once this many rows have arrived. */
  readonly rowsWanted?: number;
}

/** Cuts a lineage into stages at its shuffles. Each stage is one fused loop. */
export function planJob(lineage: Lineage, sink: ActionSink, options: PlanOptions): JobGraph {
  const stages: Stage[] = [];
  const last = openStage(lineage, { stages, options });
  closeStage(last, { sink: actionSink(sink, last), label: sink.kind, stages, options });
  return { name: options.name, stages };
}

/** A stage to which steps can still be added. */
interface OpenStage {
  readonly source: Source;
  readonly steps: Step[];
  readonly inputs: StageInput[];
  readonly closures: AnyFunction[];
  readonly partitionCount: number;
  readonly partitionArgs: readonly unknown[] | undefined;
  readonly labels: string[];
}

interface Planning {
  readonly stages: Stage[];
  readonly options: PlanOptions;
}

function openStage(lineage: Lineage, planning: Planning): OpenStage {
  switch (lineage.kind) {
    case "rows":
    case "text":
    case "parquet":
      return openSource(lineage, planning.options);
    case "map":
    case "filter":
    case "flatMap": {
      const stage = openStage(lineage.input, planning);
      stage.steps.push({ kind: lineage.kind, fn: closureIndex(stage, lineage.fn) });
      stage.labels.push(lineage.kind);
      return stage;
    }
    case "reduceByKey":
      return openReduce(lineage, planning);
    case "sortBy":
      return openSort(lineage, planning);
  }
}

function openSource(node: SourceNode, options: PlanOptions): OpenStage {
  const base = { steps: [], closures: [] };
  if (node.kind === "rows") {
    return {
      ...base,
      source: { kind: "rows", input: 0 },
      inputs: [{ kind: "rows", partitions: node.partitions }],
      partitionCount: node.partitions.length,
      partitionArgs: undefined,
      labels: ["parallelize"],
    };
  }
  const splits = options.splits.get(node) ?? [];
  return {
    ...base,
    source: { kind: node.kind },
    inputs: [],
    partitionCount: splits.length,
    partitionArgs: splits,
    labels: [node.kind === "text" ? "textFile" : "parquetRows"],
  };
}

function openReduce(node: ReduceByKeyNode, planning: Planning): OpenStage {
  const input = openStage(node.input, planning);
  const sliceCount = node.partitionCount ?? Math.max(1, input.partitionCount);
  const combine = closureIndex(input, node.fn);
  const stage = closeStage(input, { sink: { kind: "combine", combine, sliceCount }, label: "combine", ...planning });
  return {
    source: { kind: "combined", input: 0, combine: 0 },
    steps: [],
    inputs: [{ kind: "slice", stage }],
    closures: [node.fn],
    partitionCount: sliceCount,
    partitionArgs: undefined,
    labels: ["reduceByKey"],
  };
}

/**
 * Three stages: sample the keys, choose bounds, cut the rows at them. The first and the third read the input anew, as
 * Spark does; what is expensive to read twice is worth caching.
 */
function openSort(node: SortByNode, planning: Planning): OpenStage {
  const sampled = openStage(node.input, planning);
  const sliceCount = node.partitionCount ?? Math.max(1, sampled.partitionCount);
  const key = closureIndex(sampled, node.key);
  const sample = closeStage(sampled, { sink: { kind: "sample", key }, label: "sample keys", ...planning });
  const choosing = { ...emptyStage(), inputs: [{ kind: "all" as const, stage: sample }], labels: ["sampled keys"] };
  const bounds = closeStage(choosing, { sink: { kind: "bounds", sliceCount }, label: "choose bounds", ...planning });

  const cut = reopen(sampled);
  cut.inputs.push({ kind: "all", stage: bounds });
  const { isAscending } = node;
  const sink: Sink = { kind: "range", key, isAscending, bounds: cut.inputs.length - 1, sliceCount };
  const ranges = closeStage(cut, { sink, label: "cut at bounds", ...planning });
  return {
    ...emptyStage(),
    source: { kind: "sorted", input: 0, key: 0, isAscending },
    inputs: [{ kind: "slice", stage: ranges }],
    closures: [node.key],
    partitionCount: sliceCount,
    labels: ["sortBy"],
  };
}

function emptyStage(): OpenStage {
  const source: Source = { kind: "rows", input: 0 };
  return { source, steps: [], inputs: [], closures: [], partitionCount: 1, partitionArgs: undefined, labels: [] };
}

/** The same rows once more, for another sink. */
function reopen(stage: OpenStage): OpenStage {
  const { steps, inputs, closures, labels } = stage;
  return { ...stage, steps: [...steps], inputs: [...inputs], closures: [...closures], labels: [...labels] };
}

interface Closing extends Planning {
  readonly sink: Sink;
  readonly label: string;
}

/** Adds the stage to the job and gives its id. */
function closeStage(open: OpenStage, { sink, label, stages, options }: Closing): number {
  const program: StageProgram = { source: open.source, steps: open.steps, sink };
  const isResult = sink.kind === "collect" && options.rowsWanted !== undefined;
  stages.push({
    id: stages.length,
    name: [...open.labels, label].join(" → "),
    partitionCount: open.partitionCount,
    inputs: open.inputs,
    module: options.module,
    exportName: "runRddStage",
    args: program,
    closures: open.closures,
    ...(open.partitionArgs === undefined ? {} : { partitionArgs: open.partitionArgs }),
    ...(isResult ? { rowsWanted: options.rowsWanted } : {}),
  });
  return stages.length - 1;
}

function actionSink(sink: ActionSink, stage: OpenStage): Sink {
  return sink.kind === "reduce" ? { kind: "reduce", fn: closureIndex(stage, sink.fn) } : sink;
}

function closureIndex(stage: OpenStage, fn: AnyFunction): number {
  const present = stage.closures.indexOf(fn);
  return present >= 0 ? present : stage.closures.push(fn) - 1;
}
