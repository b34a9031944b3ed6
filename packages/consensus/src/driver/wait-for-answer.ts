import { linkSignals } from "@tutti/stdx";
import { ConsensusError } from "../consensus-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { CallOptions } from "./replica.ts";

/** A call that waits: what it needs when it ends. */
export interface Waiting<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: ConsensusError) => void;
}

export interface WaitingOptions extends CallOptions {
  /** What is said of a call that ends without an answer. */
  readonly maybeApplied: boolean;
}

/** The replica, as far as a call depends on it. */
export interface CallPlace {
  readonly clock: Pick<Clock, "after">;
  /** Aborted when it stops. */
  readonly closing: AbortSignal;
  /** Why it has stopped; undefined while it has not. */
  readonly stoppedBy: () => ConsensusError | undefined;
}

export interface Call<Value> {
  readonly begin: (waiting: Waiting<Value>) => void;
  /** Once it has begun, however it ends. */
  readonly end: () => void;
}

/** Runs one call until it is answered, canceled, out of time, or the replica stops. */
export async function waitForAnswer<Value>(
  { clock, closing, stoppedBy }: CallPlace,
  { signal, timeoutMs, maybeApplied }: WaitingOptions,
  { begin, end }: Call<Value>,
): Promise<Value> {
  const stopped = stoppedBy();
  if (stopped !== undefined) throw stopped;
  if (signal?.aborted === true) throw new ConsensusError("canceled", "the call was canceled before it began");
  const linked = linkSignals([signal, closing]);
  let cancelTimeout: (() => void) | undefined;
  try {
    return await new Promise<Value>((resolve, reject) => {
      linked.signal.addEventListener("abort", () => {
        const error = stoppedBy();
        if (error === undefined) {
          reject(
            new ConsensusError("canceled", "the call was canceled", { maybeApplied, cause: linked.signal.reason }),
          );
        } else {
          reject(new ConsensusError(error.code, "the replica stopped", { maybeApplied, cause: error }));
        }
      });
      if (timeoutMs !== undefined) {
        cancelTimeout = clock.after(timeoutMs, () => {
          reject(new ConsensusError("timeout", `no answer within ${timeoutMs} ms`, { maybeApplied }));
        });
      }
      begin({ resolve, reject });
    });
  } finally {
    linked[Symbol.dispose]();
    cancelTimeout?.();
    end();
  }
}
