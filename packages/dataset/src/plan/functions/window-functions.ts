import { doubleType, intType, type DataType } from "../data-type.ts";
import type { Resolved } from "../resolved-plan.ts";
import { defineFunction, type FunctionRow, type SqlArgument } from "./function-row.ts";

const rank = (name: string, [params, result, sql]: readonly [string, DataType, string]): FunctionRow =>
  defineFunction(name, [params, result, sql], { kind: "window", nulls: "never" });

const first = ([arg]: readonly Resolved[]): DataType => arg?.type ?? intType;

const neighbour =
  (name: string): FunctionRow["sql"] =>
  (args: readonly SqlArgument[], _, over) =>
    `${name}(${args.map((arg) => arg.sql).join(", ")})${over}`;

export const windowFunctions: readonly FunctionRow[] = [
  rank("row_number", ["", intType, "(row_number()$over)::INTEGER"]),
  rank("rank", ["", intType, "(rank()$over)::INTEGER"]),
  rank("dense_rank", ["", intType, "(dense_rank()$over)::INTEGER"]),
  rank("ntile", ["int", intType, "(ntile($1)$over)::INTEGER"]),
  rank("percent_rank", ["", doubleType, "percent_rank()$over"]),
  rank("cume_dist", ["", doubleType, "cume_dist()$over"]),
  defineFunction("lag", ["same int? same?", first, neighbour("lag")], { kind: "window", nulls: "always" }),
  defineFunction("lead", ["same int? same?", first, neighbour("lead")], { kind: "window", nulls: "always" }),
  defineFunction("nth_value", ["any int", first, "nth_value($1, $2)$over"], { kind: "window", nulls: "always" }),
  defineFunction("first_value", ["any", first, "first_value($1)$over"], { kind: "window", nulls: "always" }),
  defineFunction("last_value", ["any", first, "last_value($1)$over"], { kind: "window", nulls: "always" }),
];
