import type { DuckDBConnection } from "@duckdb/node-api";
import { DatasetError } from "../dataset-error.ts";
import type { ColumnBatch, FrameEngine, PartitionedOptions, QueryRun, TextSchema } from "../frame/frame-engine.ts";
import { checkDistinct } from "../plan/column-names.ts";
import type { Schema } from "../plan/data-type.ts";
import type { ScanNode } from "../plan/plan-node.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import { rowsMaxOf } from "../plan/row-bound.ts";
import { walkPlan } from "../plan/walk-plan.ts";
import { compilePlan, compileSqlText, type LeafCompiler } from "./compile-plan.ts";
import { connectEngine, lendRows, sqlText } from "./duckdb.ts";
import { fromEngine } from "./engine-error.ts";
import { fromEngineType } from "./engine-type.ts";
import { followProgress } from "./follow-progress.ts";
import { findScan, scanSql, scanVersion, schemaOfScan, type FoundScan } from "./scan.ts";
import type { EngineHost } from "./engine-host.ts";
import { createPartitionedRuns } from "./partitioned-runs.ts";
import { splitFrame } from "./split-frame.ts";
import { explainStages } from "../physical/explain-stages.ts";
import { batchesOf, throwIfAborted } from "./read-chunks.ts";
import { copyTo } from "./copy-files.ts";
import { writeOutput } from "./write-output.ts";
import { checkSqlText } from "./sql-text.ts";
import { registerJsFunctions } from "./js-scalar.ts";
import { withRoom } from "./with-room.ts";

export interface FrameEngineOptions {
  readonly timeZone: string;
  /** Whether SQL texts may read files by functions of the engine. */
  readonly sqlReadsFiles: boolean;
  /** How much memory the engine may take before it spills. It has one bound for the process: the last one counts. */
  readonly memoryBytesMax?: number | undefined;
  readonly spillDirectory?: string | undefined;
  /** Where plans can run in parts. Absent: they run whole. */
  readonly partitioned?: PartitionedOptions | undefined;
}

