import type { AnyFunction, JobGraph, KeepPlace, OutputSource, Stage, StageInput, TaskModule } from "@tutti/runtime";
import { assert } from "@tutti/stdx";
import { DatasetError } from "../dataset-error.ts";
import type { Lineage, NarrowNode, SourceNode, WideNode } from "./lineage.ts";
import type { Branch, Sink, Source, StageProgram, Step } from "./program.ts";

/** What an action wants of the last stage. */
export type ActionSink =
  | { readonly kind: "collect"; readonly rowsMax?: number }
  | { readonly kind: "count" }
  | { readonly kind: "reduce"; readonly fn: AnyFunction; readonly initial?: { readonly value: unknown } }
  | Extract<Sink, { kind: "file" }>;

export interface PlanOptions {
  readonly name: string;
  readonly module: TaskModule;
  /** The partitions of each file source, found beforehand: planning does no I/O. */
  readonly splits: ReadonlyMap<SourceNode, readonly unknown[]>;
  /** Whether the functions of the last stage are called for what they do. */
  readonly hasEffects?: boolean;
  /** What earlier jobs left with the executor: partition counts by key. */
  readonly kept: ReadonlyMap<string, number>;
  /** Result stage: stop once this many rows have arrived. */
  readonly rowsWanted?: number;
}

/** A job, and how many partitions each RDD has that it leaves with the executor. */
export interface PlannedJob {
  readonly graph: JobGraph;
  readonly keeps: ReadonlyMap<string, number>;
}

/** Cuts a lineage into stages at its shuffles. Each stage is a loop for each of its branches. */
export function planJob(lineage: Lineage, sink: ActionSink, options: PlanOptions): PlannedJob {
  const planner = new Planner(options);
  planner.close(lineage, sink.kind, (stage) =>
    sink.kind === "reduce" ? { ...sink, fn: stage.closure(sink.fn) } : sink,
  );
  const last = planner.stages.at(-1);
  const stages = planner.stages.map((stage) => {
    return stage === last && options.hasEffects === true ? { ...stage, hasEffects: true } : stage;
  });
  return { graph: { name: options.name, stages }, keeps: planner.keeps };
}

interface OpenBranch extends Branch {
  readonly steps: Step[];
  readonly splits: readonly unknown[] | undefined;
  readonly labels: string[];
}

/** What a closed stage left, for those that read it. */
interface Closed {
  readonly from: OutputSource;
  readonly partitionCount: number;
}

/** Inputs and closures of a stage that is being put together. */
class StageParts {
  readonly inputs: StageInput[] = [];
  readonly closures: AnyFunction[] = [];

  input(input: StageInput): number {
    return this.inputs.push(input) - 1;
  }

  closure(fn: AnyFunction): number {
    const present = this.closures.indexOf(fn);
    return present >= 0 ? present : this.closures.push(fn) - 1;
  }
}

/** Where in a stage the next branch goes. */
interface Place {
  readonly stage: StageParts;
  readonly first: number;
}

const keyOfPair = (pair: readonly [unknown, unknown]): unknown => pair[0];

class Planner {
  readonly stages: Stage[] = [];
  readonly keeps: Map<string, number> = new Map();
  readonly #options: PlanOptions;
  /** An RDD that is used twice is shuffled once. */
  readonly #closed: Map<Lineage, Map<string, Closed>> = new Map();

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  /** Ends a stage with a sink, adds it to the job, and says where its outputs are. */
  close(input: Lineage, label: string, sinkFor: (stage: StageParts, partitionCount: number) => Sink): Closed {
    const stage = new StageParts();
    const branches = this.#open(input, { stage, first: 0 });
    const partitionCount = branches.reduce((sum, branch) => sum + branch.partitionCount, 0);
    return this.#add(stage, branches, { label, sink: sinkFor(stage, partitionCount) });
  }

