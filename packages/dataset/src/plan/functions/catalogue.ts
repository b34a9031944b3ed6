import { aggregates } from "./aggregates.ts";
import { basicFunctions } from "./basic-functions.ts";
import { collectionFunctions } from "./collection-functions.ts";
import { dateFunctions } from "./date-functions.ts";
import type { FunctionRow } from "./function-row.ts";
import { jsCall } from "./js-call.ts";
import { mathFunctions } from "./math-functions.ts";
import { operators } from "./operators.ts";
import { averageOfParts } from "./partial-aggregates.ts";
import { stringFunctions } from "./string-functions.ts";
import { windowFunctions } from "./window-functions.ts";

const groups: readonly (readonly FunctionRow[])[] = [
  operators,
  basicFunctions,
  mathFunctions,
  stringFunctions,
  dateFunctions,
  collectionFunctions,
  aggregates,
  windowFunctions,
  [jsCall],
];

const rows: readonly FunctionRow[] = groups.flat();

/** With those that only the planner calls. */
const byName: ReadonlyMap<string, FunctionRow> = new Map([...rows, averageOfParts].map((row) => [row.name, row]));

/** The function of a name, in Spark's spelling. */
export function functionOf(name: string): FunctionRow | undefined {
  return byName.get(name);
}

export const functionNames: readonly string[] = rows.map(({ name }) => name);
