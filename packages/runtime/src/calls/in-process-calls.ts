import { setImmediate } from "node:timers/promises";
import { checkClosuresWherePossible } from "../closure/check-where-possible.ts";
import type { AnyFunction } from "../core/job.ts";
import { checkTravels } from "../shuffle/rows-codec.ts";
import type { CallAnswer, CallLane } from "./call-lane.ts";

/** A batch gives the event loop a turn when it has worked for this long. */
const yieldAfterMs = 12;

/** Calls one after another in this thread. Functions and values are live, and checked as if they travelled. */
export function createInProcessCalls(): CallLane<AnyFunction> {
  return {
    slotCount: () => 1,
    prepare(fn) {
      checkClosuresWherePossible([fn]);
      return fn;
    },
    forget: () => undefined,
    run(batch) {
      const runAll = async (): Promise<CallAnswer[]> => {
        const answers: CallAnswer[] = [];
        let turnStartedAtMs = performance.now();
        for (const { code, args } of batch) {
          answers.push(await answerOf(code, args));
          if (performance.now() - turnStartedAtMs <= yieldAfterMs) continue;
          await setImmediate();
          turnStartedAtMs = performance.now();
        }
        return answers;
      };
      // What runs here cannot be ended from here.
      return { answers: runAll(), abandon: () => undefined };
    },
  };
}

async function answerOf(fn: AnyFunction, args: readonly unknown[]): Promise<CallAnswer> {
  try {
    const value: unknown = await (fn as (...all: readonly unknown[]) => unknown)(...args);
    checkTravels(value);
    return { kind: "value", value };
  } catch (error) {
    return { kind: "error", error };
  }
}
