import { jsonOf } from "./json-text.ts";

/** Rows as lines: text as it is, other primitives as JavaScript prints them, everything else as JSON. */
export function encodeLines(rows: readonly unknown[]): string {
  return `${rows.map(lineOf).join("\n")}\n`;
}

function lineOf(row: unknown): string {
  if (typeof row === "string") return row;
  return typeof row !== "object" || row === null ? String(row) : jsonOf(row);
}
