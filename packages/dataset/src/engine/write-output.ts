import { randomUUID } from "node:crypto";
import path from "node:path";
import { locate, type Location } from "../files/location.ts";
import type { SaveMode } from "../frame/frame-writer.ts";
import { markSuccess, writeDirectory } from "../sinks/output-directory.ts";

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
  const place = locate(output);
  const exists = (await place.files.look(place.path)) !== undefined;
  if (exists && mode === "ignore") return 0;
  if (!exists || mode === "errorIfExists" || mode === "ignore") await writeDirectory(place.path, writeParts);
  else if (mode === "overwrite") await replace(place, writeParts);
  else await append(place, writeParts);
  return rowCount;
}

/** The new directory is complete before the old one goes; a reader in between finds neither, never a mixture. */
async function replace(
  { files, path: output }: Location,
  writeParts: (hidden: string) => Promise<void>,
): Promise<void> {
  const made = sibling(output, "new");
  const old = sibling(output, "old");
  try {
    await writeDirectory(made, writeParts);
    await files.rename(output, old);
    try {
      await files.rename(made, output);
    } catch (thrown) {
      await files.rename(old, output);
      throw thrown;
    }
  } finally {
    await files.remove(made);
    await files.remove(old);
  }
}

async function append(place: Location, writeParts: (hidden: string) => Promise<void>): Promise<void> {
  const made = sibling(place.path, "new");
  try {
    await writeDirectory(made, writeParts);
    await moveInto(made, place, randomUUID());
    await markSuccess(place);
  } finally {
    await place.files.remove(made);
  }
}

/** Files under names that nobody has: `part-00000-<id>.parquet`. */
async function moveInto(from: string, { files, path: to }: Location, unique: string): Promise<void> {
  await files.makeDirectory(to);
  for (const { name, kind } of await files.list(from)) {
    const source = path.join(from, name);
    if (name === "_SUCCESS") continue;
    if (kind === "directory") await moveInto(source, { files, path: path.join(to, name) }, unique);
    else await files.rename(source, path.join(to, name.replace(/^([^.]*)/, `$1-${unique}`)));
  }
}

function sibling(output: string, what: string): string {
  return path.join(path.dirname(output), `.${path.basename(output)}.${what}-${randomUUID()}`);
}