  #add(
    stage: StageParts,
    branches: readonly OpenBranch[],
    end: { label: string; sink: Sink; keepAs?: string; keepIn?: KeepPlace },
  ): Closed {
    const partitionCount = branches.reduce((sum, branch) => sum + branch.partitionCount, 0);
    const program: StageProgram = {
      branches: branches.map(({ first, partitionCount: count, source, steps }) => ({
        first,
        partitionCount: count,
        source,
        steps,
      })),
      sink: end.sink,
    };
    const { rowsWanted, module } = this.#options;
    const id = this.stages.length;
    this.stages.push({
      id,
      name: [branches.map((branch) => branch.labels.join(" → ")).join(" + "), end.label].join(" → "),
      partitionCount,
      inputs: stage.inputs,
      module,
      exportName: "runRddStage",
      args: program,
      partitionArgs: branches.flatMap(
        (branch) => branch.splits ?? Array.from({ length: branch.partitionCount }, () => undefined),
      ),
      closures: stage.closures,
      ...(end.keepAs === undefined ? {} : { keepAs: end.keepAs }),
      ...(end.keepIn === undefined ? {} : { keepIn: end.keepIn }),
      ...(end.sink.kind === "collect" && end.sink.rowsMax !== undefined && rowsWanted !== undefined
        ? { rowsWanted }
        : {}),
    });
    return { from: { stage: id }, partitionCount };
  }

  #closeOnce(node: Lineage, label: string, make: () => Closed): Closed {
    const closed = this.#closed.get(node) ?? new Map<string, Closed>();
    this.#closed.set(node, closed);
    const present = closed.get(label) ?? make();
    closed.set(label, present);
    return present;
  }

  /** All rows of an RDD, partition by partition, as they are. */
  #materialize(node: Lineage): Closed {
    return this.#closeOnce(node, "collect", () => this.close(node, "collect", () => ({ kind: "collect" })));
  }

  #open(node: Lineage, place: Place): OpenBranch[] {
    switch (node.kind) {
      case "rows":
      case "text":
      case "objects":
      case "files":
      case "parquet":
      case "frame":
        return [this.#openSource(node, place)];
      case "union":
        return this.#openUnion(node.inputs, place);
      case "coalesce":
        return [this.#openCoalesce(node, place)];
      case "persist":
        return [this.#openPersisted(node, place)];
      case "partition":
        return [this.#openOnePartition(node, place)];
      case "combineByKey":
      case "exchange":
      case "cogroup":
      case "sortBy":
        return [this.#openShuffle(node, place)];
      default: {
        // What a step reads beside the rows must be closed first: a stage reads only earlier ones.
        const makeStep = this.#stepFor(node, place);
        const branches = this.#open(node.input, place);
        const partitionCount = branches.reduce((sum, branch) => sum + branch.partitionCount, 0);
        for (const branch of branches) {
          branch.steps.push(makeStep(branch.first - place.first, partitionCount));
          branch.labels.push(node.kind);
        }
        return branches;
      }
    }
  }

  #openSource(node: SourceNode, { stage, first }: Place): OpenBranch {
    if (node.kind === "rows") {
      const input = stage.input({ kind: "rows", partitions: node.partitions, first });
      return branchOf({
        first,
        partitionCount: node.partitions.length,
        source: { kind: "rows", input },
        label: "parallelize",
      });
    }
    const splits = this.#options.splits.get(node) ?? [];
    const source = sourceOf(node);
    const labels = {
      text: "textFile",
      objects: "objectFile",
      files: "wholeFiles",
      parquet: "parquetRows",
      frame: "frame",
    } as const;
    return branchOf({ first, partitionCount: splits.length, source, label: labels[node.kind], splits });
  }

  #openUnion(inputs: readonly Lineage[], { stage, first }: Place): OpenBranch[] {
    let next = first;
    return inputs.flatMap((input) => {
      const branches = this.#open(input, { stage, first: next });
      next += branches.reduce((sum, branch) => sum + branch.partitionCount, 0);
      return branches;
    });
  }

  #openCoalesce(node: Extract<NarrowNode, { kind: "coalesce" }>, { stage, first }: Place): OpenBranch {
    const { from, partitionCount: present } = this.#materialize(node.input);
    const partitionCount = Math.min(present, node.partitionCount);
    const cut = (index: number): number => Math.floor((index * present) / partitionCount);
    const lists = Array.from({ length: partitionCount }, (_, index) =>
      Array.from({ length: cut(index + 1) - cut(index) }, (__, offset) => cut(index) + offset),
    );
    const input = stage.input({ kind: "listed", from, lists, first });
    return branchOf({ first, partitionCount, source: { kind: "rows", input }, label: "coalesce" });
  }

  #openPersisted(node: Extract<NarrowNode, { kind: "persist" }>, { stage, first }: Place): OpenBranch {
    const keptCount = this.#options.kept.get(node.key);
    const { from, partitionCount } =
      keptCount === undefined
        ? this.#closeOnce(node, "persist", () => this.#closeKept(node))
        : { from: { kept: node.key }, partitionCount: keptCount };
    const input = stage.input({ kind: "listed", from, lists: identityLists(partitionCount), first });
    return branchOf({ first, partitionCount, source: { kind: "rows", input }, label: "persisted" });
  }

  /**
   * The stage is opened as if its first partition were the wanted one: everything before lies below zero, where no task
   * is. Only alone in a stage, since branches that begin below zero would hide others.
   */
  #openOnePartition(
    { input, partition }: Extract<NarrowNode, { kind: "partition" }>,
    { stage, first }: Place,
  ): OpenBranch {
    const branches = this.#open(input, { stage, first: first - partition });
    const branch = branches.find((one) => one.first <= first && first < one.first + one.partitionCount);
    assert(branch !== undefined && first === 0, "a single partition is one that its RDD has, in a stage of its own");
    const splits = branch.splits === undefined ? undefined : [branch.splits[first - branch.first]];
    return { ...branch, partitionCount: 1, splits };
  }

  #closeKept(node: Extract<NarrowNode, { kind: "persist" }>): Closed {
    const stage = new StageParts();
    const branches = this.#open(node.input, { stage, first: 0 });
    const closed = this.#add(stage, branches, {
      label: "persist",
      sink: { kind: "collect" },
      keepAs: node.key,
      keepIn: node.keepIn,
    });
    this.keeps.set(node.key, closed.partitionCount);
    return closed;
  }

  /** Makes the step for a branch, from where the branch begins in its RDD and how many partitions that has. */
  #stepFor(node: StepNode, { stage, first }: Place): (indexBase: number, partitionCount: number) => Step {
    switch (node.kind) {
      case "map":
      case "filter":
      case "flatMap": {
        const step: Step = { kind: node.kind, fn: stage.closure(node.fn) };
        return () => step;
      }
      case "mapPartitions": {
        const fn = stage.closure(node.fn);
        return (indexBase) => ({ kind: "partition", fn, indexBase });
      }
      case "sample": {
        const { from, to, withReplacement, seed } = node;
        return (indexBase) => ({ kind: "sample", from, to, withReplacement, seed, indexBase });
      }
      case "zipWithUniqueId":
        return (indexBase, partitionCount) => ({ kind: "uniqueId", partitionCount, indexBase });
      case "zipWithIndex": {
        const counted = this.#closeOnce(node, "count", () =>
          this.close(node.input, "count", () => ({ kind: "count" })),
        );
        const counts = stage.input({ kind: "all", from: counted.from });
        return (indexBase) => ({ kind: "index", counts, indexBase });
      }
      case "cartesian": {
        const input = stage.input({ kind: "all", from: this.#materialize(node.other).from });
        return () => ({ kind: "cartesian", input });
      }
      case "zip": {
        const { from, partitionCount } = this.#materialize(node.other);
        const input = stage.input({ kind: "listed", from, lists: identityLists(partitionCount), first });
        return (_, ownCount) => {
          if (ownCount === partitionCount) return { kind: "zip", input };
          const what = `zip needs as many partitions on both sides; there are ${ownCount} and ${partitionCount}`;
          throw new DatasetError("invalid-argument", what);
        };
      }
      case "pipe": {
        const { command, args } = node;
        return () => ({ kind: "pipe", command, args });
      }
    }
  }

  #openShuffle(node: WideNode, { stage, first }: Place): OpenBranch {
    switch (node.kind) {
      case "combineByKey":
        return this.#openCombine(node, { stage, first });
      case "exchange": {
        const sliceCount = node.partitionCount;
        const { from } = this.#closeOnce(node, "exchange", () =>
          this.close(node.input, "exchange", (closing) => {
            const by = typeof node.by === "function" ? closing.closure(node.by) : node.by;
            return { kind: "exchange", by, sliceCount };
          }),
        );
        const input = stage.input({ kind: "slice", from, sliceCount, first });
        const source: Source = node.isSorted
          ? { kind: "sorted", input, key: stage.closure(keyOfPair), isAscending: true }
          : { kind: "rows", input };
        return branchOf({ first, partitionCount: sliceCount, source, label: "exchanged" });
      }
      case "cogroup":
        return this.#openCogroup(node, { stage, first });
      case "sortBy":
        return this.#openSort(node, { stage, first });
    }
  }

  #openCombine(node: Extract<WideNode, { kind: "combineByKey" }>, { stage, first }: Place): OpenBranch {
    let sliceCount = node.partitionCount;
    const closed = this.#closeOnce(node, "combine", () =>
      this.close(node.input, node.mapSide ? "combine" : "exchange", (closing, partitionCount) => {
        sliceCount ??= Math.max(1, partitionCount);
        if (!node.mapSide) return { kind: "exchange", by: "key", sliceCount };
        const create = node.create === undefined ? undefined : closing.closure(node.create);
        return { kind: "combine", create, merge: closing.closure(node.mergeValue), sliceCount };
      }),
    );
    const partitionCount = sliceCount ?? Math.max(1, closed.partitionCount);
    const input = stage.input({ kind: "slice", from: closed.from, sliceCount: partitionCount, first });
    const isCreating = !node.mapSide && node.create !== undefined;
    const source: Source = {
      kind: "combined",
      input,
      create: isCreating ? stage.closure(node.create) : undefined,
      merge: stage.closure(node.mapSide ? node.mergeCombiners : node.mergeValue),
      mergeCombiners: stage.closure(node.mergeCombiners),
    };
    return branchOf({ first, partitionCount, source, label: "combined" });
  }

  #openCogroup(node: Extract<WideNode, { kind: "cogroup" }>, { stage, first }: Place): OpenBranch {
    const sliceCount = node.partitionCount ?? Math.max(1, ...node.inputs.map((input) => this.#countPartitions(input)));
    const inputs = node.inputs.map((input) => {
      const { from } = this.#closeOnce(input, `exchange by key, ${sliceCount}`, () =>
        this.close(input, "exchange", () => ({ kind: "exchange", by: "key", sliceCount })),
      );
      return stage.input({ kind: "slice", from, sliceCount, first });
    });
    return branchOf({ first, partitionCount: sliceCount, source: { kind: "cogrouped", inputs }, label: "cogrouped" });
  }

  /**
   * Three stages: sample the keys, choose bounds, cut the rows at them. The first and the third read the input anew, as
   * Spark does; what is expensive to read twice is worth persisting.
   */
  #openSort(node: Extract<WideNode, { kind: "sortBy" }>, { stage, first }: Place): OpenBranch {
    let sliceCount = node.partitionCount;
    const ranges = this.#closeOnce(node, "sort", () => {
      const sample = this.close(node.input, "sample keys", (closing, count) => {
        sliceCount ??= Math.max(1, count);
        return { kind: "sample", key: closing.closure(node.key) };
      });
      const bounds = this.#closeBounds(sample, sliceCount ?? 1);
      return this.close(node.input, "cut at bounds", (closing) => ({
        kind: "range",
        key: closing.closure(node.key),
        isAscending: node.isAscending,
        bounds: closing.input({ kind: "all", from: bounds.from }),
        sliceCount: sliceCount ?? 1,
      }));
    });
    const partitionCount = sliceCount ?? Math.max(1, ranges.partitionCount);
    const input = stage.input({ kind: "slice", from: ranges.from, sliceCount: partitionCount, first });
    const source: Source = { kind: "sorted", input, key: stage.closure(node.key), isAscending: node.isAscending };
    return branchOf({ first, partitionCount, source, label: "sorted" });
  }

  #closeBounds(sample: Closed, sliceCount: number): Closed {
    const stage = new StageParts();
    const input = stage.input({ kind: "all", from: sample.from });
    const branch = branchOf({ first: 0, partitionCount: 1, source: { kind: "rows", input }, label: "sampled keys" });
    return this.#add(stage, [branch], { label: "choose bounds", sink: { kind: "bounds", sliceCount } });
  }

  /** How many partitions an RDD has, without adding a stage for it. */
  #countPartitions(node: Lineage): number {
    const trial = new Planner(this.#options);
    const branches = trial.#open(node, { stage: new StageParts(), first: 0 });
    return branches.reduce((sum, branch) => sum + branch.partitionCount, 0);
  }
}

/** Narrow nodes that become a step of the stage that they follow. */
type StepNode = Exclude<NarrowNode, { kind: "union" | "coalesce" | "persist" | "partition" }>;

/** How many partitions an RDD has. */
export function countPartitions(lineage: Lineage, options: PlanOptions): number {
  const { stages } = planJob(lineage, { kind: "count" }, options).graph;
  const last = stages.at(-1);
  assert(last !== undefined, "a planned job has a result stage");
  return last.partitionCount;
}

interface BranchParts {
  readonly first: number;
  readonly partitionCount: number;
  readonly source: Source;
  readonly label: string;
  readonly splits?: readonly unknown[];
}

function branchOf({ label, splits, ...rest }: BranchParts): OpenBranch {
  return { ...rest, steps: [], splits, labels: [label] };
}

function identityLists(partitionCount: number): number[][] {
  return Array.from({ length: partitionCount }, (_, index) => [index]);
}

function sourceOf(node: Exclude<SourceNode, { readonly kind: "rows" }>): Source {
  switch (node.kind) {
    case "files":
      return { kind: "files", as: node.as };
    case "frame":
      return { kind: "frame", as: node.as };
    default:
      return { kind: node.kind };
  }
}
