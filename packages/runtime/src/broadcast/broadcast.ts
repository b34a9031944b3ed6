import { randomUUID } from "node:crypto";
import { RuntimeError } from "../runtime-error.ts";
import { decodePayload, encodePayload, type BroadcastPayload } from "./payload.ts";

/**
 * A value that tasks read: a table to look things up in, a model, a list of rules. Functions capture the broadcast
 * instead of the value, so that the value is sent to each thread or worker once, not with every job.
 */
export interface Broadcast<T> {
  /** In a task: the copy of this thread. Throws `invalid-argument` once it was destroyed. */
  readonly value: T;
  /** Frees the copies of threads and workers. A later job that needs the value sends it again. */
  readonly unpersist: () => void;
  /** Frees the copies for good. Functions that capture it are refused from then on; jobs that run keep what they have. */
  readonly destroy: () => void;
}

/** A broadcast on its way: plain data, sent to each thread once. */
export interface BroadcastShipment {
  readonly id: string;
  readonly payload: BroadcastPayload;
}

/** What an executor sees of a broadcast that a captured function mentions. */
export interface CapturedBroadcast {
  readonly shipment: BroadcastShipment;
  /** Tells when copies shall go. Returns how to stop being told. */
  readonly onRelease: (listener: () => void) => () => void;
}

// Weak, so that it forgets a broadcast with the program.
const states = new WeakMap<object, CapturedBroadcast | "destroyed">();

/**
 * Makes a broadcast of plain data: what rows may be. It is encoded here, once, so that a value that could not travel is
 * refused where it is made, with `cannot-travel`; it must not be changed afterwards. Typed arrays are shared between
 * threads without a copy for each.
 *
 * ```ts
 * import { broadcast, captureClosures, reviveClosures } from "@tutti/runtime";
 *
 * const names = broadcast(new Map([[1, "one"], [2, "two"]]));
 * const nameOf = (x: number) => names.value.get(x);
 * const { bytes, broadcasts } = captureClosures([nameOf]);
 * const [revived] = await reviveClosures(bytes, broadcasts.map((one) => one.shipment));
 * console.log((revived as typeof nameOf)(2)); // => two
 * names.destroy();
 * ```
 */
export function broadcast<T>(value: T): Broadcast<T> {
  const listeners = new Set<() => void>();
  const unpersist = (): void => {
    for (const listener of [...listeners]) listener();
  };
  let held: { readonly value: T } | undefined = { value };
  const made: Broadcast<T> = Object.freeze({
    get value() {
      if (held === undefined) throw destroyed("its value is gone");
      return held.value;
    },
    unpersist,
    destroy() {
      held = undefined;
      // Jobs that run have the shipment; nothing new can reach it.
      states.set(made, "destroyed");
      unpersist();
    },
  });
  states.set(made, {
    shipment: { id: randomUUID(), payload: encodePayload(value) },
    onRelease(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  return made;
}

/** What to send when a function captures this value, or undefined where it is no broadcast. `path` is for the error. */
export function capturedBroadcastOf(value: object, path: () => string): CapturedBroadcast | undefined {
  const state = states.get(value);
  if (state === "destroyed") throw destroyed(`no job can use it (${path()})`);
  return state;
}

/** The broadcast as tasks see it. Decoded when first read, once for all tasks of the thread. */
export function reviveBroadcast({ payload }: BroadcastShipment): Broadcast<unknown> {
  let decoded: { readonly value: unknown } | undefined;
  const refuse = (): never => {
    throw new RuntimeError("invalid-argument", "a broadcast is freed by the program that made it, not by its tasks");
  };
  return Object.freeze({
    get value() {
      decoded ??= { value: decodePayload(payload) };
      return decoded.value;
    },
    unpersist: refuse,
    destroy: refuse,
  });
}

function destroyed(what: string): RuntimeError {
  return new RuntimeError("invalid-argument", `the broadcast was destroyed: ${what}; make another one`);
}
