import { DatasetError } from "../dataset-error.ts";
import { implicitCast, commonTypeOf } from "./coercion.ts";
import { booleanType, intType, longType, nullType, typeText, type DataType } from "./data-type.ts";
import type { Expression, LiteralValue, SortKeyExpression, WindowSpec } from "./expression.ts";
import { resolveCall } from "./resolve-call.ts";
import type { PlanNode } from "./plan-node.ts";
import type { Resolved, ResolvedPlan, ResolvedSortKey } from "./resolved-plan.ts";
import { resolveColumn, type Scope } from "./scope.ts";
import { checkCast } from "./cast-rules.ts";
import { functionOf } from "./functions/catalogue.ts";

/** Analyses the plan of a subquery, whose expressions may name columns of `outer`. */
export type AnalyzeSubquery = (plan: PlanNode, outer: Scope) => ResolvedPlan;

export interface ExpressionContext {
  readonly scope: Scope;
  readonly analyzeSubquery: AnalyzeSubquery;
}

/** Names, types and nullability of an expression. Aliases vanish: see `nameOf`. */
export function analyzeExpression(expression: Expression, context: ExpressionContext): Resolved {
  const analyze = (one: Expression): Resolved => analyzeExpression(one, context);
  switch (expression.kind) {
    case "column":
      return resolveColumn(context.scope, expression.path.join("."), expression.side);
    case "literal":
      return literal(expression.value, expression.type);
    case "alias":
      return analyze(expression.input);
    case "cast": {
      const input = analyze(expression.input);
      checkCast(input.type, expression.type);
      const nullable = input.nullable || expression.isTry;
      return { kind: "cast", input, isTry: expression.isTry, type: expression.type, nullable };
    }
    case "call":
      return analyzeCall(expression, context);
    case "case":
      return analyzeCase(expression, analyze);
    case "window":
      return analyzeWindow(expression.input, expression.spec, context);
    case "subquery":
      return analyzeSubquery(expression, context);
    case "inSubquery":
      return analyzeIn(expression, context);
    case "lambdaVariable": {
      const known = context.scope.lambdas?.get(expression.name);
      if (known === undefined) throw new DatasetError("invalid-plan", "a variable of a lambda stands outside of it");
      return { kind: "lambdaVariable", name: expression.name, ...known };
    }
    case "lambda":
      throw new DatasetError("invalid-plan", "a lambda is an argument of functions such as transform only");
    case "star":
      throw new DatasetError("invalid-plan", "* stands in select and count only");
  }
}

function analyzeCall(call: Extract<Expression, { kind: "call" }>, context: ExpressionContext): Resolved {
  const scoped = (variables: readonly (readonly [string, DataType, boolean])[]): ExpressionContext => ({
    ...context,
    scope: {
      ...context.scope,
      lambdas: new Map([
        ...(context.scope.lambdas ?? []),
        ...variables.map(([name, type, nullable]) => [name, { type, nullable }] as const),
      ]),
    },
  });
  const resolved = resolveCall(call.name, call.args, {
    analyze: (one) => analyzeExpression(one, context),
    analyzeBody: (body, variables) => analyzeExpression(body, scoped(variables)),
  });
  if (call.aggregate === undefined || resolved.kind !== "call") return resolved;
  const { isDistinct = false, filter } = call.aggregate;
  return { ...resolved, isDistinct, ...(filter === undefined ? {} : { filter: analyzePredicate(filter, context) }) };
}

/** A condition: boolean, or refused. */
export function analyzePredicate(expression: Expression, context: ExpressionContext): Resolved {
  const predicate = analyzeExpression(expression, context);
  if (predicate.type.kind === "boolean") return predicate;
  if (predicate.type.kind === "null") return { ...predicate, type: booleanType };
  throw new DatasetError("type-mismatch", `a condition must be boolean; this one is ${typeText(predicate.type)}`);
}

function analyzeCase(
  { branches, otherwise }: Extract<Expression, { kind: "case" }>,
  analyze: (one: Expression) => Resolved,
): Resolved {
  const analyzed = branches.map(({ when, value }) => ({ when: analyze(when), value: analyze(value) }));
  const wrong = analyzed.find(({ when }) => when.type.kind !== "boolean" && when.type.kind !== "null");
  if (wrong !== undefined) {
    throw new DatasetError("type-mismatch", `when() needs a condition; this one is ${typeText(wrong.when.type)}`);
  }
  const last = otherwise === undefined ? undefined : analyze(otherwise);
  const values = [...analyzed.map(({ value }) => value), ...(last === undefined ? [] : [last])];
  const type = meet("the branches of when()", values);
  const cast = (value: Resolved): Resolved => implicitCast(value, type) ?? value;
  return {
    kind: "case",
    branches: analyzed.map(({ when, value }) => ({ when, value: cast(value) })),
    ...(last === undefined ? {} : { otherwise: cast(last) }),
    type,
    nullable: last === undefined || values.some((value) => value.nullable),
  };
}

