import { DatasetError } from "../dataset-error.ts";
import { analyzeExpression } from "./analyze-expression.ts";
import type { PlanAnalysis } from "./analyze-plan.ts";
import { checkDistinct, nameOf } from "./column-names.ts";
import { implicitCast } from "./coercion.ts";
import { booleanType, type Field, type Schema } from "./data-type.ts";
import { literalText } from "./expression-text.ts";
import type { Expression, LiteralValue } from "./expression.ts";
import { functionOf } from "./functions/catalogue.ts";
import type { AggregateNode } from "./plan-node.ts";
import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { columnAt } from "./scope.ts";
import { mapExpression, someExpression } from "./walk-expression.ts";

export function analyzeAggregate(plan: AggregateNode, analysis: PlanAnalysis): ResolvedPlan {
  const input = analysis.analyze(plan.input);
  const context = analysis.contextOf(input.schema);
  const keys = plan.keys.map((key) => analyzeExpression(key, context));
  const aggregates = plan.aggregates.map((one) => analyzeExpression(one, context));
  const nameAt = (expressions: readonly Expression[], resolved: readonly Resolved[]): string[] =>
    expressions.map((one, index) => nameOf(one, resolved[index] as Resolved));
  const keyNames = nameAt(plan.keys, keys);
  const aggregateNames = nameAt(plan.aggregates, aggregates);
  if (plan.pivot === undefined) {
    const names = [...keyNames, ...aggregateNames];
    return aggregateOf(input, { keys, aggregates, names, groupingSets: plan.groupingSets });
  }
  const by = analyzeExpression(plan.pivot.column, context);
  const columns = plan.pivot.values.flatMap((value) =>
    aggregates.map((one, index): readonly [Resolved, string] => [
      onlyWhere(one, isValue(by, value)),
      pivotName(value, aggregates.length === 1 ? undefined : aggregateNames[index]),
    ]),
  );
  return aggregateOf(input, {
    keys,
    aggregates: columns.map(([column]) => column),
    names: [...keyNames, ...columns.map(([, name]) => name)],
    groupingSets: plan.groupingSets,
  });
}

function pivotName(value: LiteralValue, aggregate: string | undefined): string {
  const text = typeof value === "string" ? value : literalText(value).replace(/L$/, "");
  return aggregate === undefined ? text : `${text}_${aggregate}`;
}

function isValue(by: Resolved, value: LiteralValue): Resolved {
  const literal: Resolved = { kind: "literal", value, type: { kind: "null" }, nullable: value === null };
  const typed: Resolved =
    value === null ? { ...literal, type: by.type } : { ...literal, type: naturalTypeOf(value, by) };
  const cast = implicitCast(typed, by.type) ?? typed;
  return { kind: "call", name: "equal_null", args: [by, cast], isDistinct: false, type: booleanType, nullable: false };
}

function naturalTypeOf(value: LiteralValue, by: Resolved): Resolved["type"] {
  if (typeof value === "string") return { kind: "string" };
  if (typeof value === "boolean") return booleanType;
  if (typeof value === "object" && value !== null && value.tag === "date") return { kind: "date" };
  return by.type;
}

/** The same aggregates over the rows of one pivot value. */
function onlyWhere(aggregate: Resolved, condition: Resolved): Resolved {
  return mapExpression(aggregate, (one) => {
    if (one.kind !== "call" || functionOf(one.name)?.kind !== "aggregate") return one;
    const filter: Resolved =
      one.filter === undefined
        ? condition
        : {
            kind: "call",
            name: "and",
            args: [condition, one.filter],
            isDistinct: false,
            type: booleanType,
            nullable: true,
          };
    // A pivot cell that no row belongs to is NULL, whatever the aggregate says of nothing.
    return { ...one, filter, nullable: true };
  });
}

interface AggregateParts {
  readonly keys: readonly Resolved[];
  readonly aggregates: readonly Resolved[];
  /** Of keys and aggregates. */
  readonly names: readonly string[];
  readonly groupingSets: readonly (readonly number[])[];
}

