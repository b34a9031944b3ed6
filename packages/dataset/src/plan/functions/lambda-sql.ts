import { sqlName } from "./sql-type.ts";

/** A function of elements in the engine's words. */
export function sqlLambda(parameters: readonly string[], body: string): string {
  return `lambda ${parameters.map(sqlName).join(", ")}: ${body}`;
}
