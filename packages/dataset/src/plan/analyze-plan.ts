import { DatasetError } from "../dataset-error.ts";
import { analyzeAggregate } from "./analyze-aggregate.ts";
import { analyzeExpression, analyzePredicate, analyzeSortKey, type ExpressionContext } from "./analyze-expression.ts";
import { analyzeJoin } from "./analyze-join.ts";
import { analyzeProject } from "./analyze-project.ts";
import { analyzeSetOperation } from "./analyze-set-operation.ts";
import { conform } from "./conform.ts";
import { lowerGaps } from "./lower-gaps.ts";
import { lowerDescribe } from "./lower-describe.ts";
import { longType, type Schema } from "./data-type.ts";
import type { PlanNode, ScanNode } from "./plan-node.ts";
import { functionOf } from "./functions/catalogue.ts";
import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { someExpression } from "./walk-expression.ts";
import { indexOfName, type Scope } from "./scope.ts";
import { lowerUnpivot } from "./lower-unpivot.ts";

/** What the analyzer knows beside the plan. */
export interface AnalyzerEnvironment {
  /** The columns of a scan without a declared schema, or of an SQL text; undefined before somebody looked. */
  readonly schemaOf: (node: PlanNode) => Schema | undefined;
  /** What was analysed before, so that a chain of steps is not analysed anew at each. */
  readonly known: WeakMap<PlanNode, ResolvedPlan>;
}

/** Files or an SQL text have not been looked at: the plan may be right. Never leaves the package. */
export class SchemaUnknown extends Error {
  override readonly name: string = "SchemaUnknown";
}

export type SqlNode = Extract<PlanNode, { kind: "sql" }>;

/** What each analysis of a node kind is given. */
export interface PlanAnalysis {
  readonly analyze: (plan: PlanNode) => ResolvedPlan;
  /** For the expressions over an input. */
  readonly contextOf: (columns: Schema, leftCount?: number) => ExpressionContext;
}

/**
 * Resolves names, types and nullability of a whole plan, or throws what is wrong with it. The same errors at
 * construction and before a run. Steps that are combinations of others become those here.
 */
export function analyzePlan(plan: PlanNode, environment: AnalyzerEnvironment, outer?: Scope): ResolvedPlan {
  // A correlated plan means something only where it stands.
  const known = outer === undefined ? environment.known.get(plan) : undefined;
  if (known !== undefined) return known;
  try {
    const resolved = analyzeNode(plan, analysisOf(environment, outer), environment);
    if (outer === undefined) environment.known.set(plan, resolved);
    return resolved;
  } catch (thrown) {
    throw located(thrown, plan);
  }
}

function analysisOf(environment: AnalyzerEnvironment, outer: Scope | undefined): PlanAnalysis {
  return {
    analyze: (one) => analyzePlan(one, environment, outer),
    contextOf: (columns, leftCount) => ({
      scope: { columns, outer, ...(leftCount === undefined ? {} : { leftCount }) },
      analyzeSubquery: (one, scope) => analyzePlan(one, environment, scope),
    }),
  };
}

const locatedErrors = new WeakSet<object>();

/** Errors name the line of the method that was wrong, once. */
function located(thrown: unknown, { kind, site }: PlanNode): unknown {
  if (!(thrown instanceof DatasetError) || site === undefined || locatedErrors.has(thrown)) return thrown;
  const message = thrown.message.replace(/^\[[a-z-]+\] /, "");
  const error = new DatasetError(thrown.code, `${message} (in ${kind}, ${site})`, { cause: thrown });
  locatedErrors.add(error);
  return error;
}

