import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import type { DuckDBConnection, DuckDBInstance, DuckDBScalarFunction } from "@duckdb/node-api";
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
    threads: String(isMainThread ? availableParallelism() : 1),
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
