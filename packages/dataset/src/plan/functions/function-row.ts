import type { DataType } from "../data-type.ts";
import type { Resolved } from "../resolved-plan.ts";

/** One function: what it takes, what it gives, when it is NULL, and how the engine says it. */
export interface FunctionRow {
  readonly name: string;
  readonly kind: FunctionKind;
  readonly params: readonly Parameter[];
  readonly result: (args: readonly Resolved[]) => DataType;
  readonly nullable: (args: readonly Resolved[]) => boolean;
  /** `over`: what follows the engine's own aggregate: its filter, its window. */
  readonly sql: (args: readonly SqlArgument[], type: DataType, over: string) => string;
}

export type FunctionKind = "scalar" | "aggregate" | "window" | "generator";

/** An argument in the engine's words. */
export interface SqlArgument {
  readonly sql: string;
  readonly type: DataType;
  readonly nullable: boolean;
  /** The value of a literal, where it is one. */
  readonly literal?: unknown;
  /** Of a function of elements: its body, with these in the places of its parameters. */
  readonly body?: (parameters: readonly string[]) => string;
}

/** A class of types. `same`: all arguments of it meet in their common type. */
export type Accepts =
  | DataType["kind"]
  | "any"
  | "same"
  | "sameNumeric"
  | "numeric"
  | "integral"
  | "text"
  | "moment"
  | "lambda";

export interface Parameter {
  readonly accepts: readonly Accepts[];
  readonly count: "one" | "optional" | "rest";
}

type ResultRule = DataType | "first" | ((args: readonly Resolved[]) => DataType);
type NullRule = "any" | "always" | "never" | "all" | ((args: readonly Resolved[]) => boolean);
type SqlRule = string | FunctionRow["sql"];

export interface RowOptions {
  readonly kind?: FunctionKind;
  /** Default: the result is NULL where an argument is. */
  readonly nulls?: NullRule;
}

/**
 * `params`: the classes of arguments in order, `|` between alternatives, `?` for optional, `*` for any number of. `sql`:
 * text with `$1`, `$2` … for arguments, `$*` for all, `$over` behind an aggregate.
 */
export function defineFunction(
  name: string,
  [params, result, sql]: readonly [params: string, result: ResultRule, sql: SqlRule],
  { kind = "scalar", nulls = "any" }: RowOptions = {},
): FunctionRow {
  return {
    name,
    kind,
    params: params.split(" ").filter(Boolean).map(parseParameter),
    result: (args) => resultOf(result, args),
    nullable: (args) => isNullable(nulls, args),
    sql: typeof sql === "string" ? (args, _type, over) => fill(sql, args, over) : sql,
  };
}

function parseParameter(text: string): Parameter {
  const mark = text.at(-1);
  const count = mark === "?" ? "optional" : mark === "*" ? "rest" : "one";
  const accepts = (count === "one" ? text : text.slice(0, -1)).split("|") as Accepts[];
  return { accepts, count };
}

function resultOf(rule: ResultRule, args: readonly Resolved[]): DataType {
  if (typeof rule === "function") return rule(args);
  return rule === "first" ? (args[0]?.type ?? { kind: "null" }) : rule;
}

function isNullable(rule: NullRule, args: readonly Resolved[]): boolean {
  if (typeof rule === "function") return rule(args);
  if (rule === "any") return args.some((arg) => arg.nullable);
  if (rule === "all") return args.every((arg) => arg.nullable);
  return rule === "always";
}

/** Puts arguments into a template: `$1`, `$*` and `$over`. */
export function fill(template: string, args: readonly SqlArgument[], over: string = ""): string {
  return template.replaceAll(/\$(\d+|\*|over)/g, (_, which: string) => {
    if (which === "*") return args.map((arg) => arg.sql).join(", ");
    return which === "over" ? over : (args[Number(which) - 1]?.sql ?? "NULL");
  });
}
