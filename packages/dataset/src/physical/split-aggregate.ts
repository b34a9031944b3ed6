import {
  booleanType,
  boundedDecimal,
  doubleType,
  isSameType,
  longType,
  type DataType,
  type Field,
  type Schema,
} from "../plan/data-type.ts";
import { functionOf } from "../plan/functions/catalogue.ts";
import { averageOfParts } from "../plan/functions/partial-aggregates.ts";
import type { Resolved, ResolvedPlan } from "../plan/resolved-plan.ts";
import { columnAt } from "../plan/scope.ts";
import { mapChildren, someExpression } from "../plan/walk-expression.ts";

type AggregatePlan = Extract<ResolvedPlan, { kind: "aggregate" }>;
type Call = Extract<Resolved, { kind: "call" }>;

/** An aggregate in two halves: the first over each part of the rows, the second over what the first gave. */
export interface SplitAggregate {
  readonly partial: (input: ResolvedPlan) => AggregatePlan;
  readonly final: (input: ResolvedPlan) => AggregatePlan;
  /** What the first half would give for each row by itself: for parts whose rows have hardly a key in common. */
  readonly unreduced: (input: ResolvedPlan) => ResolvedPlan;
  /** Of what the first half gives. */
  readonly schema: Schema;
}

/** Undefined where an aggregate must see all rows of a group at once: distinct ones, quantiles, lists … */
export function splitAggregate(plan: AggregatePlan): SplitAggregate | undefined {
  const calls = new Map<string, Call>();
  for (const one of plan.aggregates) collectCalls(one, calls);
  const keyFields = plan.keys.map((key, index): Field => ({
    name: plan.schema[index]?.name ?? "",
    type: key.type,
    nullable: key.nullable,
  }));
  const parts: Call[] = [];
  const merged = new Map<string, (schema: Schema) => Resolved>();
  for (const [text, call] of calls) {
    const split = splitCall(call);
    if (split === undefined) return undefined;
    const first = keyFields.length + parts.length;
    parts.push(...split.parts);
    merged.set(text, (schema) =>
      split.merge(
        split.parts.map((_, index) => columnAt(schema, first + index)),
        call,
      ),
    );
  }
  const schema: Schema = [
    ...keyFields,
    ...parts.map(({ type }, index): Field => ({ name: `part_${index}`, type, nullable: true })),
  ];
  const everyKey = plan.keys.map((_, index) => index);
  const keyTexts = plan.keys.map((key) => JSON.stringify(key));
  const atEnd = (expression: Resolved): Resolved => {
    const key = keyTexts.indexOf(JSON.stringify(expression));
    if (key !== -1) return columnAt(schema, key);
    return merged.get(JSON.stringify(expression))?.(schema) ?? mapChildren(expression, atEnd);
  };
  return {
    schema,
    unreduced: (input) => ({ kind: "project", input, columns: [...plan.keys, ...parts.map(ofOneRow)], schema }),
    partial: (input) => ({ ...plan, input, groupingSets: [everyKey], aggregates: parts, schema }),
    final: (input) => ({
      ...plan,
      input,
      keys: plan.keys.map((_, index) => columnAt(schema, index)),
      aggregates: plan.aggregates.map(atEnd),
    }),
  };
}

/** Whether aggregates can be told apart from what stands around them: not where a subquery does. */
export function isSplittable({ aggregates, keys }: AggregatePlan): boolean {
  return ![...aggregates, ...keys].some((one) =>
    someExpression(one, ({ kind }) => kind === "subquery" || kind === "inSubquery"),
  );
}

function collectCalls(expression: Resolved, calls: Map<string, Call>): void {
  const isAggregate = expression.kind === "call" && functionOf(expression.name)?.kind === "aggregate";
  if (isAggregate && !expression.name.startsWith("grouping")) calls.set(JSON.stringify(expression), expression);
  else if (!isAggregate) {
    mapChildren(expression, (child) => {
      collectCalls(child, calls);
      return child;
    });
  }
}

