import type { CapturedBroadcast } from "../broadcast/broadcast.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { AnyFunction } from "../core/job.ts";
import { FunctionReader } from "./function-reader.ts";
import type { ClosureGraph, GraphNode, ModuleReference } from "./graph.ts";
import { openFunctionInspector } from "./inspector-session.ts";
import { GraphWriter } from "./walk.ts";
import { encodeGraph } from "./wire.ts";

/** Functions, ready to be sent. */
export interface CapturedClosures {
  /** What `reviveClosures` reads, in this or another thread, process or machine. */
  readonly bytes: Uint8Array;
  /** The modules that must be importable where the functions are revived. */
  readonly modules: readonly ModuleReference[];
  /** The broadcasts that the functions use: their shipments must be there before the functions. */
  readonly broadcasts: readonly CapturedBroadcast[];
  /** Whether the functions close over nothing but imports and globals: captured again, they would be the same. */
  readonly isConstant: boolean;
}

// One inspector session for the thread's life: opening one costs more than a hundred captures, and an idle one costs
// nothing. It is opened by the first capture, so that programs without closures never have it.
let threadReader: FunctionReader | undefined;

/**
 * Reads functions with all that they close over: captured variables, the objects and functions these lead to, classes,
 * imports. Values are a snapshot of this moment. The functions given in one call share what they share, once.
 *
 * What to know: two functions that share a `let` no longer share it over there, `process` and the other globals are the
 * worker's own, imports are imported again by the worker, and a class is defined again, static blocks included, before its
 * statics get their present values.
 *
 * Synchronous, at about 100 µs a function, and some milliseconds for the first function of each file. Throws a RuntimeError with code `cannot-travel` for what must not or cannot be
 * sent; its `refusal` says why and where.
 *
 * ```ts
 * import { captureClosures, reviveClosures } from "@tutti/runtime";
 *
 * const factor = 3;
 * const { bytes } = captureClosures([(x: number) => x * factor]);
 * const [triple] = await reviveClosures(bytes); // here, on another thread, or on another machine
 * console.log((triple as (x: number) => number)(2)); // => 6
 * ```
 */
export function captureClosures(functions: readonly AnyFunction[]): CapturedClosures {
  const { graph, broadcasts } = graphOf(functions);
  return { bytes: encodeGraph(graph), modules: graph.modules, broadcasts, isConstant: isConstant(graph) };
}

/** Throws what `captureClosures` would throw. For executors in this process, which run the functions as they are. */
export function checkClosures(functions: readonly AnyFunction[]): void {
  graphOf(functions);
}

function graphOf(functions: readonly AnyFunction[]): { graph: ClosureGraph; broadcasts: CapturedBroadcast[] } {
  for (const fn of functions) {
    if (typeof fn !== "function")
      throw new RuntimeError("invalid-argument", `A function was expected, not ${typeof fn}`);
  }
  threadReader ??= new FunctionReader(openFunctionInspector());
  const writer = new GraphWriter(threadReader);
  const graph = writer.write(functions);
  return { graph, broadcasts: [...writer.broadcasts.values()] };
}

function isConstant({ nodes }: ClosureGraph): boolean {
  return nodes.every((node) => {
    switch (node.kind) {
      case "function":
        return (
          node.properties.length === 0 &&
          node.captures.every(([, slot]) => Array.isArray(slot) && isShared(nodes[slot[0]]))
        );
      case "import":
      case "loader":
      case "intrinsic":
        return true;
      default:
        return false;
    }
  });
}

/** What every copy of the function finds by itself. A function beside it may be replaced by another one. */
function isShared(node: GraphNode | undefined): boolean {
  return node?.kind === "import" || node?.kind === "loader" || node?.kind === "intrinsic";
}
