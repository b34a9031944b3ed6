import { linkSignals } from "@tutti/stdx";
import { CoordError } from "../coord-error.ts";
import type { CallOptions } from "../client/session.ts";

/** Which library's node names are written. All are understood when read. */
export type NodeNames = "curator" | "kazoo";

/** Runs a wait of several steps under one signal and one deadline. */
export async function withLimits<T>(
  { signal, timeoutMs }: CallOptions,
  what: string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => deadline.abort(new CoordError("timeout", `${what}: not within ${timeoutMs} ms`)), timeoutMs);
  const linked = linkSignals([signal, deadline.signal]);
  try {
    throwIfAborted(linked.signal, what);
    return await run(linked.signal);
  } catch (thrown) {
    // The step that was under way says `aborted`; the caller wants to know by what.
    if (deadline.signal.aborted && signal?.aborted !== true) throw deadline.signal.reason;
    throw thrown;
  } finally {
    clearTimeout(timer);
    linked[Symbol.dispose]();
  }
}

export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted !== true) return;
  throw new CoordError("aborted", `${what}: the signal was aborted`, { operation: what, cause: signal.reason });
}

export function hasCode(thrown: unknown, ...codes: readonly CoordError["code"][]): thrown is CoordError {
  return thrown instanceof CoordError && codes.includes(thrown.code);
}