interface SplitCall {
  readonly parts: readonly Call[];
  readonly merge: (parts: readonly Resolved[], call: Call) => Resolved;
}

/** The function that brings partial answers together, where it takes them as they are. */
const merging: Readonly<Record<string, string>> = {
  count: "sum",
  count_if: "sum",
  min: "min",
  max: "max",
  bool_and: "bool_and",
  every: "bool_and",
  bool_or: "bool_or",
  some: "bool_or",
  bit_and: "bit_and",
  bit_or: "bit_or",
  bit_xor: "bit_xor",
};

function splitCall(call: Call): SplitCall | undefined {
  if (call.isDistinct) return undefined;
  if (call.name === "sum") return splitSum(call);
  if (call.name === "avg") return splitAverage(call);
  const name = merging[call.name];
  if (name === undefined) return undefined;
  return { parts: [call], merge: (parts) => merge(name, parts, call) };
}

function merge(name: string, args: readonly Resolved[], { type, nullable }: Call): Resolved {
  return { kind: "call", name, args, isDistinct: false, type, nullable };
}

/** Parts are wider than the sum: one that leaves 64 bits may come back with the next. */
function splitSum(call: Call): SplitCall {
  const type: DataType = call.type.kind === "long" ? boundedDecimal(38, 0) : call.type;
  const part: Call = { ...call, type: widened(type), nullable: true };
  return { parts: [part], merge: (parts) => merge("sum", parts, call) };
}

function widened(type: DataType): DataType {
  return type.kind === "decimal" ? boundedDecimal(38, type.scale) : type;
}

function splitAverage(call: Call): SplitCall | undefined {
  const [arg] = call.args;
  if (arg === undefined) return undefined;
  const isExact = call.type.kind === "decimal";
  const summand: Resolved =
    isExact || arg.type.kind === "double"
      ? arg
      : { kind: "cast", input: arg, isTry: false, type: doubleType, nullable: arg.nullable };
  const scale = arg.type.kind === "decimal" ? arg.type.scale : 0;
  const sum: Call = {
    ...call,
    name: "sum",
    args: [summand],
    type: isExact ? boundedDecimal(38, scale) : doubleType,
    nullable: true,
  };
  const count: Call = { ...call, name: "count", type: longType, nullable: false };
  return { parts: [sum, count], merge: (parts) => merge(averageOfParts.name, parts, call) };
}

/** A partial answer of one row. */
function ofOneRow({ name, args, filter, type, nullable }: Call): Resolved {
  const [arg] = args;
  const isCount = name === "count" || name === "count_if";
  const conditions = [
    ...(filter === undefined ? [] : [filter]),
    ...(name === "count" ? args.map(isPresent) : name === "count_if" && arg !== undefined ? [arg] : []),
  ];
  const value: Resolved = isCount || arg === undefined ? longLiteral("1") : withType(arg, type);
  const condition = conditions.reduce<Resolved | undefined>(
    (all, one) => (all === undefined ? one : both(all, one)),
    undefined,
  );
  if (condition === undefined) return value;
  // A pivot cell that no row belongs to is NULL: see onlyWhere.
  const isZero = isCount && !(filter !== undefined && nullable);
  const branches = [{ when: condition, value }];
  return { kind: "case", branches, ...(isZero ? { otherwise: longLiteral("0") } : {}), type, nullable: !isZero };
}

function longLiteral(text: string): Resolved {
  return { kind: "literal", value: { tag: "bigint", text }, type: longType, nullable: false };
}

function withType(input: Resolved, type: DataType): Resolved {
  return isSameType(input.type, type) ? input : { kind: "cast", input, isTry: false, type, nullable: input.nullable };
}

function isPresent(arg: Resolved): Resolved {
  return { kind: "call", name: "isnotnull", args: [arg], isDistinct: false, type: booleanType, nullable: false };
}

function both(a: Resolved, b: Resolved): Resolved {
  return { kind: "call", name: "and", args: [a, b], isDistinct: false, type: booleanType, nullable: true };
}