/** DuckDB behind the frames of one context. */
export function createFrameEngine({
  timeZone,
  sqlReadsFiles,
  memoryBytesMax,
  spillDirectory,
  partitioned,
}: FrameEngineOptions): FrameEngine {
  const scans = new Map<string, { readonly version: string; readonly found: FoundScan }>();

  let isBounded = memoryBytesMax === undefined && spillDirectory === undefined;

  const connect = async (): Promise<DuckDBConnection> => {
    const connection = await connectEngine();
    await connection.run(`SET TimeZone = ${sqlText(timeZone)}`);
    if (isBounded) return connection;
    isBounded = true;
    if (memoryBytesMax !== undefined)
      await connection.run(`SET GLOBAL memory_limit = '${Math.floor(memoryBytesMax / 1024)}KiB'`);
    if (spillDirectory !== undefined) await connection.run(`SET GLOBAL temp_directory = ${sqlText(spillDirectory)}`);
    return connection;
  };

  const withConnection = async <T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> => {
    const connection = await connect();
    try {
      return await use(connection);
    } catch (thrown) {
      throw fromEngine(thrown);
    } finally {
      connection.closeSync();
    }
  };

  const find = async (scan: ScanNode, connection: DuckDBConnection): Promise<FoundScan> => {
    const key = JSON.stringify([scan.format, scan.paths, scan.options, scan.schema]);
    const version = await scanVersion(scan);
    const known = scans.get(key);
    if (known?.version === version) return known.found;
    const found = await findScan(scan, connection);
    if (scans.size >= scansMax) scans.clear();
    scans.set(key, { version, found });
    return found;
  };

  const leavesOf = async (plan: ResolvedPlan, connection: DuckDBConnection): Promise<LeafCompiler> => {
    const found = new Map<ScanNode, FoundScan>();
    for (const scan of scansIn(plan)) found.set(scan, await find(scan, connection));
    return {
      leaf: (leaf) => {
        if (leaf.kind === "scan") {
          const scan = found.get(leaf.scan);
          if (scan === undefined) throw new DatasetError("invalid-plan", "a scan was not looked at");
          return scanSql(leaf.scan, scan, leaf.schema);
        }
        if (leaf.kind === "input") return `SELECT * FROM "${leaf.name}"`;
        if (leaf.kind === "kept") return `SELECT * FROM "${leaf.attachment}"`;
        const indexes = leaf.columns;
        const names = indexes.map((index, position) => `c${index} AS c${position}`);
        return `SELECT ${names.join(", ")} FROM tutti_local('${leaf.attachment.id}', '${indexes.join(",")}')`;
      },
    };
  };

  const compile: Access["compile"] = async (plan, connection, isWide = false) => {
    await registerJsFunctions(plan);
    return compilePlan(plan, { ...(await leavesOf(plan, connection)), isWide });
  };

  const access: Access = { connect, compile };
  const host: EngineHost = {
    timeZone,
    withConnection,
    find,
    compile,
    execute: (plan, use, run) => executeWith(plan, use, { run, access }),
    stream: async function* (query, schema, options) {
      yield* streamRows(() => Promise.resolve(query), schema, {
        run: options,
        connection: await connect(),
        rowsMax: Infinity,
      });
    },
  };
  const cutting = partitioned === undefined ? undefined : createPartitionedRuns(partitioned, host);
  const run = async function* (plan: ResolvedPlan, options: QueryRun): AsyncGenerator<ColumnBatch> {
    const physical = await cutting?.cut(plan, options);
    if (cutting === undefined || physical === undefined) yield* runPlan(plan, options, access);
    else yield* cutting.run(physical, options);
  };
  return {
    schemaOfScan: (scan) => withConnection(async (connection) => schemaOfScan(await find(scan, connection))),
    schemaOfSql: (plan) =>
      withConnection((connection) => describeSql(plan, { connection, leavesOf, readsFiles: sqlReadsFiles })),
    sqlOf: (plan) => withConnection((connection) => compile(plan, connection)),
    split: (plan, count, options) => splitFrame(plan, { count, run: options, host }),
    stagesOf: async (plan, options) => {
      const physical = await cutting?.cut(plan, options);
      return physical && explainStages(physical);
    },
    run,
    execute: (plan, statement, run) =>
      executeWith(plan, async (query, connection) => (await connection.run(statement(query))).rowsChanged, {
        run,
        access,
      }),
    profile: (plan, run) => executeWith(plan, profiled, { run, access }),
    async copy(plan, { form, directory }, options) {
      const physical = await cutting?.cut(plan, options);
      if (cutting !== undefined && physical !== undefined)
        return await cutting.copy(physical, { form, directory }, options);
      const target = form.isPartitioned ? directory : `${directory}/part-00000.${form.ending}`;
      return await executeWith(plan, (query, connection) => copyTo(query, { form, target }, connection), {
        run: options,
        access,
      });
    },
    write: writeOutput,
    statement: (sql) =>
      withConnection(async (connection) => {
        await connection.run(sql);
      }),
  };
}

/** Descriptions of files are small; this many are kept. */
const scansMax = 1000;

interface Access {
  readonly connect: () => Promise<DuckDBConnection>;
  readonly compile: (plan: ResolvedPlan, connection: DuckDBConnection, isWide?: boolean) => Promise<string>;
}

async function lendAll(run: Pick<QueryRun, "local">): Promise<() => void> {
  const takers = await Promise.all([...run.local].map(([id, rows]) => lendRows(id, rows)));
  return () => {
    for (const take of takers) take();
  };
}

/** The result as batches of columns, one for each chunk of the engine. Leaving the loop ends the query. */
async function* runPlan(plan: ResolvedPlan, run: QueryRun, { connect, compile }: Access): AsyncGenerator<ColumnBatch> {
  const connection = await connect();
  const query = (isWide: boolean): Promise<string> => compile(plan, connection, isWide);
  yield* streamRows(query, plan.schema, { run, connection, rowsMax: rowsMaxOf(plan) });
}

