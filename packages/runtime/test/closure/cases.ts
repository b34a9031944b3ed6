/**
 * The table of closures: what must arrive whole, and what must be refused, by which name. Nothing in it knows a test
 * runner, so that it runs anywhere.
 */
import type { RefusalReason } from "../../src/runtime-error.ts";
import type { Arrives } from "./case-types.ts";
import { corners } from "./cases-of-corners.ts";
import { classes } from "./cases-of-classes.ts";
import { environment, functions } from "./cases-of-functions.ts";
import { gaps, scalars, structures } from "./cases-of-values.ts";
import { refused } from "./cases-refused.ts";

export interface ClosureCase {
  readonly group: string;
  readonly name: string;
  readonly make: () => unknown;
  readonly expected?: unknown;
  readonly refused?: readonly RefusalReason[];
}

function table(group: string, rows: readonly Arrives[]): ClosureCase[] {
  return rows.map(([name, make, expected]) => ({ group, name, make, expected }));
}

export const closureCases: readonly ClosureCase[] = [
  ...table("scalars", scalars),
  ...table("structures", structures),
  ...table("classes", classes),
  ...table("functions", functions),
  ...table("environment", environment),
  ...table("gaps", gaps),
  ...table("corners", corners),
  ...refused.map(([name, make, ...reasons]) => ({ group: "refused", name, make, refused: reasons })),
];
