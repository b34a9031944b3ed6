import { closeSync, openSync, writeSync } from "node:fs";
import { RuntimeError } from "../runtime-error.ts";

/** Of the lines: what readers must know to understand them. */
const version = 1;

/** All that happens in a cluster, a line of JSON each, oldest first. */
export interface EventLog {
  write(event: string, told: Readonly<Record<string, unknown>>): void;
  close(): void;
}

/** Appends to a file; without one, nothing is written. */
export function openEventLog(path: string | undefined): EventLog {
  if (path === undefined) return { write: () => undefined, close: () => undefined };
  let file: number | undefined;
  try {
    file = openSync(path, "a");
  } catch (cause) {
    throw new RuntimeError("invalid-argument", `the event log ${path} cannot be written: ${String(cause)}`, { cause });
  }
  return {
    write(event, told) {
      if (file === undefined) return;
      // In front, so that what happened on which clock cannot be overwritten by an event's own fields.
      const { atMs: _, ...rest } = told;
      writeSync(file, `${JSON.stringify({ v: version, at: new Date().toISOString(), event, ...rest })}\n`);
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}
