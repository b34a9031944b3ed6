import type { AnyFunction } from "../core/job.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { CallLane } from "./call-lane.ts";
import type { CallLoop, StartedCall } from "./call-loop.ts";
import { followSignals } from "./follow-signals.ts";
import { mapItems } from "./map-items.ts";
import type { CallOptions, MapOptions, Submitter } from "./submitter.ts";

/** Items that wait at a worker, so that it does not wait for the next one. */
const itemsAhead = 64;

/** `submit` and `map` over a loop. */
export function createSubmitter<Code>(
  lane: CallLane<Code>,
  loop: CallLoop<Code>,
  options: CallOptions = {},
): Submitter {
  checkOptions(options);
  return {
    async submit(fn, ...args) {
      checkFunction("submit", fn);
      const code = lane.prepare(fn as AnyFunction);
      try {
        const ready = args.some(isPromise) ? await Promise.all(args) : args;
        return (await endOf(loop.start({ code, args: ready }, options), options)) as never;
      } finally {
        lane.forget(code);
      }
    },
    async map(items, fn, mapOptions = {}) {
      checkFunction("map", fn);
      checkOptions(mapOptions);
      const own = { ...options, ...mapOptions };
      const code = lane.prepare(fn as AnyFunction);
      try {
        return (await mapItems(items, {
          signal: own.signal,
          onProgress: mapOptions.onProgress,
          inFlightMax: mapOptions.concurrency ?? lane.slotCount() * itemsAhead,
          start: (item, index) => {
            const started = loop.start({ code, args: [item, index] }, own);
            if (own.timeoutMs === undefined) return started;
            return { ...started, result: endOf(started, { timeoutMs: own.timeoutMs }) };
          },
        })) as never;
      } finally {
        lane.forget(code);
      }
    },
    withOptions: (more) => createSubmitter(lane, loop, { ...options, ...more }),
  };
}

/** The result of a call, or the end that signals put to it. */
async function endOf({ result, cancel }: StartedCall, { signal, timeoutMs }: CallOptions): Promise<unknown> {
  if (signal === undefined && timeoutMs === undefined) return await result;
  let stop: (() => void) | undefined;
  try {
    stop = followSignals({ signal, timeoutMs }, cancel);
  } catch (thrown) {
    cancel(RuntimeError.from(thrown));
  }
  try {
    return await result;
  } finally {
    stop?.();
  }
}

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function checkFunction(operation: string, fn: unknown): void {
  if (typeof fn !== "function") {
    throw new RuntimeError("invalid-argument", `${operation} takes a function; it was given ${typeof fn}`);
  }
}

function checkOptions({ concurrency, retriesMax, attemptsMax, timeoutMs }: MapOptions): void {
  checkCount("concurrency", concurrency, 1);
  checkCount("retriesMax", retriesMax, 0);
  checkCount("attemptsMax", attemptsMax, 1);
  if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
    throw new RuntimeError("invalid-argument", `timeoutMs is ${String(timeoutMs)}; it must be a number from 0`);
  }
}

function checkCount(name: string, value: number | undefined, min: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= min)) return;
  throw new RuntimeError("invalid-argument", `${name} is ${String(value)}; it must be a whole number from ${min}`);
}
