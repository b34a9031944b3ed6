import { version } from "@duckdb/node-api";
import type { Executor, JobGraph, SliceDivision, Stage, StageInput } from "@tutti/runtime";
import { DatasetError } from "../dataset-error.ts";
import type { FileForm, QueryRun } from "../frame/frame-engine.ts";
import { jsFunctionOf, type JsFunction } from "../frame/js-functions.ts";
import type { Schema } from "../plan/data-type.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import type {
  Branch,
  LeafPlan,
  PhysicalPlan,
  PhysicalStage,
  StageOutput,
  StageRead,
  UnreducedPlan,
} from "../physical/physical-plan.ts";
import { workerModule } from "../worker-module.ts";
import { exchangeColumns, exchangeType } from "./exchange-columns.ts";
import { compileExpression, compileSortKeys } from "./compile-expression.ts";
import type {
  FragmentBranch,
  FragmentOutput,
  FragmentProgram,
  FragmentRead,
  LeafPart,
  UnreducedQuery,
} from "./fragment.ts";
import { jsFunctionIds } from "./js-scalar.ts";
import type { Piece } from "./parquet-pieces.ts";

/** What the driver must be able to do for a job of fragments. */
export interface StageHost {
  readonly timeZone: string;
  /** How many slices rows are cut into that change places. */
  readonly sliceCount: number;
  /** Slices of more rows than this may be shared by several tasks. */
  readonly skewedRowsMin: number;
  /** The query of a fragment; leaves that tasks read by name stay names. */
  readonly compile: (plan: ResolvedPlan, isWide: boolean) => Promise<string>;
  /** A query for each part of a leaf; or its rows, cut by the driver, where only the driver can read it. */
  readonly split: (leaf: LeafPlan) => Promise<LeafSplit>;
}

export type LeafSplit =
  | { readonly kind: "queries"; readonly queries: readonly string[] }
  | { readonly kind: "pieces"; readonly pieces: readonly (readonly Piece[])[] };

/** Where the last tasks of a plan write files. */
export interface CopyTarget {
  readonly form: FileForm;
  readonly directory: string;
}

/** The job of a plan that was cut. Its rows are its result, or go into files. */
export async function jobOfStages(plan: PhysicalPlan, host: StageHost, files?: CopyTarget): Promise<JobGraph> {
  const stages: Stage[] = [];
  for (const stage of plan.stages) stages.push(await jobStage(stage, { host, stages }));
  const last = stages.at(-1);
  if (files === undefined || last === undefined) return { name: "query", stages };
  const program: FragmentProgram = { ...(last.args as FragmentProgram), output: { kind: "files", ...files } };
  return { name: "write", stages: [...stages.slice(0, -1), { ...last, args: program }] };
}

/** So many tasks may share a slice. */
const sharesMax = 8;

/** How the slices of a stage are divided, where some have many more rows than the others. */
function divisionOf(
  branches: readonly Branch[],
  [program]: readonly FragmentBranch[],
  { skewedRowsMin }: StageHost,
): SliceDivision | undefined {
  const [branch, ...others] = branches;
  if (others.length > 0 || branch?.source.kind !== "slices" || branch.source.divisible === undefined) return undefined;
  const { divisible } = branch.source;
  const inputs = program?.reads.flatMap(({ name, input }) => (divisible.includes(name) ? input : [])) ?? [];
  return { inputs, sharesMax, rowsMin: skewedRowsMin };
}

interface StageParts {
  readonly host: StageHost;
  /** Those before it. */
  readonly stages: readonly Stage[];
}

async function jobStage({ branches, schema, output }: PhysicalStage, { host, stages }: StageParts): Promise<Stage> {
  const inputs: StageInput[] = [];
  const wholes = new Map<number, number>();
  const partitionArgs: LeafPart[] = [];
  const programs: FragmentBranch[] = [];
  const whole = (read: StageRead): FragmentRead => {
    const input = wholes.get(read.stage) ?? inputs.push({ kind: "all", from: { stage: read.stage } }) - 1;
    wholes.set(read.stage, input);
    return readAt(read, input);
  };
  for (const branch of branches) {
    const first = partitionArgs.length;
    const opened = await openSource(branch, { host, stages, first, isAlone: branches.length === 1 });
    const reads = opened.inputs.map(({ read, input }) => readAt(read, inputs.push(input) - 1));
    partitionArgs.push(...opened.parts);
    reads.push(...branch.broadcasts.map(whole));
    if (output.kind === "range") reads.push(whole(output.bounds));
    programs.push({
      first,
      partitionCount: opened.parts.length,
      query: await host.compile(branch.plan, false),
      wideQuery: await host.compile(branch.plan, true),
      ...(branch.unreduced === undefined ? {} : { unreduced: await unreducedQuery(branch.unreduced, host) }),
      ...(branch.source.kind === "leaf" ? { leafName: branch.source.name } : {}),
      reads: unique(reads),
    });
  }
  const division = divisionOf(branches, programs, host);
  const functions = functionsIn(branches);
  const program: FragmentProgram = {
    timeZone: host.timeZone,
    engineVersion: version(),
    branches: programs,
    output: outputOf(output, schema, host.sliceCount),
    functions: functions.map(({ signature }) => signature),
  };
  return {
    id: stages.length,
    name: stageName(branches, output),
    partitionCount: partitionArgs.length,
    inputs,
    module: workerModule,
    exportName: "runFragment",
    args: program,
    partitionArgs,
    ...(division === undefined ? {} : { division }),
    closures: functions.map(({ fn }) => fn),
  };
}

