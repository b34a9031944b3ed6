import { RuntimeError } from "../runtime-error.ts";

/** What is handed over instead of being copied. */
export type Movable = ArrayBuffer | NodeJS.TypedArray<ArrayBuffer>;

/**
 * On the global object, under a registered name, because a function that was sent to a thread may see another copy of
 * this module than the thread itself.
 */
const registryName: unique symbol = Symbol.for("tutti.moved") as never;
const holder = globalThis as { [registryName]?: WeakSet<object> };
const moved: WeakSet<object> = (holder[registryName] ??= new WeakSet());

/**
 * Hands a buffer over to the other thread instead of copying it, as an argument of a call or as its result. It is empty
 * here afterwards, and a call with such an argument is not repeated when its worker is lost. In process nothing moves.
 *
 * ```ts
 * import { createExecutor, move } from "@tutti/runtime";
 *
 * const executor = createExecutor({ threads: 1 });
 * const pixels = new Uint8Array(1_000_000).fill(1);
 * const sum = await executor.submit((bytes: Uint8Array) => bytes.reduce((a, b) => a + b, 0), move(pixels));
 * console.log(sum, pixels.length); // => 1000000 0
 * await executor.close();
 * ```
 */
export function move<T extends Movable>(value: T): T {
  moved.add(value);
  return value;
}

/** Those of these values that are to be handed over, as what `postMessage` transfers. */
export function transfersOf(values: readonly unknown[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const value of values) {
    if (typeof value !== "object" || value === null || !moved.has(value)) continue;
    buffers.add(value instanceof ArrayBuffer ? value : (value as Exclude<Movable, ArrayBuffer>).buffer);
  }
  return [...buffers];
}

/** Buffers that a call was promised. */
const claimed = new WeakSet<ArrayBuffer>();

/** The same for the arguments of a call. Throws where another call has a buffer already. */
export function claimTransfers(args: readonly unknown[]): ArrayBuffer[] {
  const buffers = transfersOf(args);
  if (buffers.some((buffer) => claimed.has(buffer))) {
    throw new RuntimeError("invalid-argument", "a buffer was given to move() twice; the first call has it");
  }
  for (const buffer of buffers) claimed.add(buffer);
  return buffers;
}
