import { availableParallelism, tmpdir, totalmem } from "node:os";
import path from "node:path";
import { isMainThread, threadId } from "node:worker_threads";
import type { DuckDBConnection, DuckDBInstance, DuckDBScalarFunction } from "@duckdb/node-api";
import { fragmentPrefix } from "../files/fragment-directory.ts";
import { macros } from "./macros.ts";
import type { LocalRows } from "./local-rows.ts";

interface Engine {
  readonly instance: DuckDBInstance;
  /** What `tutti_local` reads, by id. */
  readonly local: Map<string, LocalRows>;
  /** Functions in JavaScript that the instance knows, by id. */
  readonly functions: Set<string>;
}

/**
 * The one engine of this thread: an instance costs 14 ms and holds a buffer pool, so there is never one for each task.
 * Loaded when first needed; programs without it never pay for it. Extensions are neither fetched nor loaded. The main
 * thread's uses all cores; worker threads are as many as there are cores already.
 */
let opening: Promise<Engine> | undefined;

async function openEngine(): Promise<Engine> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const { createLocalRowsFunction } = await import("./local-rows.ts");
  const instance = await DuckDBInstance.create(":memory:", {
    ...(isMainThread ? { threads: String(availableParallelism()) } : threadOptions()),
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const local = new Map<string, LocalRows>();
  // On a connection of its own, before any stream is open: a registration during a stream is lost.
  const connection = await instance.connect();
  try {
    for (const macro of macros) await connection.run(macro);
    connection.registerTableFunction(createLocalRowsFunction(local));
  } finally {
    connection.closeSync();
  }
  return { instance, local, functions: new Set() };
}

/** Of a worker thread: one core, its share of the memory, and a place to spill that is found again if the process is killed. */
function threadOptions(): Record<string, string> {
  const memoryBytesMax = Math.floor((totalmem() * 0.8) / availableParallelism());
  return {
    threads: "1",
    memory_limit: `${Math.floor(memoryBytesMax / 1024)}KiB`,
    temp_directory: path.join(tmpdir(), `${fragmentPrefix(process.pid)}engine-${threadId}`),
  };
}

/** A connection of its own: a second statement on the connection of an open stream would end that stream silently. */
export async function connectEngine(): Promise<DuckDBConnection> {
  opening ??= openEngine();
  return await (await opening).instance.connect();
}

/** Makes a function known to the instance, once: on a connection of its own, so that no open stream undoes it. */
export async function registerFunction(id: string, make: () => DuckDBScalarFunction): Promise<void> {
  opening ??= openEngine();
  const { instance, functions } = await opening;
  if (functions.has(id)) return;
  const connection = await instance.connect();
  try {
    connection.registerScalarFunction(make());
    functions.add(id);
  } finally {
    connection.closeSync();
  }
}

/** Lets queries read rows in memory as `tutti_local(id, columns)`. Gives the function that takes them away again. */
export async function lendRows(id: string, rows: LocalRows): Promise<() => void> {
  opening ??= openEngine();
  const { local } = await opening;
  local.set(id, rows);
  return () => local.delete(id);
}

export { sqlName, sqlText } from "../plan/functions/sql-type.ts";
