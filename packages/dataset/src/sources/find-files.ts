import { glob, stat } from "node:fs/promises";
import type { Stats } from "node:fs";
import path from "node:path";
import { DatasetError } from "../dataset-error.ts";
import { shorten } from "../shorten.ts";

/** A file to read, with its size when it was found. */
export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * The files that a path means: one file, the files of a directory, or what a glob matches, in the order of their
 * names. Hidden files (a leading `.` or `_`, as in `_SUCCESS`) are left out of directories and globs, as in Spark.
 */
export async function findFiles(pattern: string): Promise<readonly FoundFile[]> {
  if (typeof pattern !== "string" || pattern === "") {
    throw new DatasetError("invalid-argument", `a path must be a text that is not empty; it is ${shorten(pattern)}`);
  }
  const named = await statOf(pattern);
  if (named?.isFile() === true) return [{ path: pattern, bytes: named.size }];
  const paths: string[] = [];
  const matching = named?.isDirectory() === true ? path.join(escapeGlob(pattern), "*") : pattern;
  for await (const one of glob(matching)) paths.push(one);
  const found: FoundFile[] = [];
  for (const one of paths.filter((each) => !isHidden(each)).sort()) {
    const stats = await statOf(one);
    if (stats?.isFile() === true) found.push({ path: one, bytes: stats.size });
  }
  if (found.length > 0) return found;
  if (named?.isDirectory() === true) return [];
  throw new DatasetError("not-found", `${pattern} is neither a file nor a directory, and no file matches it`);
}

async function statOf(name: string): Promise<Stats | undefined> {
  try {
    return await stat(name);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new DatasetError("unreadable", `${name} cannot be looked at: ${String(thrown)}`, { cause: thrown });
  }
}

function isHidden(name: string): boolean {
  return /^[._]/.test(path.basename(name));
}

function escapeGlob(name: string): string {
  return name.replaceAll(/[*?[\]{}!()@+\\]/g, "\\$&");
}
