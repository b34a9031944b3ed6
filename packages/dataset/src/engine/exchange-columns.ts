import type { DataType, Schema } from "../plan/data-type.ts";
import { sqlType } from "../plan/functions/sql-type.ts";

/** Columns as they travel: in exactly their types, so that equal values hash alike on both sides of a join. */
export function exchangeColumns(schema: Schema): string {
  return schema.map(({ type }, index) => `CAST(c${index} AS ${exchangeType(type)}) AS c${index}`).join(", ");
}

export function exchangeType(type: DataType): string {
  // The format has no column of nothing.
  return type.kind === "null" ? "INTEGER" : sqlType(type);
}