/** The common type of values, or `type-mismatch`. Literals adapt. */
function meet(what: string, values: readonly Resolved[]): DataType {
  const columns = values.filter((value) => value.kind !== "literal");
  const ofColumns = commonTypeOf(columns.map((value) => value.type));
  if (ofColumns !== undefined && ofColumns.kind !== "null") {
    const isFitting = values.every((value) => implicitCast(value, ofColumns) !== undefined);
    const exact = values.every((value) => value.kind !== "literal" || ofColumns.kind !== "decimal");
    if (isFitting && exact) return ofColumns;
  }
  const type = commonTypeOf(values.map((value) => value.type));
  if (type !== undefined) return type;
  const types = values.map((value) => typeText(value.type)).join(", ");
  throw new DatasetError("type-mismatch", `${what} have no type in common: ${types}; cast one of them`);
}

function analyzeWindow(input: Expression, spec: WindowSpec, context: ExpressionContext): Resolved {
  const analyze = (one: Expression): Resolved => analyzeExpression(one, context);
  const call = analyze(input);
  const kind = call.kind === "call" ? functionOf(call.name)?.kind : undefined;
  if (kind !== "aggregate" && kind !== "window") {
    throw new DatasetError("invalid-plan", "over() belongs to an aggregate or to a function such as rowNumber");
  }
  if (kind === "window" && spec.orderBy.length === 0) {
    const name = call.kind === "call" ? call.name : "";
    throw new DatasetError("invalid-plan", `${name} depends on an order; give its window an orderBy`);
  }
  return {
    kind: "window",
    input: call,
    partitionBy: spec.partitionBy.map(analyze),
    orderBy: spec.orderBy.map((key) => analyzeSortKey(key, context)),
    ...(spec.bounds === undefined ? {} : { bounds: spec.bounds }),
    type: call.type,
    nullable: call.nullable,
  };
}

export function analyzeSortKey(key: SortKeyExpression, context: ExpressionContext): ResolvedSortKey {
  const input = analyzeExpression(key.input, context);
  if (input.type.kind === "map") throw new DatasetError("type-mismatch", "maps have no order");
  return { input, direction: key.direction, nulls: key.nulls };
}

function analyzeSubquery(
  { mode, plan }: Extract<Expression, { kind: "subquery" }>,
  { scope, analyzeSubquery: analyze }: ExpressionContext,
): Resolved {
  const resolved = analyze(plan, scope);
  if (mode === "exists") return { kind: "subquery", mode, plan: resolved, type: booleanType, nullable: false };
  const [field, ...more] = resolved.schema;
  if (field === undefined || more.length > 0) {
    throw new DatasetError("invalid-plan", `a scalar subquery has one column; this one has ${resolved.schema.length}`);
  }
  return { kind: "subquery", mode, plan: resolved, type: field.type, nullable: true };
}

function analyzeIn({ input, plan }: Extract<Expression, { kind: "inSubquery" }>, context: ExpressionContext): Resolved {
  const value = analyzeExpression(input, context);
  const resolved = context.analyzeSubquery(plan, context.scope);
  const [field, ...more] = resolved.schema;
  if (field === undefined || more.length > 0) {
    throw new DatasetError("invalid-plan", `the frame of isIn has one column; this one has ${resolved.schema.length}`);
  }
  const cast = implicitCast(value, field.type);
  if (cast === undefined) {
    throw new DatasetError(
      "type-mismatch",
      `${typeText(value.type)} is compared with ${typeText(field.type)} in a frame`,
    );
  }
  return {
    kind: "inSubquery",
    input: cast,
    plan: resolved,
    type: booleanType,
    nullable: value.nullable || field.nullable,
  };
}

function literal(value: LiteralValue, type: DataType | undefined): Resolved {
  return { kind: "literal", value, type: type ?? naturalType(value), nullable: value === null };
}

function naturalType(value: LiteralValue): DataType {
  if (value === null) return nullType;
  if (typeof value === "boolean") return booleanType;
  if (typeof value === "string") return { kind: "string" };
  if (typeof value === "number") {
    if (!Number.isInteger(value) || Object.is(value, -0)) return { kind: "double" };
    return Math.abs(value) < 2 ** 31 ? intType : { kind: "double" };
  }
  switch (value.tag) {
    case "bigint":
      return longType;
    case "decimal": {
      const [integral = "", fraction = ""] = value.text.replace("-", "").split(".");
      const digits = integral.replace(/^0+/, "").length + fraction.length;
      return { kind: "decimal", precision: Math.max(digits, fraction.length, 1), scale: fraction.length };
    }
    default:
      return { kind: value.tag };
  }
}