/** Groups, with the check that every column is a key or aggregated. */
export function aggregateOf(
  input: ResolvedPlan,
  { keys, aggregates, names, groupingSets }: AggregateParts,
): ResolvedPlan {
  checkDistinct(names);
  for (const key of keys) checkKey(key);
  if (keys.some((key) => key.kind !== "column" || key.level > 0))
    return overComputedKeys(input, { keys, aggregates, names, groupingSets });
  for (const aggregate of aggregates) checkGrouped(aggregate, keys);
  const isKeyed = (index: number): boolean => groupingSets.every((set) => set.includes(index));
  const schema: Schema = [
    ...keys.map(({ type, nullable }, index): Field => ({
      name: names[index] ?? "",
      type,
      nullable: nullable || !isKeyed(index),
    })),
    ...aggregates.map(({ type, nullable }, index): Field => ({
      name: names[keys.length + index] ?? "",
      type,
      nullable,
    })),
  ];
  return { kind: "aggregate", input, keys, groupingSets, aggregates, schema };
}

function checkKey(key: Resolved): void {
  if (key.type.kind === "map") throw new DatasetError("type-mismatch", "maps cannot be grouped by");
}

function checkFlat(aggregate: Extract<Resolved, { kind: "call" }>): void {
  const isInner = (one: Resolved): boolean =>
    one.kind === "window" || (one.kind === "call" && functionOf(one.name)?.kind === "aggregate");
  if (!aggregate.args.some((arg) => someExpression(arg, isInner))) return;
  throw new DatasetError(
    "invalid-plan",
    `${aggregate.name} is computed of an aggregate or a window; compute that in a step before`,
  );
}

function checkGrouped(expression: Resolved, keys: readonly Resolved[]): void {
  const text = JSON.stringify(expression);
  if (keys.some((key) => JSON.stringify(key) === text)) return;
  switch (expression.kind) {
    case "column":
      if (expression.level > 0) return;
      throw new DatasetError(
        "invalid-plan",
        `${JSON.stringify(expression.name)} is neither grouped by nor aggregated; group by it, or take first() of it`,
      );
    case "call":
      if (functionOf(expression.name)?.kind === "aggregate") {
        checkFlat(expression);
        return;
      }
      for (const arg of expression.args) checkGrouped(arg, keys);
      return;
    case "cast":
      checkGrouped(expression.input, keys);
      return;
    case "case":
      for (const { when, value } of expression.branches) {
        checkGrouped(when, keys);
        checkGrouped(value, keys);
      }
      if (expression.otherwise !== undefined) checkGrouped(expression.otherwise, keys);
      return;
    default:
  }
}

/** Keys that are computed become columns of the input first, so that a key is always a column. */
function overComputedKeys(
  input: ResolvedPlan,
  { keys, aggregates, names, groupingSets }: AggregateParts,
): ResolvedPlan {
  const own = input.schema.map((_, index) => columnAt(input.schema, index));
  const schema: Schema = [
    ...input.schema,
    ...keys.map(({ type, nullable }, index): Field => ({ name: names[index] ?? "", type, nullable })),
  ];
  const computed: ResolvedPlan = { kind: "project", input, columns: [...own, ...keys], schema };
  const texts = keys.map((key) => JSON.stringify(key));
  const asColumn = (one: Resolved): Resolved => {
    const index = texts.indexOf(JSON.stringify(one));
    return index === -1 ? one : columnAt(schema, input.schema.length + index);
  };
  return aggregateOf(computed, {
    keys: keys.map((_, index) => columnAt(schema, input.schema.length + index)),
    aggregates: aggregates.map((one) => mapOutside(one, asColumn)),
    names,
    groupingSets,
  });
}

/** Replaces keys where they stand outside of aggregates; arguments of aggregates see the rows themselves. */
function mapOutside(expression: Resolved, change: (one: Resolved) => Resolved): Resolved {
  const changed = change(expression);
  if (changed !== expression) return changed;
  const map = (one: Resolved): Resolved => mapOutside(one, change);
  switch (expression.kind) {
    case "call": {
      const isGrouping = expression.name.startsWith("grouping");
      const isAggregate = functionOf(expression.name)?.kind === "aggregate";
      return isAggregate && !isGrouping ? expression : { ...expression, args: expression.args.map(map) };
    }
    case "cast":
      return { ...expression, input: map(expression.input) };
    case "case":
      return {
        ...expression,
        branches: expression.branches.map(({ when, value }) => ({ when: map(when), value: map(value) })),
        ...(expression.otherwise === undefined ? {} : { otherwise: map(expression.otherwise) }),
      };
    default:
      return expression;
  }
}
