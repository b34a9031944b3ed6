import { DatasetError } from "../dataset-error.ts";
import { adaptLiteral, castTo, commonType, implicitCast } from "./coercion.ts";
import { isIntegral, isNumeric, typeText, type DataType } from "./data-type.ts";
import type { Expression } from "./expression.ts";
import { functionNames, functionOf } from "./functions/catalogue.ts";
import type { Accepts, FunctionRow, Parameter } from "./functions/function-row.ts";
import { resolveLambdas, lambdaFunctions, type AnalyzeBody } from "./functions/lambdas.ts";
import { suggest } from "./nearest-names.ts";
import type { Resolved } from "./resolved-plan.ts";
import { fieldOf } from "./scope.ts";

export interface CallAnalysis {
  readonly analyze: (expression: Expression) => Resolved;
  readonly analyzeBody: AnalyzeBody;
}

/** Finds the function, gives its arguments the types that it takes, and says what it gives. */
export function resolveCall(name: string, expressions: readonly Expression[], analysis: CallAnalysis): Resolved {
  if (lambdaFunctions.has(name)) return resolveLambdas(name, expressions, analysis);
  const args = expressions.filter(({ kind }) => kind !== "star").map(analysis.analyze);
  return callWith(name, args);
}

/** The same with arguments that are analysed already. */
export function callWith(name: string, given: readonly Resolved[]): Resolved {
  if (name === "get_field") return getField(given);
  const dates = dateArithmetic(name, given);
  if (dates !== undefined) return dates;
  const row = functionOf(name);
  if (row === undefined) {
    throw new DatasetError(
      "unknown-function",
      `${JSON.stringify(name)} is no function; ${suggest(name, functionNames)}`,
    );
  }
  const args = meetArguments(row, given);
  return { kind: "call", name, args, isDistinct: false, type: row.result(args), nullable: row.nullable(args) };
}

function getField([holder, field]: readonly Resolved[]): Resolved {
  if (holder === undefined || field?.kind !== "literal" || typeof field.value !== "string") {
    throw new DatasetError("invalid-plan", "a field of a struct is named by a text");
  }
  return fieldOf(holder, field.value);
}

/** Days and intervals added to and taken from moments have functions of their own. */
function dateArithmetic(name: string, [a, b]: readonly Resolved[]): Resolved | undefined {
  if (name !== "add" && name !== "subtract") return undefined;
  if (a === undefined || b === undefined) return undefined;
  if (a.type.kind === "date" && isIntegral(b.type)) return callWith(name === "add" ? "date_add" : "date_sub", [a, b]);
  if (b.type.kind !== "interval") return undefined;
  const amount = name === "add" ? b : callWith("negative", [b]);
  return callWith(a.type.kind === "interval" ? "interval_add" : "add_interval", [a, amount]);
}

function meetArguments(row: FunctionRow, given: readonly Resolved[]): readonly Resolved[] {
  const parameters = given.map((_, index) => parameterAt(row.params, index));
  const needed = row.params.filter(({ count }) => count === "one").length;
  if (given.length < needed || parameters.includes(undefined)) {
    throw new DatasetError(
      "invalid-argument",
      `${row.name} takes ${countText(row.params)} arguments; it was given ${given.length}`,
    );
  }
  const same = commonOfSame(row, given, parameters);
  return given.map((arg, index) => {
    const parameter = parameters[index];
    return parameter === undefined ? arg : accept(row, { arg, parameter, same, position: index + 1 });
  });
}

function parameterAt(params: readonly Parameter[], index: number): Parameter | undefined {
  const last = params.at(-1);
  return params[index] ?? (last?.count === "rest" ? last : undefined);
}

function countText(params: readonly Parameter[]): string {
  const needed = params.filter(({ count }) => count === "one").length;
  if (params.at(-1)?.count === "rest") return `at least ${needed}`;
  return needed === params.length ? String(needed) : `${needed} to ${params.length}`;
}

/** The type in which arguments that must be alike meet: columns decide, literals adapt. */
function commonOfSame(
  row: FunctionRow,
  given: readonly Resolved[],
  parameters: readonly (Parameter | undefined)[],
): DataType | undefined {
  const alike = given.filter((_, index) =>
    parameters[index]?.accepts.some((one) => one === "same" || one === "sameNumeric"),
  );
  if (alike.length === 0) return undefined;
  let common: DataType = { kind: "null" };
  for (const arg of [...alike.filter(isFirm), ...alike.filter((one) => !isFirm(one))]) {
    const next = meetTwo(common, arg);
    if (next === undefined) {
      throw new DatasetError(
        "type-mismatch",
        `${row.name} cannot bring ${typeText(common)} and ${typeText(arg.type)} together; cast one of them`,
      );
    }
    common = next;
  }
  return common;
}

/** Columns and casts before literals. */
function isFirm(arg: Resolved): boolean {
  return arg.kind !== "literal";
}

function meetTwo(common: DataType, arg: Resolved): DataType | undefined {
  if (common.kind === "null") return arg.type;
  if (arg.kind === "literal" && arg.type.kind !== common.kind) {
    const adapted = adaptLiteral(arg, common);
    if (adapted !== undefined) return commonType(common, adapted.type);
  }
  return commonType(common, arg.type);
}

interface Acceptance {
  readonly arg: Resolved;
  readonly parameter: Parameter;
  readonly same: DataType | undefined;
  readonly position: number;
}

function accept(row: FunctionRow, { arg, parameter, same, position }: Acceptance): Resolved {
  for (const accepts of parameter.accepts) {
    const taken = take(accepts, arg, same);
    if (taken !== undefined) return taken;
  }
  throw new DatasetError(
    "type-mismatch",
    `argument ${position} of ${row.name} must be ${parameter.accepts.join(" or ")}; it is ${typeText(arg.type)}`,
  );
}

function take(accepts: Accepts, arg: Resolved, same: DataType | undefined): Resolved | undefined {
  const { type } = arg;
  const isNull = type.kind === "null";
  switch (accepts) {
    case "any":
    case "lambda":
      return arg;
    case "same":
      return same === undefined ? arg : toSame(arg, same);
    case "sameNumeric":
      return same === undefined || !(isNumeric(same) || same.kind === "null") ? undefined : toSameNumeric(arg, same);
    case "numeric":
      return isNumeric(type) ? arg : isNull ? castTo(arg, { kind: "double" }) : undefined;
    case "integral":
      return isIntegral(type) ? arg : isNull ? castTo(arg, { kind: "int" }) : undefined;
    case "text":
      return type.kind === "string" || type.kind === "binary"
        ? arg
        : isNull
          ? castTo(arg, { kind: "string" })
          : undefined;
    case "moment":
      return type.kind === "date" || type.kind === "timestamp" || type.kind === "timestampNtz"
        ? arg
        : implicitCast(arg, { kind: "timestamp" });
    case "array":
    case "map":
    case "struct":
    case "decimal":
      return type.kind === accepts ? arg : undefined;
    default:
      return implicitCast(arg, { kind: accepts });
  }
}

function toSame(arg: Resolved, same: DataType): Resolved | undefined {
  const adapted = arg.kind === "literal" ? adaptLiteral(arg, same) : undefined;
  return castTo(adapted ?? arg, same);
}

/** Decimals keep their own precision: the result's type is computed from both. */
function toSameNumeric(arg: Resolved, same: DataType): Resolved {
  if (same.kind !== "decimal") return toSame(arg, same) ?? arg;
  return (arg.kind === "literal" ? adaptLiteral(arg, same) : undefined) ?? arg;
}
