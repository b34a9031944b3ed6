import { DatasetError } from "../dataset-error.ts";
import { analyzePredicate } from "./analyze-expression.ts";
import type { PlanAnalysis } from "./analyze-plan.ts";
import { projection } from "./analyze-project.ts";
import { checkDistinct } from "./column-names.ts";
import type { Schema } from "./data-type.ts";
import type { JoinKind, JoinNode } from "./plan-node.ts";
import { callWith } from "./resolve-call.ts";
import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { columnAt, indexOfName } from "./scope.ts";

export function analyzeJoin(plan: JoinNode, analysis: PlanAnalysis): ResolvedPlan {
  const left = analysis.analyze(plan.left);
  const right = analysis.analyze(plan.right);
  if (plan.on.kind === "names") return joinByNames({ left, right, how: plan.how }, plan.on.names);
  const both = [...left.schema, ...right.schema];
  const schema = outputOf({ left, right, how: plan.how });
  if (!isHalf(plan.how)) checkSides(left.schema, right.schema);
  if (plan.on.kind === "none") return { kind: "join", left, right, how: plan.how, schema };
  const context = analysis.contextOf(both, left.schema.length);
  const condition = analyzePredicate(plan.on.condition, context);
  return { kind: "join", left, right, how: plan.how, condition, schema };
}

interface Sides {
  readonly left: ResolvedPlan;
  readonly right: ResolvedPlan;
  readonly how: JoinKind;
}

function isHalf(how: JoinKind): boolean {
  return how === "semi" || how === "anti";
}

function checkSides(left: Schema, right: Schema): void {
  const names = new Set(left.map(({ name }) => name.toLowerCase()));
  const twice = right.find(({ name }) => names.has(name.toLowerCase()));
  if (twice === undefined) return;
  throw new DatasetError(
    "duplicate-column",
    `both sides of the join have a column ${JSON.stringify(twice.name)}; join on it by name, or rename one`,
  );
}

/** Columns of the join itself: the sides that may have no match become nullable. */
function outputOf({ left, right, how }: Sides): Schema {
  const nullable = (schema: Schema): Schema => schema.map((field) => ({ ...field, nullable: true }));
  if (isHalf(how)) return left.schema;
  return [
    ...(how === "right" || how === "full" ? nullable(left.schema) : left.schema),
    ...(how === "left" || how === "full" ? nullable(right.schema) : right.schema),
  ];
}

/** Keys stand once, in front: the left side's, or the right side's where the left has none. */
function joinByNames(sides: Sides, names: readonly string[]): ResolvedPlan {
  const { left, right, how } = sides;
  if (names.length === 0) throw new DatasetError("invalid-argument", "a join by names needs at least one name");
  const leftKeys = names.map((name) => indexOfName(left.schema, name, "columns of the left side"));
  const rightKeys = names.map((name) => indexOfName(right.schema, name, "columns of the right side"));
  const both = [...left.schema, ...right.schema];
  const equal = leftKeys.map((leftKey, index) =>
    callWith("eq", [columnAt(both, leftKey), columnAt(both, left.schema.length + (rightKeys[index] ?? 0))]),
  );
  const condition = equal.reduce((a, b) => callWith("and", [a, b]));
  const schema = outputOf(sides);
  const join: ResolvedPlan = { kind: "join", left, right, how, condition, schema };
  if (isHalf(how)) return join;
  const keys = leftKeys.map((leftKey, index): Resolved => {
    const ofLeft = columnAt(schema, leftKey);
    const ofRight = columnAt(schema, left.schema.length + (rightKeys[index] ?? 0));
    if (how === "right") return ofRight;
    return how === "full" ? callWith("coalesce", [ofLeft, ofRight]) : ofLeft;
  });
  const rest = schema.flatMap((_, index) => {
    const isKey = leftKeys.includes(index) || rightKeys.includes(index - left.schema.length);
    return isKey ? [] : [index];
  });
  const restNames = rest.map((index) => schema[index]?.name ?? "");
  const keyNames = leftKeys.map((index) => left.schema[index]?.name ?? "");
  checkDistinct([...keyNames, ...restNames]);
  return projection(join, [...keys, ...rest.map((index) => columnAt(schema, index))], [...keyNames, ...restNames]);
}