function analyzeNode(plan: PlanNode, analysis: PlanAnalysis, environment: AnalyzerEnvironment): ResolvedPlan {
  const { analyze, contextOf } = analysis;
  switch (plan.kind) {
    case "scan":
      return scanOf(plan, plan.schema ?? environment.schemaOf(plan));
    case "local":
      return {
        kind: "local",
        attachment: plan.attachment,
        columns: plan.schema.map((_, index) => index),
        schema: plan.schema,
      };
    case "range":
      return { ...plan, schema: [{ name: "id", type: longType, nullable: false }] };
    case "sql":
      return sqlOf(plan, analysis, environment.schemaOf(plan));
    case "kept": {
      const input = analyze(plan.input);
      return { kind: "kept", attachment: plan.attachment, input, schema: input.schema };
    }
    case "project":
    case "withColumns":
    case "rename":
    case "renameAll":
    case "drop":
      return analyzeProject(plan, analysis);
    case "filter": {
      const input = analyze(plan.input);
      const predicate = analyzePredicate(plan.predicate, contextOf(input.schema));
      checkRowByRow("a filter", predicate);
      return { kind: "filter", input, predicate, schema: input.schema };
    }
    case "aggregate":
      return analyzeAggregate(plan, analysis);
    case "sort": {
      const input = analyze(plan.input);
      const keys = plan.keys.map((key) => analyzeSortKey(key, contextOf(input.schema)));
      return { kind: "sort", input, keys, schema: input.schema };
    }
    case "limit": {
      const input = analyze(plan.input);
      const { count, offset } = plan;
      return { kind: "limit", input, offset, schema: input.schema, ...(count === undefined ? {} : { count }) };
    }
    case "distinct": {
      const input = analyze(plan.input);
      const on = plan.names?.map((name) => indexOfName(input.schema, name));
      return { kind: "distinct", input, schema: input.schema, ...(on === undefined ? {} : { on }) };
    }
    case "sample": {
      const input = analyze(plan.input);
      return { kind: "sample", input, from: plan.from, to: plan.to, seed: plan.seed, schema: input.schema };
    }
    case "join":
      return analyzeJoin(plan, analysis);
    case "setOperation":
      return analyzeSetOperation(plan, analysis);
    case "unpivot":
      return lowerUnpivot(plan, analyze(plan.input));
    case "conform":
      return conform(analyze(plan.input), plan.schema);
    case "fillGaps":
    case "dropGaps":
    case "replaceValues":
      return lowerGaps(plan, analyze(plan.input));
    case "describe":
      return lowerDescribe(plan, analyze(plan.input));
  }
}

/** Windows and numbers of rows see other rows, which a condition may not: it decides which there are. */
function checkRowByRow(what: string, expression: Resolved): void {
  if (!someExpression(expression, seesOtherRows)) return;
  throw new DatasetError(
    "invalid-plan",
    `${what} cannot ask for other rows; add the window or the number as a column first`,
  );
}

function seesOtherRows(one: Resolved): boolean {
  if (one.kind === "window") return true;
  if (one.kind !== "call") return false;
  const isNumbered = one.name === "monotonically_increasing_id" || (one.name === "rand" && one.args.length > 0);
  return isNumbered || functionOf(one.name)?.kind === "aggregate";
}

function scanOf(scan: ScanNode, schema: Schema | undefined): ResolvedPlan {
  if (schema === undefined) throw new SchemaUnknown();
  return { kind: "scan", scan, columns: schema.map((field) => field.name), schema };
}

/** The text with its frames analysed. Without a schema, for whoever is to look at it. */
export function analyzeSqlText(
  plan: SqlNode,
  environment: AnalyzerEnvironment,
): Extract<ResolvedPlan, { kind: "sql" }> {
  return sqlOf(plan, analysisOf(environment, undefined), []);
}

function sqlOf(
  plan: SqlNode,
  { analyze, contextOf }: PlanAnalysis,
  schema: Schema | undefined,
): Extract<ResolvedPlan, { kind: "sql" }> {
  if (schema === undefined) throw new SchemaUnknown();
  const holes = plan.holes.map((hole) =>
    hole.kind === "frame"
      ? ({ kind: "frame", plan: analyze(hole.plan) } as const)
      : ({ kind: "value", value: analyzeExpression(hole.value, contextOf([])) } as const),
  );
  const views = plan.views.map((view) => ({ name: view.name, plan: analyze(view.plan) }));
  return { kind: "sql", parts: plan.parts, holes, views, schema };
}
