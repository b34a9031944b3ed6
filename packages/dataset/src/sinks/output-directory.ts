import { randomUUID } from "node:crypto";
import path from "node:path";
import type { TaskContext } from "@tutti/runtime";
import { DatasetError } from "../dataset-error.ts";
import type { FileAccess } from "../files/file-access.ts";
import { locate, type Location } from "../files/location.ts";

/** One part of an output directory, while a task writes it. */
export interface PartFile {
  append(content: string | Uint8Array): Promise<void>;
  /** Ends the file. Its name is for `grantParts`, by whoever knows which attempt counts. */
  finish(): Promise<string>;
  close(): Promise<void>;
}

const attemptPrefix = "_attempt-";

/** What a task writes aside: no other attempt at it has this name. */
export function attemptName({ partition, attempt }: Pick<TaskContext, "partition" | "attempt">): string {
  return `${attemptPrefix}${partition}-${attempt}-${randomUUID()}`;
}

/** Of renames that are under way at once. */
const grantsMax = 64;

/**
 * Opens the part file of a task, under a name of its own: attempts may run at the same time, and under masters that number
 * them alike.
 */
export async function openPartFile(
  directory: string,
  context: Pick<TaskContext, "partition" | "attempt">,
): Promise<PartFile> {
  const name = attemptName(context);
  const { files, path: parent } = locate(directory);
  const file = await files.openWrite(path.join(parent, name));
  return {
    append: (content) => file.append(content),
    async finish() {
      await file.close();
      return name;
    },
    close: () => file.close(),
  };
}

/**
 * Gives the files of the attempts that count, in the order of their partitions, the names of parts. What other attempts
 * wrote, or still write, counts for nothing.
 */
export async function grantParts(directory: string, attempts: readonly string[], ending: string = ""): Promise<void> {
  const { files, path: parent } = locate(directory);
  for (let first = 0; first < attempts.length; first += grantsMax) {
    await Promise.all(
      attempts.slice(first, first + grantsMax).map(async (attempt, index) => {
        const part = `part-${String(first + index).padStart(5, "0")}${ending}`;
        await files.rename(path.join(parent, attempt), path.join(parent, part));
      }),
    );
  }
}

/**
 * Writes a directory whole or not at all: parts go to a hidden directory beside it, which gets `_SUCCESS` and the final
 * name when all are there. Refuses an output that exists.
 */
export async function writeDirectory(output: string, writeParts: (hidden: string) => Promise<void>): Promise<void> {
  const { files, path: final } = locate(output);
  await refuseExisting(files, final);
  const hidden = path.join(path.dirname(final), `.${path.basename(final)}.${randomUUID()}`);
  try {
    await files.makeDirectory(hidden);
    await writeParts(hidden);
    await publish(files, hidden, final);
  } finally {
    await files.remove(hidden);
  }
}

/** Marks what is there as complete. */
export async function markSuccess({ files, path: directory }: Location): Promise<void> {
  await (await files.openWrite(path.join(directory, "_SUCCESS"))).close();
}

async function publish(files: FileAccess, hidden: string, output: string): Promise<void> {
  // What attempts left that lost their thread or worker while they wrote.
  const leftovers = (await files.list(hidden)).filter(({ name }) => name.startsWith(attemptPrefix));
  await Promise.all(leftovers.map(({ name }) => files.remove(path.join(hidden, name))));
  await markSuccess({ files, path: hidden });
  // Another job may have been quicker; and a directory that is empty would be replaced in silence.
  await refuseExisting(files, output);
  await files.rename(hidden, output);
}

async function refuseExisting(files: FileAccess, output: string): Promise<void> {
  if ((await files.look(output)) !== undefined) {
    throw new DatasetError("output-exists", `${output} exists already; remove it or choose another name`);
  }
}
