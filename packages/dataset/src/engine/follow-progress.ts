import type { DuckDBConnection } from "@duckdb/node-api";
import type { QueryProgress } from "../frame/data-frame.ts";

const toldEveryMs = 200;

/** Tells how far a connection's query is, until the function that it gives is called. */
export async function followProgress(
  connection: DuckDBConnection,
  onProgress: ((progress: QueryProgress) => void) | undefined,
): Promise<() => void> {
  if (onProgress === undefined) return () => undefined;
  // The engine counts only where it would draw a bar.
  await connection.run("SET enable_progress_bar = true");
  await connection.run("SET enable_progress_bar_print = false");
  await connection.run("SET progress_bar_time = 0");
  const timer = setInterval(() => {
    const { percentage, rows_processed: rowsDone, total_rows_to_process: rowsTotal } = connection.progress;
    // Below zero while it does not know.
    if (percentage < 0) return;
    onProgress({ share: Math.min(1, percentage / 100), rowsDone: Number(rowsDone), rowsTotal: Number(rowsTotal) });
  }, toldEveryMs);
  return () => clearInterval(timer);
}
