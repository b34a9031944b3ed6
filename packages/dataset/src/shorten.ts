import { inspect } from "node:util";

const textMax = 120;

/** One line, whatever the value. */
export function shorten(value: unknown): string {
  const text = inspect(value, { depth: 2, breakLength: Infinity, maxStringLength: textMax, maxArrayLength: 8 });
  return text.length <= textMax ? text : `${text.slice(0, textMax)}…`;
}
