import { glob, mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import type { Dirent, Stats } from "node:fs";
import { DatasetError } from "../dataset-error.ts";
import type { FileAccess, FileKind, FileReader, FileWriter } from "./file-access.ts";

/** The files of this machine, and of what is mounted on it. */
export const localFiles: FileAccess = {
  async look(name) {
    try {
      const stats = await stat(name);
      return { kind: kindOf(stats), bytes: stats.size, modifiedMs: stats.mtimeMs };
    } catch (thrown) {
      if (isMissing(thrown)) return undefined;
      throw unreadable(name, thrown);
    }
  },
  async list(directory) {
    const entries = await reading(directory, readdir(directory, { withFileTypes: true }));
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  },
  match: (pattern) => glob(pattern),
  async openRead(name) {
    return reader(name, await reading(name, open(name, "r")));
  },
  async openWrite(name) {
    return writer(name, await writing(name, open(name, "w")));
  },
  async makeDirectory(name) {
    await writing(name, mkdir(name, { recursive: true }));
  },
  async rename(from, to) {
    await writing(to, rename(from, to));
  },
  async remove(name) {
    await writing(name, rm(name, { recursive: true, force: true }));
  },
};

function reader(name: string, file: FileHandle): FileReader {
  return {
    async read(position, length) {
      const buffer = Buffer.allocUnsafeSlow(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await reading(name, file.read(buffer, filled, length - filled, position + filled));
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
    close: () => file.close(),
  };
}

function writer(name: string, file: FileHandle): FileWriter {
  return {
    append: (content) => writing(name, file.appendFile(content)),
    close: () => writing(name, file.close()),
  };
}

function kindOf(entry: Stats | Dirent): FileKind {
  if (entry.isFile()) return "file";
  return entry.isDirectory() ? "directory" : "other";
}

async function reading<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw unreadable(name, thrown);
  }
}

async function writing<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") {
      throw new DatasetError("output-exists", `${name} exists already; remove it or choose another name`);
    }
    throw new DatasetError("write-failed", `${name} cannot be written: ${String(thrown)}`, { cause: thrown });
  }
}

function unreadable(name: string, thrown: unknown): DatasetError {
  const code = isMissing(thrown) ? "not-found" : "unreadable";
  return new DatasetError(code, `${name} cannot be read: ${String(thrown)}`, { cause: thrown });
}

function isMissing(thrown: unknown): boolean {
  const { code } = thrown as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
