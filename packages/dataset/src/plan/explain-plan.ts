import { typeText } from "./data-type.ts";
import { callText, caseText, literalText } from "./expression-text.ts";
import type { Resolved, ResolvedPlan, ResolvedSortKey } from "./resolved-plan.ts";
import { inputsOf } from "./walk-plan.ts";

/** A plan as a tree of lines, the result on top. Golden tests are written in this text. */
export function explainPlan(plan: ResolvedPlan, depth: number = 0): string {
  const line = `${"  ".repeat(depth)}${describe(plan)}`;
  return [line, ...inputsOf(plan).map((input) => explainPlan(input, depth + 1))].join("\n");
}

function describe(plan: ResolvedPlan): string {
  switch (plan.kind) {
    case "scan":
      return `Scan ${plan.scan.format} [${plan.scan.paths.join(", ")}] (${names(plan)})`;
    case "local":
      return `Rows (${names(plan)})`;
    case "range":
      return `Range ${plan.start} to ${plan.end} by ${plan.step}`;
    case "sql":
      return `Sql (${names(plan)})`;
    case "kept":
      return `Kept (${names(plan)})`;
    case "input":
      return `Input ${plan.name} (${names(plan)})`;
    case "project":
      return `Project ${plan.columns.map((column, index) => named(column, plan.schema[index]?.name ?? "")).join(", ")}`;
    case "filter":
      return `Filter ${resolvedText(plan.predicate)}`;
    case "aggregate":
      return describeAggregate(plan);
    case "sort":
      return `Sort ${plan.keys.map(keyText).join(", ")}`;
    case "limit":
      return `Limit ${plan.count ?? "all"}${plan.offset === 0 ? "" : ` from ${plan.offset}`}`;
    case "distinct":
      return `Distinct${plan.on === undefined ? "" : ` on ${plan.on.map((index) => plan.schema[index]?.name).join(", ")}`}`;
    case "join":
      return `Join ${plan.how}${plan.condition === undefined ? "" : ` on ${resolvedText(plan.condition)}`}`;
    case "setOperation":
      return `${plan.operation[0]?.toUpperCase()}${plan.operation.slice(1)}${plan.isAll ? " all" : ""}`;
    case "sample":
      return `Sample ${plan.from} to ${plan.to}, seed ${plan.seed}`;
    case "generate":
      return `Generate${plan.isOuter ? " outer" : ""} ${resolvedText(plan.generator)}`;
  }
}

function describeAggregate({
  keys,
  aggregates,
  groupingSets,
  schema,
}: Extract<ResolvedPlan, { kind: "aggregate" }>): string {
  const sets = groupingSets.map((set) => `(${set.map((index) => schema[index]?.name).join(", ")})`);
  const by =
    groupingSets.length > 1
      ? ` by sets ${sets.join(", ")}`
      : keys.length === 0
        ? ""
        : ` by ${keys.map(resolvedText).join(", ")}`;
  const made = aggregates.map((one, index) => named(one, schema[keys.length + index]?.name ?? ""));
  return `Aggregate${by}: ${made.join(", ")}`;
}

function names({ schema }: ResolvedPlan): string {
  return schema.map(({ name }) => name).join(", ");
}

function named(column: Resolved, name: string): string {
  const text = resolvedText(column);
  return column.kind === "column" && column.name === name ? text : `${text} as ${name}`;
}

export function keyText({ input, direction, nulls }: ResolvedSortKey): string {
  return `${resolvedText(input)} ${direction} nulls ${nulls}`;
}

/** An analysed expression as people read it. */
export function resolvedText(expression: Resolved): string {
  switch (expression.kind) {
    case "column":
      return expression.level === 0 ? expression.name : `outer(${expression.name})`;
    case "literal":
      return literalText(expression.value);
    case "cast":
      return `${expression.isTry ? "try_cast" : "cast"}(${resolvedText(expression.input)} as ${typeText(expression.type)})`;
    case "call": {
      const text = callText(expression.name, expression.args.map(resolvedText), expression.isDistinct);
      return expression.filter === undefined ? text : `${text} where ${resolvedText(expression.filter)}`;
    }
    case "case":
      return caseText(
        expression.branches.map(({ when, value }) => [resolvedText(when), resolvedText(value)]),
        expression.otherwise && resolvedText(expression.otherwise),
      );
    case "window": {
      const partition = expression.partitionBy.map(resolvedText).join(", ");
      const order = expression.orderBy.map(keyText).join(", ");
      const parts = [partition && `partition by ${partition}`, order && `order by ${order}`].filter(Boolean);
      return `${resolvedText(expression.input)} over (${parts.join(" ")})`;
    }
    case "subquery":
      return `${expression.mode}(\n${explainPlan(expression.plan, 4)})`;
    case "inSubquery":
      return `${resolvedText(expression.input)} in (\n${explainPlan(expression.plan, 4)})`;
    case "lambda":
      return `(${expression.parameters.join(", ")}) -> ${resolvedText(expression.body)}`;
    case "lambdaVariable":
      return expression.name;
  }
}
