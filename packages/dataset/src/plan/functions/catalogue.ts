import type { FunctionRow } from "./function-row.ts";
import { aggregates } from "./aggregates.ts";
import { basicFunctions } from "./basic-functions.ts";
import { operators } from "./operators.ts";

const groups: readonly (readonly FunctionRow[])[] = [operators, basicFunctions, aggregates];

const byName: ReadonlyMap<string, FunctionRow> = new Map(groups.flat().map((row) => [row.name, row]));

/** The function of a name, in Spark's spelling. */
export function functionOf(name: string): FunctionRow | undefined {
  return byName.get(name);
}

export const functionNames: readonly string[] = [...byName.keys()];
