import { DatasetError } from "../../dataset-error.ts";
import { commonType, implicitCast } from "../coercion.ts";
import { arrayOf, booleanType, mapOf, typeText, type DataType } from "../data-type.ts";
import type { Expression } from "../expression.ts";
import type { Resolved } from "../resolved-plan.ts";

/** Analyses the body of a lambda with its variables in sight. */
export type AnalyzeBody = (
  body: Expression,
  variables: readonly (readonly [name: string, type: DataType, nullable: boolean])[],
) => Resolved;

interface LambdaAnalysis {
  readonly analyze: (expression: Expression) => Resolved;
  readonly analyzeBody: AnalyzeBody;
}

/** Functions whose last argument is a function of elements. */
export const lambdaFunctions: ReadonlySet<string> = new Set([
  "transform",
  "filter",
  "exists",
  "forall",
  "aggregate",
  "zip_with",
  "map_filter",
  "transform_keys",
  "transform_values",
]);

type Lambda = Extract<Expression, { kind: "lambda" }>;

export function resolveLambdas(name: string, args: readonly Expression[], analysis: LambdaAnalysis): Resolved {
  const lambda = args.find((arg): arg is Lambda => arg.kind === "lambda");
  const values = args.filter((arg) => arg.kind !== "lambda").map(analysis.analyze);
  const [first] = values;
  if (lambda === undefined || first === undefined) {
    throw new DatasetError("invalid-argument", `${name} takes values and a function of them`);
  }
  if (first.type.kind === "map") return overMap(name, lambda, { map: first, type: first.type, analysis });
  if (first.type.kind !== "array") {
    throw new DatasetError("type-mismatch", `${name} works on arrays and maps; it was given ${typeText(first.type)}`);
  }
  if (name === "aggregate") return aggregate(lambda, values, analysis);
  if (name === "zip_with") return zipWith(lambda, values, analysis);
  const { element, containsNull } = first.type;
  const variables = [[lambda.parameters[0] ?? "x", element, containsNull] as const, ...indexVariable(lambda)];
  const body = analysis.analyzeBody(lambda.body, variables);
  const made: Resolved = {
    kind: "lambda",
    parameters: lambda.parameters,
    body,
    type: body.type,
    nullable: body.nullable,
  };
  if (name === "transform") {
    return call(name, [first, made], { type: arrayOf(body.type, body.nullable), nullable: first.nullable });
  }
  checkCondition(name, body);
  if (name === "filter") return call(name, [first, made], { type: first.type, nullable: first.nullable });
  return call(name, [first, made], { type: booleanType, nullable: first.nullable || body.nullable });
}

function indexVariable({ parameters }: Lambda): readonly (readonly [string, DataType, boolean])[] {
  const second = parameters[1];
  return second === undefined ? [] : [[second, { kind: "int" }, false]];
}

function checkCondition(name: string, body: Resolved): void {
  if (body.type.kind === "boolean") return;
  throw new DatasetError(
    "type-mismatch",
    `the function of ${name} must give a boolean; it gives ${typeText(body.type)}`,
  );
}

interface MapParts {
  readonly map: Resolved;
  readonly type: Extract<DataType, { kind: "map" }>;
  readonly analysis: LambdaAnalysis;
}

function overMap(name: string, lambda: Lambda, { map, type, analysis }: MapParts): Resolved {
  const [key = "k", value = "v"] = lambda.parameters;
  const body = analysis.analyzeBody(lambda.body, [
    [key, type.key, false],
    [value, type.value, type.valueContainsNull],
  ]);
  const made: Resolved = { kind: "lambda", parameters: [key, value], body, type: body.type, nullable: body.nullable };
  if (name === "map_filter") {
    checkCondition(name, body);
    return call(name, [map, made], { type, nullable: map.nullable });
  }
  const result =
    name === "transform_keys"
      ? mapOf(body.type, type.value, type.valueContainsNull)
      : mapOf(type.key, body.type, body.nullable);
  return call(name, [map, made], { type: result, nullable: map.nullable });
}

function aggregate(lambda: Lambda, [array, start]: readonly Resolved[], analysis: LambdaAnalysis): Resolved {
  if (array?.type.kind !== "array" || start === undefined) {
    throw new DatasetError("invalid-argument", "aggregate takes an array, a value to begin with, and a function");
  }
  const [accumulator = "acc", element = "x"] = lambda.parameters;
  const { element: type, containsNull } = array.type;
  const body = analysis.analyzeBody(lambda.body, [
    [accumulator, start.type, true],
    [element, type, containsNull],
  ]);
  const cast = implicitCast(body, start.type);
  if (cast === undefined) {
    throw new DatasetError(
      "type-mismatch",
      `aggregate begins with ${typeText(start.type)} and its function gives ${typeText(body.type)}; cast the beginning`,
    );
  }
  const made: Resolved = {
    kind: "lambda",
    parameters: [accumulator, element],
    body: cast,
    type: start.type,
    nullable: true,
  };
  return call("aggregate", [array, start, made], { type: start.type, nullable: true });
}

function zipWith(lambda: Lambda, [left, right]: readonly Resolved[], analysis: LambdaAnalysis): Resolved {
  if (left?.type.kind !== "array" || right?.type.kind !== "array") {
    throw new DatasetError("type-mismatch", "zipWith takes two arrays and a function");
  }
  const [a = "a", b = "b"] = lambda.parameters;
  const body = analysis.analyzeBody(lambda.body, [
    [a, left.type.element, true],
    [b, right.type.element, true],
  ]);
  const made: Resolved = { kind: "lambda", parameters: [a, b], body, type: body.type, nullable: true };
  const type = arrayOf(commonType(body.type, { kind: "null" }) ?? body.type, true);
  return call("zip_with", [left, right, made], { type, nullable: left.nullable || right.nullable });
}

function call(
  name: string,
  args: readonly Resolved[],
  { type, nullable }: { readonly type: DataType; readonly nullable: boolean },
): Resolved {
  return { kind: "call", name, args, isDistinct: false, type, nullable };
}
