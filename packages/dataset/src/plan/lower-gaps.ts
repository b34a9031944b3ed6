import { DatasetError } from "../dataset-error.ts";
import { projection } from "./analyze-project.ts";
import { implicitCast } from "./coercion.ts";
import { booleanType, intType, isNumeric, nullType, type DataType } from "./data-type.ts";

import type { LiteralValue } from "./expression.ts";
import type { GapNode } from "./plan-node.ts";
import { callWith } from "./resolve-call.ts";
import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { columnAt, indexOfName } from "./scope.ts";

export function lowerGaps(plan: GapNode, input: ResolvedPlan): ResolvedPlan {
  switch (plan.kind) {
    case "dropGaps":
      return dropGaps(plan, input);
    case "fillGaps":
      return replaceColumns(input, (column, index) => {
        const fill = plan.fills.find(({ names, value }) => isChosen({ input, index, names }, value));
        return fill === undefined ? column : filled(column, fill.value);
      });
    case "replaceValues":
      return replaceColumns(input, (column, index) => {
        const pairs = plan.pairs.filter(([from, to]) => isChosen({ input, index, names: plan.names }, from ?? to));
        return pairs.length === 0 ? column : replaced(column, pairs);
      });
  }
}

function replaceColumns(input: ResolvedPlan, change: (column: Resolved, index: number) => Resolved): ResolvedPlan {
  return projection(
    input,
    input.schema.map((_, index) => change(columnAt(input.schema, index), index)),
    input.schema.map(({ name }) => name),
  );
}

interface Choice {
  readonly input: ResolvedPlan;
  readonly index: number;
  readonly names: readonly string[] | undefined;
}

/** Columns whose type does not fit the value are left alone, as in Spark. */
function isChosen({ input, index, names }: Choice, value: LiteralValue): boolean {
  const isNamed = names === undefined || names.map((name) => indexOfName(input.schema, name)).includes(index);
  return isNamed && fits(input.schema[index]?.type ?? nullType, value);
}

function fits(type: DataType, value: LiteralValue): boolean {
  if (typeof value === "string") return type.kind === "string";
  if (typeof value === "boolean") return type.kind === "boolean";
  return isNumeric(type);
}

function literalOf(value: LiteralValue, type: DataType): Resolved {
  const natural: DataType =
    value === null
      ? nullType
      : typeof value === "string"
        ? { kind: "string" }
        : typeof value === "boolean"
          ? booleanType
          : typeof value === "number" && Number.isInteger(value)
            ? intType
            : typeof value === "object" && value.tag === "bigint"
              ? { kind: "long" }
              : { kind: "double" };
  const literal: Resolved = { kind: "literal", value, type: natural, nullable: value === null };
  // Spark casts the fill value to the column's type.
  return implicitCast(literal, type) ?? { kind: "cast", input: literal, isTry: false, type, nullable: value === null };
}

function filled(column: Resolved, value: LiteralValue): Resolved {
  const isFloat = column.type.kind === "double" || column.type.kind === "float";
  const present = isFloat ? callWith("nan_to_null", [column]) : column;
  return { ...callWith("coalesce", [present, literalOf(value, column.type)]), type: column.type };
}

function replaced(column: Resolved, pairs: readonly (readonly [LiteralValue, LiteralValue])[]): Resolved {
  return {
    kind: "case",
    branches: pairs.map(([from, to]) => ({
      when: callWith("equal_null", [column, literalOf(from, column.type)]),
      value: literalOf(to, column.type),
    })),
    otherwise: column,
    type: column.type,
    nullable: column.nullable || pairs.some(([, to]) => to === null),
  };
}

function dropGaps(plan: Extract<GapNode, { kind: "dropGaps" }>, input: ResolvedPlan): ResolvedPlan {
  const indexes = plan.names?.map((name) => indexOfName(input.schema, name)) ?? input.schema.map((_, index) => index);
  const { presentMin = indexes.length } = plan;
  if (!Number.isSafeInteger(presentMin) || presentMin < 0) {
    throw new DatasetError("invalid-argument", `na.drop was given a least number of values of ${presentMin}`);
  }
  const one = literalOf(1, intType);
  const present = indexes.map((index): Resolved => {
    const column = columnAt(input.schema, index);
    const isFloat = column.type.kind === "double" || column.type.kind === "float";
    const isPresent = callWith("isnotnull", [isFloat ? callWith("nan_to_null", [column]) : column]);
    const branches = [{ when: isPresent, value: one }];
    return { kind: "case", branches, otherwise: literalOf(0, intType), type: intType, nullable: false };
  });
  const [first = literalOf(0, intType), ...rest] = present;
  const count = rest.reduce((sum, next) => callWith("add", [sum, next]), first);
  const predicate = callWith("ge", [count, literalOf(presentMin, intType)]);
  return { kind: "filter", input, predicate, schema: input.schema };
}