interface StreamParts {
  readonly run: QueryRun;
  /** Is closed at the end. */
  readonly connection: DuckDBConnection;
  readonly rowsMax: number;
}

/** A stream is prepared first, and the engine plans it once more when it is run: milliseconds that few rows need not cost. */
const streamedRowsMin = 2048;

async function* streamRows(
  query: (isWide: boolean) => Promise<string>,
  schema: Schema,
  { run, connection, rowsMax }: StreamParts,
): AsyncGenerator<ColumnBatch> {
  const takeBack = await lendAll(run);
  const interrupt = (): void => connection.interrupt();
  run.signal?.addEventListener("abort", interrupt, { once: true });
  const stopTelling = await followProgress(connection, run.onProgress);
  try {
    throwIfAborted(run.signal);
    // Overflow shows before the first rows or not at all where rows are grouped or sorted; later it is an error.
    const opened = await withRoom(async (isWide) => {
      const text = await query(isWide);
      const result = await (rowsMax < streamedRowsMin ? connection.run(text) : connection.stream(text));
      return { result, first: await result.fetchChunk() };
    });
    yield* batchesOf(opened, schema, run.signal);
  } catch (thrown) {
    throwIfAborted(run.signal);
    throw fromEngine(thrown);
  } finally {
    stopTelling();
    run.signal?.removeEventListener("abort", interrupt);
    takeBack();
    connection.closeSync();
  }
}

/** Runs a statement around the query, such as COPY (query) TO …. */
async function executeWith<T>(
  plan: ResolvedPlan,
  execute: (query: string, connection: DuckDBConnection) => Promise<T>,
  { run, access: { connect, compile } }: { readonly run: QueryRun; readonly access: Access },
): Promise<T> {
  const connection = await connect();
  const takeBack = await lendAll(run);
  const interrupt = (): void => connection.interrupt();
  run.signal?.addEventListener("abort", interrupt, { once: true });
  const stopTelling = await followProgress(connection, run.onProgress);
  try {
    throwIfAborted(run.signal);
    return await withRoom(async (isWide) => await execute(await compile(plan, connection, isWide), connection));
  } catch (thrown) {
    throwIfAborted(run.signal);
    throw fromEngine(thrown);
  } finally {
    stopTelling();
    run.signal?.removeEventListener("abort", interrupt);
    takeBack();
    connection.closeSync();
  }
}

async function profiled(query: string, connection: DuckDBConnection): Promise<string> {
  const result = await connection.runAndReadAll(`EXPLAIN ANALYZE ${query}`);
  return result
    .getRowsJS()
    .map((row) => row[1] as string)
    .join("\n");
}

interface DescribeParts {
  readonly connection: DuckDBConnection;
  readonly leavesOf: (plan: ResolvedPlan, connection: DuckDBConnection) => Promise<LeafCompiler>;
  readonly readsFiles: boolean;
}

/** The columns of an SQL text around frames. The text may read nothing but those frames. */
async function describeSql(
  { plan, local }: TextSchema,
  { connection, leavesOf, readsFiles }: DescribeParts,
): Promise<Schema> {
  const takeBack = await lendAll({ local });
  try {
    await checkSqlText(plan, { connection, readsFiles });
    const statement = await connection.prepare(compileSqlText(plan, await leavesOf(plan, connection)));
    const schema = Array.from({ length: statement.columnCount }, (_, index) => ({
      name: statement.columnName(index),
      type: fromEngineType(statement.columnType(index)),
      nullable: true,
    }));
    checkDistinct(schema.map(({ name }) => name));
    return schema;
  } finally {
    takeBack();
  }
}

function scansIn(plan: ResolvedPlan): readonly ScanNode[] {
  const scans = new Set<ScanNode>();
  walkPlan(plan, (node) => {
    if (node.kind === "scan") scans.add(node.scan);
  });
  return [...scans];
}
