import { DatasetError } from "../dataset-error.ts";
import { expressionText } from "./expression-text.ts";
import type { Expression } from "./expression.ts";
import type { Resolved } from "./resolved-plan.ts";

/** The name of a column: its alias, its own name, or its text. */
export function nameOf(expression: Expression, resolved: Resolved): string {
  if (expression.kind === "alias") return expression.name;
  if (expression.kind !== "column") return expressionText(expression);
  if (resolved.kind === "column") return resolved.name;
  // A field of a struct, behind the last dot.
  return expression.path.at(-1)?.split(".").at(-1) ?? "";
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
