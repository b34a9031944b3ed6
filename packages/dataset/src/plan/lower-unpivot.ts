import { DatasetError } from "../dataset-error.ts";
import { projection } from "./analyze-project.ts";
import { castTo, commonTypeOf } from "./coercion.ts";
import { arrayOf, stringType, typeText, type DataType, type Schema } from "./data-type.ts";
import type { UnpivotNode } from "./plan-node.ts";
import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { columnAt, fieldOf, indexOfName } from "./scope.ts";

/** Columns become rows: the name of the column and its value, beside the ids. */
export function lowerUnpivot(plan: UnpivotNode, input: ResolvedPlan): ResolvedPlan {
  const ids = plan.ids.map((name) => columnAt(input.schema, indexOfName(input.schema, name)));
  const values = plan.values.map((name) => columnAt(input.schema, indexOfName(input.schema, name)));
  if (values.length === 0) throw new DatasetError("invalid-argument", "unpivot needs columns to turn into rows");
  const type = commonTypeOf(values.map((value) => value.type));
  if (type === undefined) {
    const types = values.map((value) => typeText(value.type)).join(", ");
    throw new DatasetError("type-mismatch", `the columns of unpivot have no type in common: ${types}; cast them`);
  }
  const nullable = values.some((value) => value.nullable);
  const rows = values.map((value, index): readonly Resolved[] => [
    textLiteral(plan.values[index] ?? ""),
    castTo(value, type),
  ]);
  const fields: Schema = [
    { name: plan.variableName, type: stringType, nullable: false },
    { name: plan.valueName, type, nullable },
  ];
  return rowsOfStructs(input, { rows, fields, beside: ids });
}

export function textLiteral(value: string): Resolved {
  return { kind: "literal", value, type: stringType, nullable: false };
}

interface StructRows {
  /** For each new row the values of the fields. */
  readonly rows: readonly (readonly Resolved[])[];
  readonly fields: Schema;
  /** What each new row repeats of the input. */
  readonly beside: readonly Resolved[];
}

/** Several rows for each row of an input, made of expressions over it. */
export function rowsOfStructs(input: ResolvedPlan, { rows, fields, beside }: StructRows): ResolvedPlan {
  const struct: DataType = { kind: "struct", fields };
  const structs = rows.map((values): Resolved => {
    const args = values.flatMap((value, index) => [textLiteral(fields[index]?.name ?? ""), value]);
    return { kind: "call", name: "named_struct", args, isDistinct: false, type: struct, nullable: false };
  });
  const type = arrayOf(struct, false);
  const generator: Resolved = { kind: "call", name: "array", args: structs, isDistinct: false, type, nullable: false };
  const schema: Schema = [...input.schema, { name: "col", type: struct, nullable: false }];
  const generated: ResolvedPlan = { kind: "generate", input, generator, isOuter: false, withPosition: false, schema };
  const made = columnAt(schema, input.schema.length);
  return projection(
    generated,
    [...beside, ...fields.map(({ name }) => fieldOf(made, name))],
    [...beside.map((one) => (one.kind === "column" ? one.name : "")), ...fields.map(({ name }) => name)],
  );
}