async function unreducedQuery({ plan, keys }: UnreducedPlan, { compile }: StageHost): Promise<UnreducedQuery> {
  return { keys: await compile(keys, false), query: await compile(plan, false), wideQuery: await compile(plan, true) };
}

interface OpenedSource {
  /** What each task of the branch is told. */
  readonly parts: readonly LeafPart[];
  readonly inputs: readonly { readonly read: StageRead; readonly input: StageInput }[];
}

async function openSource(
  { source }: Branch,
  { host, stages, first, isAlone }: StageParts & { readonly first: number; readonly isAlone: boolean },
): Promise<OpenedSource> {
  switch (source.kind) {
    case "leaf": {
      const split = await host.split(source.leaf);
      if (split.kind === "queries") return { parts: split.queries.map((query) => ({ query })), inputs: [] };
      const read = { name: source.name, stage: -1, schema: source.leaf.schema };
      const input = { kind: "rows", partitions: split.pieces, first } as const;
      return { parts: split.pieces.map(() => ({})), inputs: [{ read, input }] };
    }
    case "slices": {
      const sliceCount = source.isSingle ? 1 : host.sliceCount;
      const taskCount = isAlone && source.divisible !== undefined ? sliceCount * sharesMax : sliceCount;
      return {
        parts: Array.from({ length: taskCount }, () => ({})),
        inputs: source.reads.map((read) => ({
          read,
          input: { kind: "slice", from: { stage: read.stage }, sliceCount, first },
        })),
      };
    }
    case "tasks": {
      const { read } = source;
      const { partitionCount = 0, division } = stages[read.stage] ?? {};
      // Shares of one slice together: most slices have one.
      const together = division?.sharesMax ?? 1;
      const lists = Array.from({ length: partitionCount / together }, (_, slice) =>
        Array.from({ length: together }, (__, share) => slice * together + share),
      );
      const input = { kind: "listed", from: { stage: read.stage }, lists, first } as const;
      return { parts: lists.map(() => ({})), inputs: [{ read, input }] };
    }
  }
}

function readAt({ name, schema }: StageRead, input: number): FragmentRead {
  const columns = schema.map(({ type }, index) => `CAST(NULL AS ${exchangeType(type)}) AS c${index}`);
  return { name, input, empty: `SELECT ${columns.join(", ")} WHERE false` };
}

function unique(reads: readonly FragmentRead[]): FragmentRead[] {
  return [...new Map(reads.map((read) => [read.name, read])).values()];
}

function outputOf(output: StageOutput, schema: Schema, sliceCount: number): FragmentOutput {
  const columns = exchangeColumns(schema);
  const scope = {
    columns: schema.map((_, index) => `c${index}`),
    outer: undefined,
    isWide: true,
    compileSubquery: () => {
      throw new DatasetError("invalid-plan", "a key of an exchange holds a subquery");
    },
  };
  switch (output.kind) {
    case "gather":
      return { kind: "gather", columns };
    case "hash": {
      const keys = output.keys.map((key) => compileExpression(key, scope));
      return { kind: "slices", columns, slice: `hash(${keys.join(", ")}) % ${sliceCount}`, sliceCount };
    }
    case "sample":
      return { kind: "sample", key: compileSortKeys(output.keys, scope) };
    case "range":
      return {
        kind: "range",
        columns,
        key: compileSortKeys(output.keys, scope),
        bounds: output.bounds.name,
        sliceCount,
      };
  }
}

function functionsIn(branches: readonly Branch[]): JsFunction[] {
  const ids = new Set(branches.flatMap(({ plan }) => [...jsFunctionIds(plan)]));
  return Array.from(ids, (id) => {
    const made = jsFunctionOf(id);
    if (made !== undefined) return made;
    throw new DatasetError("invalid-plan", "a function in JavaScript that this plan calls is gone");
  });
}

/** What its tasks do, in words that stand in progress and errors. */
function stageName([branch]: readonly Branch[], output: StageOutput): string {
  const what = branch?.source.kind === "leaf" ? branch.source.leaf.kind : (branch?.plan.kind ?? "rows");
  return output.kind === "gather" ? what : `${what}, ${output.kind}`;
}

export interface StagesRun extends QueryRun {
  readonly executor: Executor;
}

/** Runs a job; what its last stage gave, as pieces of Parquet in the order of its tasks. */
export async function runStages(
  job: JobGraph,
  { executor, signal }: StagesRun,
): Promise<readonly (readonly unknown[])[]> {
  try {
    return (await executor.run(job, { signal })).partitions;
  } catch (thrown) {
    throw DatasetError.from(thrown);
  }
}
