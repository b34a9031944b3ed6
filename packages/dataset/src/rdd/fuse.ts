import type { AnyFunction } from "@tutti/runtime";
import { DatasetError } from "../dataset-error.ts";
import { shorten } from "../shorten.ts";
import { elementError } from "./element-error.ts";
import { isComposite } from "./key.ts";
import type { Combine, KeyedTable } from "./keyed-table.ts";
import type { ElementStep } from "./program.ts";

/** A user's function as the loops call it. */
type Call = (...args: unknown[]) => unknown;

/** Where a loop leaves what it makes. It belongs to one task. */
export type LoopSink =
  | { readonly kind: "push"; rows: unknown[] }
  | { readonly kind: "count"; rowCount: number }
  | { readonly kind: "reduce"; readonly fn: AnyFunction; hasValue: boolean; value: unknown }
  | { readonly kind: "combine"; readonly combine: Combine; readonly table: KeyedTable };

/** Drives a batch through all steps into the sink. */
export type Loop = (batch: readonly unknown[]) => void;

export interface LoopParts {
  readonly steps: readonly ElementStep[];
  readonly closures: readonly AnyFunction[];
  readonly sink: LoopSink;
}

/**
 * All steps of a stage as one loop, generated, so that every stage has call sites of its own: shared ones turn
 * megamorphic once several pipelines have run in a process, and cost three times as much (`npm run bench -- rdd`).
 * User functions are parameters and never text: their source is not read. Where code generation is forbidden, the
 * same loop is built of closures.
 */
export function createLoop(parts: LoopParts): Loop {
  return generateLoop(parts) ?? chainLoop(parts);
}

/** A generated loop without a sink of its own. */
type SharedLoop = (batch: readonly unknown[], sink: LoopSink) => void;

/**
 * The loops of each stage, by what they do. A thread runs many tasks of a stage, which share their closures: the second
 * task begins with code that the first has made hot.
 */
const loopsOfStages = new WeakMap<readonly AnyFunction[], Map<string, SharedLoop>>();

/** The generated form, or undefined where the process forbids code generation from strings. */
export function generateLoop({ steps, closures, sink }: LoopParts): Loop | undefined {
  const loops = loopsOfStages.get(closures) ?? new Map<string, SharedLoop>();
  loopsOfStages.set(closures, loops);
  const name = [sink.kind, ...steps.map((step) => `${step.kind} ${step.fn}`)].join(", ");
  const loop = loops.get(name) ?? compileLoop(steps, closures, sink.kind);
  if (loop === undefined) return undefined;
  loops.set(name, loop);
  return (batch) => loop(batch, sink);
}

function compileLoop(
  steps: readonly ElementStep[],
  closures: readonly AnyFunction[],
  sinkKind: LoopSink["kind"],
): SharedLoop | undefined {
  const code = codeOf(steps, sinkKind);
  let make: (...bindings: unknown[]) => SharedLoop;
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- the text is ours; user functions are bound as parameters
    make = new Function("fns", "helpers", code) as typeof make;
  } catch (thrown) {
    if (thrown instanceof EvalError) return undefined;
    throw thrown;
  }
  const fns = steps.map((step) => closures[step.fn]);
  return make(fns, { elementError, listOf, pairError, isComposite });
}

function codeOf(steps: readonly ElementStep[], sinkKind: LoopSink["kind"]): string {
  let body = "";
  let close = "";
  let value = "x";
  steps.forEach((step, index) => {
    const next = `x${index}`;
    switch (step.kind) {
      case "filter":
        body += `if (f${index}(${value})) {\n`;
        close += "}";
        return;
      case "map":
        body += `const ${next} = f${index}(${value});\n`;
        break;
      case "flatMap":
        body += `const list${index} = listOf(f${index}(${value}));\n`;
        body += `for (let i${index} = 0; i${index} < list${index}.length; i${index} += 1) {\n`;
        body += `const ${next} = list${index}[i${index}];\n`;
        close += "}";
        break;
      default:
        step.kind satisfies never;
    }
    value = next;
  });
  const { before, each, after } = sinkCode(sinkKind, value);
  return `"use strict";
const { elementError, listOf, pairError, isComposite } = helpers;
${steps.map((_, index) => `const f${index} = fns[${index}];`).join("\n")}
return (batch, sink) => {
${before}
let index = 0;
try {
for (; index < batch.length; index += 1) {
const x = batch[index];
${body}${each}${close}
}
} catch (thrown) { throw elementError(thrown, batch[index]); }
${after}
};`;
}

interface SinkCode {
  readonly before: string;
  readonly each: string;
  readonly after: string;
}

function sinkCode(kind: LoopSink["kind"], value: string): SinkCode {
  switch (kind) {
    case "push":
      return { before: "const rows = sink.rows;", each: `rows.push(${value});`, after: "" };
    case "count":
      return { before: "let count = 0;", each: "count += 1;", after: "sink.rowCount += count;" };
    case "reduce":
      return {
        before: "const fn = sink.fn; let has = sink.hasValue, sum = sink.value;",
        each: `if (has) sum = fn(sum, ${value}); else { has = true; sum = ${value}; }`,
        after: "sink.hasValue = has; sink.value = sum;",
      };
    case "combine":
      return {
        before:
          "const map = sink.table.primitives, combine = sink.combine, create = combine.create, merge = combine.merge;",
        each: `const pair = ${value};
if (!Array.isArray(pair)) throw pairError(pair);
const key = pair[0];
if (isComposite(key)) sink.table.add(key, pair[1], combine);
else {
const present = map.get(key);
if (present !== undefined || map.has(key)) map.set(key, merge(present, pair[1]));
else map.set(key, create === undefined ? pair[1] : create(pair[1]));
}`,
        after: "",
      };
  }
}

/** The fallback: each step calls the next. */
export function chainLoop({ steps, closures, sink }: LoopParts): Loop {
  const first = steps.reduceRight<Call>((next, step) => {
    const fn = closures[step.fn] as Call;
    switch (step.kind) {
      case "map":
        return (value) => next(fn(value));
      case "filter":
        return (value) => {
          if (fn(value)) next(value);
        };
      case "flatMap":
        return (value) => {
          for (const one of listOf(fn(value))) next(one);
        };
    }
  }, sinkCall(sink));
  return (batch) => {
    for (const element of batch) {
      try {
        first(element);
      } catch (thrown) {
        throw elementError(thrown, element);
      }
    }
  };
}

function sinkCall(sink: LoopSink): Call {
  switch (sink.kind) {
    case "push":
      return (value) => sink.rows.push(value);
    case "count":
      return () => (sink.rowCount += 1);
    case "reduce":
      return (value) => {
        sink.value = sink.hasValue ? (sink.fn as Call)(sink.value, value) : value;
        sink.hasValue = true;
      };
    case "combine":
      return (value) => {
        if (!Array.isArray(value)) throw pairError(value);
        sink.table.add(value[0], value[1], sink.combine);
      };
  }
}

/** What a flatMap gave, as something with an index. Strings count as lists of characters, as in Spark. */
export function listOf(made: unknown): readonly unknown[] {
  if (Array.isArray(made)) return made;
  const isIterable =
    (typeof made === "object" || typeof made === "string") && made !== null && Symbol.iterator in Object(made);
  if (isIterable) return [...(made as Iterable<unknown>)];
  throw new DatasetError(
    "invalid-argument",
    `flatMap's function must give an array or another iterable; it gave ${shorten(made)}`,
  );
}

export function pairError(value: unknown): DatasetError {
  return new DatasetError("not-a-pair", `an operation on pairs needs [key, value] arrays; it met ${shorten(value)}`);
}
