import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { TaskContext } from "@tutti/runtime";
import { DatasetError } from "../dataset-error.ts";
import { shorten } from "../shorten.ts";

/** One part of an output directory, while a task writes it. */
export interface PartFile {
  append(content: string | Uint8Array): Promise<void>;
  /** Ends the file. Its name is for `grantParts`, by whoever knows which attempt counts. */
  finish(): Promise<string>;
  close(): Promise<void>;
}

const attemptPrefix = "_attempt-";

/** Of renames that are under way at once. */
const grantsMax = 64;

/**
 * Opens the part file of a task, under a name of its own: attempts may run at the same time, and under masters that number
 * them alike.
 */
export async function openPartFile(
  directory: string,
  { partition, attempt }: Pick<TaskContext, "partition" | "attempt">,
): Promise<PartFile> {
  const name = `${attemptPrefix}${partition}-${attempt}-${randomUUID()}`;
  const attemptPath = path.join(directory, name);
  const file = await open(attemptPath, "w").catch((thrown: unknown) => {
    throw writeFailed(attemptPath, thrown);
  });
  return {
    async append(content) {
      try {
        await file.appendFile(content);
      } catch (thrown) {
        throw writeFailed(attemptPath, thrown);
      }
    },
    async finish() {
      try {
        await file.close();
        return name;
      } catch (thrown) {
        throw writeFailed(attemptPath, thrown);
      }
    },
    close: () => file.close(),
  };
}

/**
 * Gives the files of the attempts that count, in the order of their partitions, the names of parts. What other attempts
 * wrote, or still write, counts for nothing.
 */
export async function grantParts(directory: string, attempts: readonly string[]): Promise<void> {
  for (let first = 0; first < attempts.length; first += grantsMax) {
    await Promise.all(
      attempts.slice(first, first + grantsMax).map(async (attempt, index) => {
        const part = `part-${String(first + index).padStart(5, "0")}`;
        await rename(path.join(directory, attempt), path.join(directory, part)).catch((thrown: unknown) => {
          throw writeFailed(path.join(directory, part), thrown);
        });
      }),
    );
  }
}

/**
 * Writes a directory whole or not at all: parts go to a hidden directory beside it, which gets `_SUCCESS` and the final
 * name when all are there. Refuses an output that exists.
 */
export async function writeDirectory(output: string, writeParts: (hidden: string) => Promise<void>): Promise<void> {
  if (typeof output !== "string" || output === "") {
    throw new DatasetError("invalid-argument", `an output must be a path; it is ${shorten(output)}`);
  }
  await refuseExisting(output);
  const unique = `${process.pid}-${performance.now().toString(36).replace(".", "")}`;
  const hidden = path.join(path.dirname(output), `.${path.basename(output)}.${unique}`);
  try {
    await mkdir(hidden, { recursive: true }).catch((thrown: unknown) => {
      throw writeFailed(hidden, thrown);
    });
    await writeParts(hidden);
    await publish(hidden, output);
  } finally {
    await rm(hidden, { recursive: true, force: true });
  }
}

async function publish(hidden: string, output: string): Promise<void> {
  try {
    // What attempts left that lost their thread or worker while they wrote.
    const leftovers = (await readdir(hidden)).filter((name) => name.startsWith(attemptPrefix));
    await Promise.all(leftovers.map((name) => rm(path.join(hidden, name), { force: true })));
    await writeFile(path.join(hidden, "_SUCCESS"), "");
    await refuseExisting(output);
    await rename(hidden, output);
  } catch (thrown) {
    // Another job may have been quicker: a rename onto a directory with files in it fails.
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") await refuseExisting(output);
    throw thrown instanceof DatasetError ? thrown : writeFailed(output, thrown);
  }
}

async function refuseExisting(output: string): Promise<void> {
  const exists = await stat(output).then(
    () => true,
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === "ENOENT") return false;
      throw writeFailed(output, thrown);
    },
  );
  if (exists) throw new DatasetError("output-exists", `${output} exists already; remove it or choose another name`);
}

function writeFailed(name: string, thrown: unknown): DatasetError {
  return new DatasetError("write-failed", `${name} cannot be written: ${String(thrown)}`, { cause: thrown });
}
