import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/**
 * The one engine of this thread: an instance costs 14 ms and holds a buffer pool, so there is never one for each task.
 * Loaded when first needed; programs without it never pay for it. Extensions are neither fetched nor loaded.
 */
let opening: Promise<DuckDBInstance> | undefined;

async function openInstance(): Promise<DuckDBInstance> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  return await DuckDBInstance.create(":memory:", {
    threads: "1",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
}

/** A connection of its own: a second statement on the connection of an open stream would end that stream silently. */
export async function connectEngine(): Promise<DuckDBConnection> {
  opening ??= openInstance();
  return await (await opening).connect();
}

/** A text literal of SQL. */
export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A name of SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
