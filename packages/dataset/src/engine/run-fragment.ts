import { hostname } from "node:os";
import path from "node:path";
import { version, type DuckDBConnection } from "@duckdb/node-api";
import type { TaskContext, TaskOutput } from "@tutti/runtime";
import { DatasetError } from "../dataset-error.ts";
import { connectEngine, registerFunction, sqlText } from "./duckdb.ts";
import { fromEngine } from "./engine-error.ts";
import { openFragmentDirectory } from "../files/fragment-directory.ts";
import { locate } from "../files/location.ts";
import { attemptName } from "../sinks/output-directory.ts";
import { copyTo } from "./copy-files.ts";
import type { FragmentBranch, FragmentOutput, FragmentProgram, LeafPart } from "./fragment.ts";
import { scalarFunction } from "./js-scalar.ts";
import { exchangeFormat, parquetOf, readPieces, writePieces, type Piece } from "./parquet-pieces.ts";
import { withRoom } from "./with-room.ts";

/**
 * A task of SQL: its inputs become relations, the query runs on the engine of this thread, and what it gives becomes blocks
 * of Parquet, one for each slice.
 */
export async function runSqlFragment(context: TaskContext): Promise<TaskOutput> {
  const program = context.args as FragmentProgram;
  const { partition } = context;
  const branch = program.branches.find(
    ({ first, partitionCount }) => partition >= first && partition < first + partitionCount,
  );
  if (branch === undefined)
    throw new DatasetError("invalid-plan", `no branch of ${context.stageName} has the task ${partition}`);
  checkVersion(program.engineVersion);
  for (const [index, signature] of program.functions.entries()) {
    const fn = context.closures[index] as (...args: unknown[]) => unknown;
    await registerFunction(signature.id, () => scalarFunction({ signature, fn }));
  }
  const directory = await openFragmentDirectory();
  const connection = await connectEngine();
  const stopWatching = watch(context, connection);
  try {
    await connection.run(`SET TimeZone = ${sqlText(program.timeZone)}`);
    const task: FragmentTask = { context, connection, directory: directory.path, output: program.output };
    await openInputs(branch, task);
    const { query, wideQuery } = await chooseQuery(branch, connection);
    return await withRoom((isWide) => writeOutput(isWide ? wideQuery : query, task));
  } catch (thrown) {
    // The job is over, and this is how its task ends.
    await context.checkpoint();
    throw fromEngine(thrown);
  } finally {
    stopWatching();
    connection.closeSync();
    await directory.remove();
  }
}

/** Another version may hash otherwise: equal keys would not meet. */
function checkVersion(wanted: string): void {
  const own = version();
  if (own === wanted) return;
  throw new DatasetError(
    "invalid-plan",
    `the driver has DuckDB ${wanted} and this worker ${own}; install the same version of @tutti/dataset`,
  );
}

interface FragmentPlace {
  readonly context: TaskContext;
  readonly connection: DuckDBConnection;
  readonly directory: string;
}

interface FragmentTask extends FragmentPlace {
  readonly output: FragmentOutput;
}

/** Rows that are looked at before they are aggregated, and how many different keys make that vain. */
const probeRows = 20_000;
const vainShare = 0.8;

/** The same rows are looked at by each attempt of a task, so that all do the same. */
async function chooseQuery(
  branch: FragmentBranch,
  connection: DuckDBConnection,
): Promise<Pick<FragmentBranch, "query" | "wideQuery">> {
  const { unreduced } = branch;
  if (unreduced === undefined) return branch;
  const first = `SELECT * FROM (${unreduced.keys}) LIMIT ${probeRows}`;
  const result = await connection.runAndReadAll(
    `SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT * FROM (${first}))) FROM (${first})`,
  );
  const [[rows = 0, keys = 0] = []] = result.getRowsJS().map((row) => row.map(Number));
  return rows === probeRows && keys > rows * vainShare ? unreduced : branch;
}

/** How often a task that runs SQL asks whether its job is over. */
const watchMs = 50;

function watch(context: TaskContext, connection: DuckDBConnection): () => void {
  const timer = setInterval(() => {
    void (async () => await context.checkpoint())().catch(() => connection.interrupt());
  }, watchMs);
  return () => clearInterval(timer);
}

/** Names that the query reads become views of this connection. */
async function openInputs(branch: FragmentBranch, { context, connection, directory }: FragmentPlace): Promise<void> {
  const views: [name: string, query: string][] = [];
  const { query } = (context.partitionArgs ?? {}) as LeafPart;
  if (branch.leafName !== undefined && query !== undefined) views.push([branch.leafName, query]);
  for (const { name, input, empty } of branch.reads) {
    const files = await writePieces(context.inputs[input] ?? [], { directory, name });
    views.push([name, files.length === 0 ? empty : `SELECT * FROM ${parquetOf(files)}`]);
  }
  for (const [name, text] of views) await connection.run(`CREATE OR REPLACE TEMP VIEW "${name}" AS ${text}`);
}

