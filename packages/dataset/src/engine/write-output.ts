import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatasetError } from "../dataset-error.ts";
import type { SaveMode } from "../frame/frame-writer.ts";
import { writeDirectory } from "../sinks/output-directory.ts";

/**
 * Writes a directory whole or not at all, by what is to happen where it exists. What `write` makes in the hidden
 * directory becomes visible by one rename; appended files by one rename each, after all of them are complete.
 */
export async function writeOutput(
  output: string,
  mode: SaveMode,
  write: (hidden: string) => Promise<number>,
): Promise<number> {
  let rowCount = 0;
  const writeParts = async (hidden: string): Promise<void> => {
    rowCount = await write(hidden);
  };
  const exists = await isThere(output);
  if (exists && mode === "ignore") return 0;
  if (!exists || mode === "errorIfExists" || mode === "ignore") await writeDirectory(output, writeParts);
  else if (mode === "overwrite") await replace(output, writeParts);
  else await append(output, writeParts);
  return rowCount;
}

async function isThere(output: string): Promise<boolean> {
  return await stat(output).then(
    () => true,
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === "ENOENT") return false;
      throw failed(output, thrown);
    },
  );
}

/** The new directory is complete before the old one goes; a reader in between finds neither, never a mixture. */
async function replace(output: string, writeParts: (hidden: string) => Promise<void>): Promise<void> {
  const made = sibling(output, "new");
  const old = sibling(output, "old");
  try {
    await writeDirectory(made, writeParts);
    await rename(output, old);
    try {
      await rename(made, output);
    } catch (thrown) {
      await rename(old, output);
      throw thrown;
    }
  } catch (thrown) {
    throw thrown instanceof DatasetError ? thrown : failed(output, thrown);
  } finally {
    await rm(made, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

async function append(output: string, writeParts: (hidden: string) => Promise<void>): Promise<void> {
  const made = sibling(output, "new");
  try {
    await writeDirectory(made, writeParts);
    const unique = randomUUID();
    await moveInto(made, output, unique);
    await writeFile(path.join(output, "_SUCCESS"), "");
  } catch (thrown) {
    throw thrown instanceof DatasetError ? thrown : failed(output, thrown);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/** Files under names that nobody has: `part-00000-<id>.parquet`. */
async function moveInto(from: string, to: string, unique: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    if (entry.name === "_SUCCESS") continue;
    if (entry.isDirectory()) await moveInto(source, path.join(to, entry.name), unique);
    else await rename(source, path.join(to, entry.name.replace(/^([^.]*)/, `$1-${unique}`)));
  }
}

function sibling(output: string, what: string): string {
  return path.join(path.dirname(output), `.${path.basename(output)}.${what}-${randomUUID()}`);
}

function failed(output: string, thrown: unknown): DatasetError {
  return new DatasetError("write-failed", `${output} cannot be written: ${String(thrown)}`, { cause: thrown });
}
