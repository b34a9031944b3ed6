import { DatasetError } from "../dataset-error.ts";
import type { PlanAnalysis } from "./analyze-plan.ts";
import { projection } from "./analyze-project.ts";
import { castTo, commonType } from "./coercion.ts";
import { isSameType, typeText, type Field, type Schema } from "./data-type.ts";
import { suggest } from "./nearest-names.ts";
import type { PlanNode } from "./plan-node.ts";
import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { columnAt } from "./scope.ts";

type SetNode = Extract<PlanNode, { kind: "setOperation" }>;

/** Brings both sides to the same columns in the same order and the same types. */
export function analyzeSetOperation(plan: SetNode, analysis: PlanAnalysis): ResolvedPlan {
  const left = analysis.analyze(plan.left);
  const right = analysis.analyze(plan.right);
  const pairs = plan.byName ? pairByName(left, right, plan.allowMissing) : pairByPosition(plan, left, right);
  const schema = pairs.map((pair) => meetFields(plan.operation, pair));
  return {
    kind: "setOperation",
    operation: plan.operation,
    isAll: plan.isAll,
    left: aligned(
      left,
      pairs.map((pair) => pair.left),
      schema,
    ),
    right: aligned(
      right,
      pairs.map((pair) => pair.right),
      schema,
    ),
    schema,
  };
}

interface ColumnPair {
  readonly name: string;
  readonly left: Resolved;
  readonly right: Resolved;
}

/** Names must agree: a union by position that mixes columns up is found late, if ever. */
function pairByPosition({ operation }: SetNode, left: ResolvedPlan, right: ResolvedPlan): readonly ColumnPair[] {
  if (left.schema.length !== right.schema.length) {
    throw new DatasetError(
      "schema-mismatch",
      `${operation} of ${left.schema.length} columns (${namesOf(left.schema)}) with ${right.schema.length} (${namesOf(right.schema)})`,
    );
  }
  return left.schema.map(({ name }, index) => {
    const other = right.schema[index]?.name ?? "";
    if (other.toLowerCase() !== name.toLowerCase()) {
      throw new DatasetError(
        "schema-mismatch",
        `column ${index + 1} is ${JSON.stringify(name)} on the left and ${JSON.stringify(other)} on the right of ${operation}; use unionByName, or rename`,
      );
    }
    return { name, left: columnAt(left.schema, index), right: columnAt(right.schema, index) };
  });
}

function pairByName(left: ResolvedPlan, right: ResolvedPlan, allowMissing: boolean): readonly ColumnPair[] {
  const find = (schema: Schema, name: string): Resolved | undefined => {
    const index = schema.findIndex((field) => field.name.toLowerCase() === name.toLowerCase());
    return index === -1 ? undefined : columnAt(schema, index);
  };
  const missing = (name: string, other: Resolved, schema: Schema): Resolved => {
    if (allowMissing) return { kind: "literal", value: null, type: other.type, nullable: true };
    throw new DatasetError(
      "schema-mismatch",
      `${JSON.stringify(name)} is on one side of unionByName only; ${suggest(
        name,
        schema.map((field) => field.name),
      )} Or allow missing columns`,
    );
  };
  const ofLeft = left.schema.map(({ name }, index): ColumnPair => {
    const column = columnAt(left.schema, index);
    return { name, left: column, right: find(right.schema, name) ?? missing(name, column, right.schema) };
  });
  const onlyRight = right.schema.flatMap(({ name }, index): ColumnPair[] => {
    if (find(left.schema, name) !== undefined) return [];
    const column = columnAt(right.schema, index);
    return [{ name, left: missing(name, column, left.schema), right: column }];
  });
  return [...ofLeft, ...onlyRight];
}

function meetFields(operation: string, { name, left, right }: ColumnPair): Field {
  const type = commonType(left.type, right.type);
  if (type === undefined) {
    throw new DatasetError(
      "schema-mismatch",
      `${JSON.stringify(name)} is ${typeText(left.type)} on the left and ${typeText(right.type)} on the right of ${operation}; cast one`,
    );
  }
  return { name, type, nullable: left.nullable || right.nullable };
}

function aligned(input: ResolvedPlan, columns: readonly Resolved[], schema: Schema): ResolvedPlan {
  const isSame =
    columns.length === input.schema.length &&
    columns.every(
      (column, index) =>
        column.kind === "column" &&
        column.index === index &&
        isSameType(column.type, schema[index]?.type ?? column.type),
    );
  if (isSame) return input;
  return projection(
    input,
    columns.map((column, index) => castTo(column, schema[index]?.type ?? column.type)),
    schema.map(({ name }) => name),
  );
}

function namesOf(schema: Schema): string {
  return schema.map(({ name }) => name).join(", ");
}
