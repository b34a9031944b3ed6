import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { locate, type Location } from "../files/location.ts";
import type { FileForm } from "../frame/frame-engine.ts";
import { grantParts } from "../sinks/output-directory.ts";
import { sqlText } from "./duckdb.ts";

/** Writes the rows of a query into a file; or into a directory, where values name those below it. Gives how many rows. */
export async function copyTo(
  query: string,
  { form, target }: { readonly form: FileForm; readonly target: string },
  connection: DuckDBConnection,
): Promise<number> {
  const rows = `SELECT ${form.columns} FROM (${query})`;
  return (await connection.run(`COPY (${rows}) TO ${sqlText(target)} (${form.clauses.join(", ")})`)).rowsChanged;
}

/** What one attempt has put aside, and how many rows that is. */
export type CopiedFile = readonly [attempt: string, rowCount: number];

/** Gives what the attempts that count have written its names. Of those without rows one stays, if no other is there. */
export async function grantCopies(
  copied: readonly CopiedFile[],
  { form, directory }: { readonly form: FileForm; readonly directory: string },
): Promise<number> {
  const full = copied.filter(([, rowCount]) => rowCount > 0);
  const attempts = (full.length > 0 ? full : copied.slice(0, 1)).map(([attempt]) => attempt);
  if (!form.isPartitioned) await grantParts(directory, attempts, `.${form.ending}`);
  else {
    const place = locate(directory);
    for (const [index, attempt] of attempts.entries()) {
      const from = path.join(place.path, attempt);
      if ((await place.files.look(from)) === undefined) continue;
      await moveInto(from, place, index);
      await place.files.remove(from);
    }
  }
  return full.reduce((sum, [, rowCount]) => sum + rowCount, 0);
}

/** Files of several tasks in one directory: `part-0.parquet` of the third is `part-00002-0.parquet`. */
async function moveInto(from: string, { files, path: to }: Location, index: number): Promise<void> {
  await files.makeDirectory(to);
  for (const { name, kind } of await files.list(from)) {
    const source = path.join(from, name);
    if (kind === "directory") await moveInto(source, { files, path: path.join(to, name) }, index);
    else await files.rename(source, path.join(to, name.replace(/^part-/, `part-${String(index).padStart(5, "0")}-`)));
  }
}
