import { RuntimeError } from "../runtime-error.ts";
import type { StartedCall } from "./call-loop.ts";
import { followSignals } from "./follow-signals.ts";
import type { MapProgress } from "./submitter.ts";

export interface MapPlan {
  readonly start: (item: unknown, index: number) => StartedCall;
  readonly inFlightMax: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: MapProgress) => void) | undefined;
}

/** Starts a call for each item, at most `inFlightMax` at once. The first failure, or the signal, ends them all. */
export async function mapItems(items: Iterable<unknown> | AsyncIterable<unknown>, plan: MapPlan): Promise<unknown[]> {
  const results: unknown[] = [];
  const underWay = new Set<StartedCall>();
  let failure: { readonly error: unknown } | undefined;
  let change: PromiseWithResolvers<void> | undefined;
  let doneCount = 0;
  let totalCount = Array.isArray(items) ? items.length : 0;

  const end = (error: unknown): void => {
    failure ??= { error };
    for (const one of underWay) one.cancel(new RuntimeError("canceled", "another item of the map had failed"));
    change?.resolve();
  };
  const follow = async (started: StartedCall, index: number): Promise<void> => {
    try {
      results[index] = await started.result;
      doneCount += 1;
      plan.onProgress?.({ doneCount, totalCount });
    } catch (thrown) {
      end(thrown);
    }
    underWay.delete(started);
    change?.resolve();
  };
  const untilFewerThan = async (count: number): Promise<void> => {
    while (underWay.size >= count && failure === undefined) {
      change = Promise.withResolvers<void>();
      await change.promise;
    }
    if (failure !== undefined) throw failure.error;
  };

  const stop = followSignals({ signal: plan.signal }, end);
  try {
    let index = 0;
    for await (const item of items) {
      await untilFewerThan(plan.inFlightMax);
      totalCount = Math.max(totalCount, index + 1);
      const started = plan.start(item, index);
      underWay.add(started);
      void follow(started, index);
      index += 1;
    }
    await untilFewerThan(1);
    return results;
  } catch (thrown) {
    // The items themselves may have failed.
    end(thrown);
    throw thrown;
  } finally {
    stop();
  }
}
