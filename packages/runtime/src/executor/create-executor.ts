import type { Executor } from "./executor.ts";
import { createInProcessExecutor } from "./in-process.ts";
import { createThreadExecutor, type ThreadExecutorOptions } from "./threads.ts";

/** Where calls run, and what they may take. */
export interface ExecutorOptions extends Omit<ThreadExecutorOptions, "threadsMax"> {
  /** How many threads; 0 runs everything in this one. Default: the cores of this machine. */
  readonly threads?: number;
}

/**
 * An executor for functions and jobs, on threads of this process.
 *
 * ```ts
 * import { createExecutor } from "@tutti/runtime";
 *
 * const executor = createExecutor({ threads: 2 });
 * const square = (x: number) => x * x;
 * console.log(await executor.map([1, 2, 3], square)); // => [ 1, 4, 9 ]
 *
 * // Promises as arguments make a graph: both squares run at once, the sum when they are there.
 * const sum = await executor.submit((a: number, b: number) => a + b, executor.submit(square, 3), executor.submit(square, 4));
 * console.log(sum); // => 25
 * await executor.close();
 * ```
 */
export function createExecutor({ threads, ...options }: ExecutorOptions = {}): Executor {
  if (threads === 0) return createInProcessExecutor();
  return createThreadExecutor(threads === undefined ? options : { ...options, threadsMax: threads });
}