async function writeOutput(query: string, task: FragmentTask): Promise<TaskOutput> {
  const { output, connection } = task;
  switch (output.kind) {
    case "files":
      return await copyAside(query, output, task);
    case "gather":
      return await writeSlices([`SELECT ${output.columns} FROM (${query})`], task);
    case "sample":
      return await writeSlices([sampleSql(query, output.key)], task);
    case "slices":
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE tutti_output AS ${slicedSql(query, output.columns, output.slice)}`,
      );
      return await writeSlices(await sliceQueries(output.sliceCount, connection), task);
    case "range": {
      await connection.run(`SET VARIABLE tutti_bounds = (${boundsSql(output.bounds, output.sliceCount)})`);
      const slice = `len(list_filter(getvariable('tutti_bounds'), lambda bound: bound <= ${output.key}))`;
      await connection.run(`CREATE OR REPLACE TEMP TABLE tutti_output AS ${slicedSql(query, output.columns, slice)}`);
      return await writeSlices(await sliceQueries(output.sliceCount, connection), task);
    }
  }
}

/** Under a name that no other attempt has; what it is called in the end is for whoever knows which attempt counts. */
async function copyAside(
  query: string,
  { form, directory }: Extract<FragmentOutput, { kind: "files" }>,
  { context, connection }: FragmentTask,
): Promise<TaskOutput> {
  if ((await locate(directory).files.look(directory)) === undefined) {
    const what = `the directory ${directory} of the driver is not there on ${hostname()}: workers write the files of frames, and must see it`;
    throw new DatasetError("not-found", what);
  }
  const name = attemptName(context);
  const rowCount = await copyTo(query, { form, target: path.join(directory, name) }, connection);
  return { slices: [[[name, rowCount]]], rowCount };
}

/** Keys are computed of columns in the types in which they travel. */
function slicedSql(query: string, columns: string, slice: string): string {
  return `SELECT *, ${slice} AS tutti_slice FROM (SELECT ${columns} FROM (${query}))`;
}

/** A text for each slice that has rows. */
async function sliceQueries(sliceCount: number, connection: DuckDBConnection): Promise<(string | undefined)[]> {
  const found = await connection.runAndReadAll("SELECT DISTINCT tutti_slice::INTEGER FROM tutti_output");
  const present = new Set(found.getRowsJS().map(([slice]) => slice));
  return Array.from({ length: sliceCount }, (_, slice) =>
    present.has(slice) ? `SELECT * EXCLUDE (tutti_slice) FROM tutti_output WHERE tutti_slice = ${slice}` : undefined,
  );
}

async function writeSlices(queries: readonly (string | undefined)[], task: FragmentTask): Promise<TaskOutput> {
  const { context, connection, directory } = task;
  const slices: (readonly Piece[])[] = queries.map(() => []);
  const file = path.join(directory, "output.parquet");
  const sliceRows = queries.map(() => 0);
  for (const [index, query] of queries.entries()) {
    if (query === undefined) continue;
    const { rowsChanged } = await connection.run(`COPY (${query}) TO ${sqlText(file)} (${exchangeFormat})`);
    sliceRows[index] = rowsChanged;
    if (rowsChanged > 0) slices[index] = await readPieces(file);
    await context.checkpoint();
  }
  return { slices, rowCount: sliceRows.reduce((sum, rows) => sum + rows, 0), sliceRows };
}

/** Keys per task: enough for bounds that cut some hundred slices evenly. */
const sampleRowsMax = 1000;

/** Every so many rows one, by their places: a second attempt takes the same ones. */
function sampleSql(query: string, key: string): string {
  const numbered = `SELECT ${key} AS c0, row_number() OVER () AS n, count(*) OVER () AS total FROM (${query})`;
  return `SELECT c0 FROM (${numbered}) WHERE total <= ${sampleRowsMax} OR (n * ${sampleRowsMax}) // total > ((n - 1) * ${sampleRowsMax}) // total`;
}

/** Keys that cut the sample into parts of equal size. */
function boundsSql(name: string, sliceCount: number): string {
  const sorted = `SELECT list(c0 ORDER BY c0) AS keys FROM "${name}"`;
  const cuts = `range(1, ${sliceCount})`;
  return `SELECT coalesce(list_transform(${cuts}, lambda cut: keys[cut * len(keys) // ${sliceCount} + 1]), []) FROM (${sorted})`;
}
