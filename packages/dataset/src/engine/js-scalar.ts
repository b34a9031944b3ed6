import { DuckDBScalarFunction } from "@duckdb/node-api";
import { DatasetError } from "../dataset-error.ts";
import { jsFunctionOf, type JsFunction } from "../frame/js-functions.ts";
import { signatureOf } from "../plan/functions/js-call.ts";
import type { Resolved, ResolvedPlan } from "../plan/resolved-plan.ts";
import { childrenOf } from "../plan/walk-expression.ts";
import { expressionsOf, walkPlan } from "../plan/walk-plan.ts";
import { fitsType } from "../frame/rows-in-memory.ts";
import { typeText } from "../plan/data-type.ts";
import { shorten } from "../shorten.ts";
import { registerFunction } from "./duckdb.ts";
import { writerOf } from "./local-rows.ts";
import { toEngineType } from "./to-engine-type.ts";
import { readerOf } from "./value-reader.ts";

/** Makes the functions in JavaScript that a plan calls known to the engine. */
export async function registerJsFunctions(plan: ResolvedPlan): Promise<void> {
  for (const id of jsFunctionIds(plan)) {
    const made = jsFunctionOf(id);
    if (made === undefined)
      throw new DatasetError("invalid-plan", "a function in JavaScript that this plan calls is gone");
    await registerFunction(id, () => scalarFunction(made));
  }
}

/** Functions in JavaScript that a plan calls, by id. */
export function jsFunctionIds(plan: ResolvedPlan): ReadonlySet<string> {
  const ids = new Set<string>();
  const visit = (expression: Resolved): void => {
    if (expression.kind === "call" && expression.name === "js_call") ids.add(signatureOf(expression.args[0]).id);
    childrenOf(expression).forEach(visit);
  };
  walkPlan(plan, (node) => expressionsOf(node).forEach(visit));
  return ids;
}

/**
 * NULL in, NULL out, always: over a dictionary the engine calls a function for entries that no row has, NULL among them.
 * Its columns are read and written by type, never by their storage.
 */
export function scalarFunction({ signature, fn }: JsFunction): DuckDBScalarFunction {
  const readers = signature.params.map((type, index) =>
    readerOf({ name: `argument ${index + 1}`, type, nullable: true }),
  );
  const fits = fitsType(signature.result);
  // The engine passes on the text of an error and nothing else.
  const callOnce = (args: readonly unknown[]): unknown => {
    let value: unknown;
    try {
      value = fn(...args) ?? null;
    } catch (thrown) {
      throw new Error(
        `tutti:task-failed:the function ${signature.name} failed for ${shorten(args)}: ${String(thrown)}`,
        { cause: thrown },
      );
    }
    if (value === null || fits(value)) return value;
    throw new Error(
      `tutti:type-mismatch:the function ${signature.name} gave ${shorten(value)}, which is no ${typeText(signature.result)}`,
    );
  };
  return DuckDBScalarFunction.create({
    name: signature.id,
    parameterTypes: signature.params.map(toEngineType),
    returnType: toEngineType(signature.result),
    mainFunction: (_, input, output) => {
      const { rowCount } = input;
      const columns = readers.map((read, index) => read(input.getColumnVector(index), rowCount));
      const values = Array.from({ length: rowCount }, (_row, row) => {
        const args = columns.map((column) => column[row]);
        return args.some((arg) => arg === null || arg === undefined) ? null : callOnce(args);
      });
      writerOf({ name: signature.name, type: signature.result, nullable: true }, values)(output, {
        from: 0,
        count: rowCount,
      });
    },
  });
}
