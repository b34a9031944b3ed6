import path from "node:path";
import { DatasetError } from "../dataset-error.ts";
import { locate } from "../files/location.ts";

/** A file to read, as it was when it was found. */
export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/**
 * The files that a path means: one file, the files of a directory, or what a glob matches, in the order of their
 * names. Hidden files (a leading `.` or `_`, as in `_SUCCESS`) are left out of directories and globs, as in Spark.
 */
export async function findFiles(pattern: string): Promise<readonly FoundFile[]> {
  const { files, path: name } = locate(pattern);
  const named = await files.look(name);
  if (named?.kind === "file") return [{ ...named, path: name }];
  const names: string[] = [];
  const matching = named?.kind === "directory" ? path.join(escapeGlob(name), "*") : name;
  for await (const one of files.match(matching)) names.push(one);
  const found: FoundFile[] = [];
  for (const one of names.filter((each) => !isHidden(path.basename(each))).sort()) {
    const status = await files.look(one);
    if (status?.kind === "file") found.push({ ...status, path: one });
  }
  if (found.length > 0) return found;
  if (named?.kind === "directory") return [];
  throw new DatasetError("not-found", `${pattern} is neither a file nor a directory, and no file matches it`);
}

/** As `findFiles`, of several paths; a directory of directories is partitioned data and is read whole. */
export async function findFilesDeep(patterns: readonly string[]): Promise<readonly FoundFile[]> {
  const lists = await Promise.all(
    patterns.map(async (pattern) => {
      const found = await findFiles(pattern);
      return found.length > 0 ? found : await filesBelow(pattern);
    }),
  );
  return lists.flat();
}

async function filesBelow(directory: string): Promise<readonly FoundFile[]> {
  const { files, path: name } = locate(directory);
  const shown = (await files.list(name)).filter((entry) => !isHidden(entry.name));
  const lists = await Promise.all(
    shown
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(async (entry) => {
        const full = path.join(name, entry.name);
        if (entry.kind === "directory") return await filesBelow(full);
        const status = await files.look(full);
        return status === undefined ? [] : [{ ...status, path: full }];
      }),
  );
  return lists.flat();
}

function isHidden(baseName: string): boolean {
  return /^[._]/.test(baseName);
}

function escapeGlob(name: string): string {
  return name.replaceAll(/[*?[\]{}!()@+\\]/g, "\\$&");
}
