import { isNumeric, type Schema } from "../plan/data-type.ts";
import { jsonText } from "./json-rows.ts";

interface TableParts {
  readonly schema: Schema;
  readonly rows: readonly (readonly unknown[])[];
  /** 0 cuts nothing. */
  readonly truncate: number;
}

/** A table of text: numbers to the right, everything else to the left. */
export function drawTable({ schema, rows, truncate }: TableParts): string {
  const texts = rows.map((row) => row.map((value) => cut(cellText(value), truncate)));
  const widths = schema.map(({ name }, column) =>
    Math.max(widthOf(name), 3, ...texts.map((row) => widthOf(row[column] ?? ""))),
  );
  const line = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
  const draw = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) => {
      const space = " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)));
      const type = schema[column]?.type;
      return type !== undefined && isNumeric(type) ? ` ${space}${cell} ` : ` ${cell}${space} `;
    });
    return `|${padded.join("|")}|`;
  };
  return [line, draw(schema.map(({ name }) => name)), line, ...texts.map(draw), line].join("\n");
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "string") return value.replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  if (value instanceof Date) return value.toISOString().replace("T00:00:00.000Z", "");
  if (typeof value === "number") return String(value);
  const text = jsonText(value);
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

function cut(text: string, truncate: number): string {
  const characters = Array.from(text);
  return truncate === 0 || characters.length <= truncate
    ? text
    : `${characters.slice(0, Math.max(1, truncate - 1)).join("")}…`;
}

/** Columns on a terminal: characters of East Asia and pictures take two, marks that combine none. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
