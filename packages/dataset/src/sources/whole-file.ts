import { readFile } from "node:fs/promises";
import { DatasetError } from "../dataset-error.ts";
import { findFiles } from "./find-files.ts";

/** A whole file as one row. */
export async function readWholeFile(
  path: string,
  as: "text" | "bytes",
): Promise<readonly [string, string | Uint8Array]> {
  try {
    const bytes = await readFile(path);
    return [path, as === "text" ? bytes.toString("utf8") : Uint8Array.from(bytes)];
  } catch (thrown) {
    throw new DatasetError("unreadable", `${path} cannot be read: ${String(thrown)}`, { cause: thrown });
  }
}

/** One partition for each file. */
export async function planWholeFiles(pattern: string): Promise<readonly string[]> {
  return (await findFiles(pattern)).map((file) => file.path);
}
