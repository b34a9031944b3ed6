import { asDecimal } from "../coercion.ts";
import type { DataType } from "../data-type.ts";
import { rescaled, roundedQuotient, unscaled } from "./decimal-sql.ts";
import { defineFunction, type FunctionRow, type SqlArgument } from "./function-row.ts";

/** The average of sums and counts that were made in parts: made by the planner alone, which says its type. */
export const averageOfParts: FunctionRow = defineFunction("average_of_parts", ["any long", "first", averageSql], {
  kind: "aggregate",
  nulls: "always",
});

function averageSql([sum, count]: readonly SqlArgument[], type: DataType, over: string): string {
  if (sum === undefined || count === undefined) return "NULL";
  const rows = `sum(${count.sql})${over}`;
  if (type.kind !== "decimal") return `CASE WHEN ${rows} > 0 THEN sum(${sum.sql})${over} / ${rows} END`;
  const { scale } = asDecimal(sum.type);
  const top = `(${unscaled(`sum(${sum.sql})${over}`, scale)} * 1${"0".repeat(type.scale - scale)}::HUGEINT)`;
  return `CASE WHEN ${rows} > 0 THEN ${rescaled(roundedQuotient(top, `(${rows})::HUGEINT`), type)} END`;
}
