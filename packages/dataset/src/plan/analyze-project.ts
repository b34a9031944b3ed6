import { DatasetError } from "../dataset-error.ts";
import type { PlanAnalysis } from "./analyze-plan.ts";
import { aggregateOf } from "./analyze-aggregate.ts";
import { analyzeExpression } from "./analyze-expression.ts";
import { intType, type Field, type Schema } from "./data-type.ts";
import type { Expression } from "./expression.ts";
import { functionOf } from "./functions/catalogue.ts";
import type { NamedExpression, PlanNode } from "./plan-node.ts";
import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { checkDistinct, nameOf } from "./column-names.ts";
import { columnAt, fieldOf, indexOfName } from "./scope.ts";

type ProjectNode = Extract<PlanNode, { kind: "project" | "withColumns" | "rename" | "renameAll" | "drop" }>;

export function analyzeProject(plan: ProjectNode, analysis: PlanAnalysis): ResolvedPlan {
  const input = analysis.analyze(plan.input);
  switch (plan.kind) {
    case "project":
      return select(input, plan.columns, analysis);
    case "withColumns":
      return withColumns(input, plan.columns, analysis);
    case "rename": {
      const names = input.schema.map(({ name }) => name);
      for (const [from, to] of plan.names) names[indexOfName(input.schema, from)] = to;
      const columns = input.schema.map((_, index) => columnAt(input.schema, index));
      return projection(input, columns, names);
    }
    case "renameAll": {
      if (plan.names.length !== input.schema.length) {
        throw new DatasetError(
          "invalid-argument",
          `toDF has ${plan.names.length} names for ${input.schema.length} columns`,
        );
      }
      const columns = input.schema.map((_, index) => columnAt(input.schema, index));
      return projection(input, columns, plan.names);
    }
    case "drop": {
      const dropped = new Set(plan.names.map((name) => indexOfName(input.schema, name)));
      const kept = input.schema.flatMap((_, index) => (dropped.has(index) ? [] : [columnAt(input.schema, index)]));
      if (kept.length === 0) throw new DatasetError("invalid-plan", "drop leaves no column");
      return keepColumns(input, kept);
    }
  }
}

/** New columns take the places of those that they replace, and stand at the end otherwise. */
function withColumns(input: ResolvedPlan, added: readonly NamedExpression[], analysis: PlanAnalysis): ResolvedPlan {
  const context = analysis.contextOf(input.schema);
  const columns = input.schema.map((_, index) => columnAt(input.schema, index));
  const names = input.schema.map(({ name }) => name);
  for (const { name, expression } of added) {
    const present = names.findIndex((one) => one.toLowerCase() === name.toLowerCase());
    const at = present === -1 ? names.length : present;
    columns[at] = analyzeExpression(expression, context);
    names[at] = name;
  }
  if (columns.some(holdsAggregate)) {
    throw new DatasetError("invalid-plan", "withColumn computes row by row; use agg, or an aggregate over a window");
  }
  return projection(input, columns, names);
}

function select(input: ResolvedPlan, expressions: readonly Expression[], analysis: PlanAnalysis): ResolvedPlan {
  const all = expressions.flatMap((one): Expression[] =>
    one.kind === "star" ? input.schema.map(({ name }) => ({ kind: "column", path: [name] })) : [one],
  );
  const generators = all.filter((one) => generatorOf(one) !== undefined);
  if (generators.length > 1)
    throw new DatasetError("invalid-plan", "a select has one generator such as explode at most");
  const [generator] = generators;
  if (generator !== undefined) return generate(input, { columns: all, generator }, analysis);
  const context = analysis.contextOf(input.schema);
  const columns = all.map((one) => analyzeExpression(one, context));
  const names = all.map((one, index) => nameOf(one, columns[index] as Resolved));
  if (columns.some(holdsAggregate))
    return aggregateOf(input, { keys: [], aggregates: columns, names, groupingSets: [[]] });
  return projection(input, columns, names);
}

/** A projection, with names that are all different. */
export function projection(input: ResolvedPlan, columns: readonly Resolved[], names: readonly string[]): ResolvedPlan {
  if (columns.length === 0) throw new DatasetError("invalid-plan", "a frame has at least one column");
  checkDistinct(names);
  const schema: Schema = columns.map(({ type, nullable }, index): Field => ({
    name: names[index] ?? "",
    type,
    nullable,
  }));
  return { kind: "project", input, columns, schema };
}

