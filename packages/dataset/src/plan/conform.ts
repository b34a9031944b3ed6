import { DatasetError } from "../dataset-error.ts";
import { projection } from "./analyze-project.ts";
import { checkCast } from "./cast-rules.ts";
import { castTo } from "./coercion.ts";
import type { Field, Schema } from "./data-type.ts";
import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { columnAt, indexOfName } from "./scope.ts";

/**
 * The columns that a schema declares, by name, cast to their declared types. A column declared without NULL is checked
 * while rows are read.
 */
export function conform(input: ResolvedPlan, declared: Schema): ResolvedPlan {
  const columns = declared.map((field) =>
    conformColumn(columnAt(input.schema, indexOfName(input.schema, field.name)), field),
  );
  return projection(
    input,
    columns,
    declared.map(({ name }) => name),
  );
}

function conformColumn(column: Resolved, { name, type, nullable }: Field): Resolved {
  try {
    checkCast(column.type, type);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.replace(/^\[[a-z-]+\] /, "") : "";
    throw new DatasetError("schema-mismatch", `the column ${JSON.stringify(name)}: ${why}`, { cause: thrown });
  }
  const cast = castTo(column, type);
  const typed: Resolved = { ...cast, type };
  if (nullable || !column.nullable) return typed;
  const message: Resolved = { kind: "literal", value: name, type: { kind: "string" }, nullable: false };
  return { kind: "call", name: "assert_not_null", args: [typed, message], isDistinct: false, type, nullable: false };
}
