import { DatasetError } from "../dataset-error.ts";
import { expressionText } from "./expression-text.ts";
import type { Expression } from "./expression.ts";

/** The name of a column: its alias, its own name, or its text. */
export function nameOf(expression: Expression): string {
  if (expression.kind === "alias") return expression.name;
  if (expression.kind === "column") return expression.path.at(-1)?.split(".").at(-1) ?? "";
  return expressionText(expression);
}

/** Rows are objects: two columns of one name would lose one. Names are the same whatever their case. */
export function checkDistinct(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const lower = name.toLowerCase();
    if (seen.has(lower)) {
      throw new DatasetError(
        "duplicate-column",
        `there would be two columns ${JSON.stringify(name)}; rename one with as()`,
      );
    }
    seen.add(lower);
  }
}