function keepColumns(input: ResolvedPlan, columns: readonly Resolved[]): ResolvedPlan {
  return projection(
    input,
    columns,
    columns.map((column) => (column.kind === "column" ? (input.schema[column.index]?.name ?? "") : "")),
  );
}

/** Whether an aggregate is computed here, outside of a window. */
function holdsAggregate(expression: Resolved): boolean {
  switch (expression.kind) {
    case "call":
      return functionOf(expression.name)?.kind === "aggregate" || expression.args.some(holdsAggregate);
    case "cast":
      return holdsAggregate(expression.input);
    case "case": {
      const parts = expression.branches.flatMap(({ when, value }) => [when, value]);
      return [...parts, ...(expression.otherwise === undefined ? [] : [expression.otherwise])].some(holdsAggregate);
    }
    case "inSubquery":
      return holdsAggregate(expression.input);
    case "window": {
      const { input, partitionBy, orderBy } = expression;
      const args = input.kind === "call" ? input.args : [];
      return [...args, ...partitionBy, ...orderBy.map((key) => key.input)].some(holdsAggregate);
    }
    default:
      return false;
  }
}

function generatorOf(expression: Expression): Extract<Expression, { kind: "call" }> | undefined {
  const inner = expression.kind === "alias" ? expression.input : expression;
  return inner.kind === "call" && functionOf(inner.name)?.kind === "generator" ? inner : undefined;
}

interface GenerateParts {
  readonly columns: readonly Expression[];
  readonly generator: Expression;
}

/** The rows of a generator beside the other columns of the select. */
function generate(input: ResolvedPlan, { columns, generator }: GenerateParts, analysis: PlanAnalysis): ResolvedPlan {
  const call = generatorOf(generator);
  if (call === undefined) throw new DatasetError("invalid-plan", "a generator is a call");
  const context = analysis.contextOf(input.schema);
  const analyzed = analyzeExpression(call, context);
  const collection = analyzed.kind === "call" ? analyzed.args[0] : undefined;
  if (collection === undefined) throw new DatasetError("invalid-plan", `${call.name} needs a collection`);
  const isOuter = call.name.endsWith("_outer");
  const withPosition = call.name.startsWith("posexplode");
  const made = generatedFields(collection, { isOuter, withPosition });
  const plan: ResolvedPlan = {
    kind: "generate",
    input,
    generator: collection,
    isOuter,
    withPosition,
    schema: [...input.schema, ...made],
  };
  const generated = made.map((_, index) => columnAt(plan.schema, input.schema.length + index));
  const flat = call.name.startsWith("inline") && generated[0] !== undefined ? fieldsOf(generated[0]) : undefined;
  const alias = generator.kind === "alias" ? generator.name : undefined;
  const pieces = columns.flatMap((one): (readonly [Resolved, string])[] => {
    if (one !== generator) {
      const column = analyzeExpression(one, context);
      return [[column, nameOf(one, column)]];
    }
    if (flat !== undefined) return flat;
    return generated.map((column, index) => {
      const isLast = index === generated.length - 1;
      return [column, isLast && alias !== undefined ? alias : (made[index]?.name ?? "")];
    });
  });
  return projection(
    plan,
    pieces.map(([column]) => column),
    pieces.map(([, name]) => name),
  );
}

function fieldsOf(struct: Resolved): (readonly [Resolved, string])[] {
  if (struct.type.kind !== "struct") throw new DatasetError("type-mismatch", "inline needs an array of structs");
  return struct.type.fields.map(({ name }) => [fieldOf(struct, name), name]);
}

function generatedFields(
  collection: Resolved,
  { isOuter, withPosition }: { readonly isOuter: boolean; readonly withPosition: boolean },
): Schema {
  const { type } = collection;
  const position: Schema = withPosition ? [{ name: "pos", type: intType, nullable: isOuter }] : [];
  if (type.kind === "array") {
    return [...position, { name: "col", type: type.element, nullable: isOuter || type.containsNull }];
  }
  if (type.kind === "map") {
    return [
      ...position,
      { name: "key", type: type.key, nullable: isOuter },
      { name: "value", type: type.value, nullable: isOuter || type.valueContainsNull },
    ];
  }
  throw new DatasetError("type-mismatch", "explode needs an array or a map");
}
