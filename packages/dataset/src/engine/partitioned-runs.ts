import type { Executor, JobGraph } from "@tutti/runtime";
import type { ColumnBatch, PartitionedOptions, QueryRun } from "../frame/frame-engine.ts";
import type { DataType } from "../plan/data-type.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import { walkPlan } from "../plan/walk-plan.ts";
import { cutPlan } from "../physical/cut-plan.ts";
import { fixTime } from "../physical/fix-time.ts";
import type { LeafPlan, PhysicalPlan } from "../physical/physical-plan.ts";
import { fromEngine } from "./engine-error.ts";
import { openFragmentDirectory } from "../files/fragment-directory.ts";
import { parquetOf, writePieces } from "./parquet-pieces.ts";
import { throwIfAborted } from "./read-chunks.ts";
import type { EngineHost } from "./engine-host.ts";
import { cutRows } from "./cut-rows.ts";
import { exchangeColumns } from "./exchange-columns.ts";
import { grantCopies, type CopiedFile } from "./copy-files.ts";
import { jobOfStages, runStages, type CopyTarget, type LeafSplit } from "./run-stages.ts";
import { splitRange, splitScan } from "./split-leaf.ts";

export interface PartitionedRuns {
  /** Undefined where the plan shall run whole. */
  readonly cut: (plan: ResolvedPlan, run: QueryRun) => Promise<PhysicalPlan | undefined>;
  readonly run: (plan: PhysicalPlan, run: QueryRun) => AsyncGenerator<ColumnBatch>;
  /** Its last tasks write files. Gives how many rows there were. */
  readonly copy: (plan: PhysicalPlan, target: CopyTarget, run: QueryRun) => Promise<number>;
}

/** Runs plans in parts on an executor. */
export function createPartitionedRuns(options: PartitionedOptions, host: EngineHost): PartitionedRuns {
  const sliceCount = (): number => options.partitionCount ?? Math.max(2, options.executor().slotCount);

  const split = async (leaf: LeafPlan, run: QueryRun): Promise<LeafSplit> => {
    const count = sliceCount();
    if (leaf.kind === "range") return { kind: "queries", queries: splitRange(leaf, count) };
    if (leaf.kind !== "scan")
      return { kind: "pieces", pieces: await host.execute(leaf, cutRows(leaf.schema, count), run) };
    return await host.withConnection(async (connection) => {
      const found = await host.find(leaf.scan, connection);
      const isFine = options.mode === "always";
      return { kind: "queries", queries: await splitScan(leaf, found, { connection, count, isFine }) };
    });
  };

  const jobOf = async (physical: PhysicalPlan, run: QueryRun, files?: CopyTarget): Promise<JobGraph> => {
    throwIfAborted(run.signal);
    return await jobOfStages(
      physical,
      {
        timeZone: host.timeZone,
        sliceCount: sliceCount(),
        skewedRowsMin: options.skewedRowsMin,
        compile: (one, isWide) => host.withConnection((connection) => host.compile(one, connection, isWide)),
        split: (leaf) => split(leaf, run),
      },
      files,
    );
  };

  return {
    async cut(plan, run) {
      const isAuto = options.mode === "auto";
      if (isAuto && !isSpread(options.executor())) return undefined;
      if (holdsInterval(plan)) return undefined;
      const sizes = await sizesOf(plan, run, host);
      const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
      if (isAuto && total < options.bytesMin) return undefined;
      const { broadcastBytesMax } = options;
      return cutPlan(fixTime(plan, BigInt(Date.now()) * 1000n), {
        broadcastBytesMax,
        bytesOf: (leaf) => sizes.get(keyOf(leaf)) ?? Infinity,
      });
    },
    async *run(physical, run) {
      const job = await jobOf(physical, run);
      try {
        const blocks = await runStages(job, { ...run, executor: options.executor() });
        yield* readResult(blocks, physical, { run, host });
      } catch (thrown) {
        throwIfAborted(run.signal);
        throw fromEngine(thrown);
      }
    },
    async copy(physical, target, run) {
      const job = await jobOf(physical, run, target);
      try {
        const copied = await runStages(job, { ...run, executor: options.executor() });
        return await grantCopies(copied.flat() as CopiedFile[], target);
      } catch (thrown) {
        throwIfAborted(run.signal);
        throw fromEngine(thrown);
      }
    },
  };
}

/** On threads of this machine the one engine of this process is faster: rows need not change places. */
function isSpread({ isRemote, slotCount }: Executor): boolean {
  return isRemote && slotCount > 1;
}

interface ResultParts {
  readonly run: QueryRun;
  readonly host: EngineHost;
}

async function* readResult(
  blocks: readonly (readonly unknown[])[],
  { stages }: PhysicalPlan,
  { run, host }: ResultParts,
): AsyncGenerator<ColumnBatch> {
  const schema = stages.at(-1)?.schema ?? [];
  const directory = await openFragmentDirectory();
  try {
    const files = await writePieces(blocks, { directory: directory.path, name: "result" });
    if (files.length === 0) return;
    yield* host.stream(`SELECT ${exchangeColumns(schema)} FROM ${parquetOf(files)}`, schema, run);
  } finally {
    await directory.remove();
  }
}

/** Sizes of leaves, as far as they are known without reading them. */
async function sizesOf(plan: ResolvedPlan, run: QueryRun, host: EngineHost): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  const leaves: LeafPlan[] = [];
  walkPlan(plan, (one) => {
    if (one.kind === "scan" || one.kind === "local" || one.kind === "range") leaves.push(one);
  });
  for (const leaf of leaves) {
    if (leaf.kind === "scan") sizes.set(keyOf(leaf), await scanBytes(leaf, host));
    if (leaf.kind === "local")
      sizes.set(keyOf(leaf), (run.local.get(leaf.attachment.id)?.rowCount ?? 0) * valueBytes * leaf.schema.length);
    if (leaf.kind === "range")
      sizes.set(keyOf(leaf), Math.abs((Number(leaf.end) - Number(leaf.start)) / Number(leaf.step)) * valueBytes);
  }
  return sizes;
}

/** A guess for values in memory. */
const valueBytes = 16;

function keyOf({ schema, ...leaf }: LeafPlan): string {
  return JSON.stringify([leaf, schema.map(({ name }) => name)]);
}

/** Of the files, the part that belongs to the columns that are read. */
async function scanBytes({ scan, schema }: Extract<ResolvedPlan, { kind: "scan" }>, host: EngineHost): Promise<number> {
  const { bytes, columns } = await host.withConnection((connection) => host.find(scan, connection));
  const share = scan.format === "parquet" && columns.length > 0 ? schema.length / columns.length : 1;
  return bytes * share;
}

/** The format in which rows travel has no microseconds in its intervals. */
function holdsInterval(plan: ResolvedPlan): boolean {
  let isFound = false;
  walkPlan(plan, ({ schema }) => {
    isFound ||= schema.some(({ type }) => isInterval(type));
  });
  return isFound;
}

function isInterval(type: DataType): boolean {
  switch (type.kind) {
    case "interval":
      return true;
    case "array":
      return isInterval(type.element);
    case "map":
      return isInterval(type.key) || isInterval(type.value);
    case "struct":
      return type.fields.some((field) => isInterval(field.type));
    default:
      return false;
  }
}
