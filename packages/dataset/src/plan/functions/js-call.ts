import { DatasetError } from "../../dataset-error.ts";
import { isSameType, nullType, typeText, type DataType } from "../data-type.ts";
import type { Resolved } from "../resolved-plan.ts";
import { defineFunction, type FunctionRow } from "./function-row.ts";
import { sqlName } from "./sql-type.ts";

/** What a plan says of a function in JavaScript: plain data; the function itself is found by its id. */
export interface JsSignature {
  readonly id: string;
  readonly name: string;
  readonly params: readonly DataType[];
  readonly result: DataType;
}

/** `js_call(signature as JSON, arguments …)`. */
export const jsCall: FunctionRow = defineFunction(
  "js_call",
  [
    "string any*",
    resultOf,
    ([signature, ...args]) => `${sqlName(parse(signature?.literal).id)}(${args.map((arg) => arg.sql).join(", ")})`,
  ],
  { nulls: "always" },
);

function resultOf([literal, ...args]: readonly Resolved[]): DataType {
  const { name, params, result } = signatureOf(literal);
  if (args.length !== params.length) {
    throw new DatasetError(
      "invalid-argument",
      `the function ${name} takes ${params.length} arguments; it was given ${args.length}`,
    );
  }
  for (const [index, arg] of args.entries()) {
    const param = params[index] ?? nullType;
    if (isSameType(arg.type, param) || arg.type.kind === "null") continue;
    throw new DatasetError(
      "type-mismatch",
      `argument ${index + 1} of the function ${name} is ${typeText(arg.type)}; it takes ${typeText(param)}: cast it`,
    );
  }
  return result;
}

/** The signature in the first argument of a call. */
export function signatureOf(literal: Resolved | undefined): JsSignature {
  return parse(literal?.kind === "literal" ? literal.value : undefined);
}

function parse(text: unknown): JsSignature {
  if (typeof text !== "string")
    throw new DatasetError("invalid-plan", "a function in JavaScript is named by its signature");
  return JSON.parse(text) as JsSignature;
}
