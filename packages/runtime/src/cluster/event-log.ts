import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { RuntimeError } from "../runtime-error.ts";

/** Of the lines: what readers must know to understand them. */
const version = 1;

/** So many lines are kept in memory for those who look later; files keep all. */
const linesMax = 100_000;

/** All that happens in a cluster, a line of JSON each, oldest first. */
export interface EventLog {
  write(event: string, told: Readonly<Record<string, unknown>>): void;
  /** The lines so far. */
  lines(): readonly string[];
  /** Called with each later line. Returns how to stop. */
  follow(listener: (line: string) => void): () => void;
  /** Reads what others have appended to the file. */
  reload(): void;
  close(): void;
}

/** Appends to a file, where one is given, and begins with what it has. */
export function openEventLog(path: string | undefined): EventLog {
  let file: number | undefined;
  let lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const reload = (): void => {
    if (path !== undefined) lines = readLines(path);
  };
  if (path !== undefined) {
    try {
      file = openSync(path, "a");
    } catch (cause) {
      throw new RuntimeError("invalid-argument", `the event log ${path} cannot be written: ${String(cause)}`, {
        cause,
      });
    }
    reload();
  }
  return {
    write(event, told) {
      // A clock of this process, which means nothing to readers.
      const { atMs: _atMs, ...rest } = told;
      const line = JSON.stringify({ v: version, at: new Date().toISOString(), event, ...rest });
      lines.push(line);
      if (lines.length > linesMax) lines = lines.slice(-linesMax / 2);
      if (file !== undefined) writeSync(file, `${line}\n`);
      for (const listener of [...listeners]) listener(line);
    },
    lines: () => lines,
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reload,
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** The last lines of an event log. */
export function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .slice(-linesMax);
  } catch (cause) {
    throw new RuntimeError("invalid-argument", `the event log ${path} cannot be read: ${String(cause)}`, { cause });
  }
}
