import { captureClosures } from "../closure/capture.ts";
import type { CapturedBroadcast } from "../broadcast/broadcast.ts";
import type { AnyFunction } from "../core/job.ts";
import { reviveError } from "../executor/portable-error.ts";
import type { SentAnswer } from "../executor/thread-messages.ts";
import type { Thread } from "../executor/thread.ts";
import type { ThreadPool } from "../executor/thread-pool.ts";
import type { Call, CallAnswer, CallLane, RunningBatch } from "./call-lane.ts";

/** Functions that threads keep. Beyond them the oldest is sent again when it is used again. */
const keptFunctionsMax = 1000;

/** A function as threads get it. */
export interface SentFunction {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly broadcasts: readonly CapturedBroadcast[];
  /** Captured once for all its calls: it closes over nothing that could change. */
  readonly isConstant: boolean;
}

/** Calls on the threads of a pool, which jobs use too. */
export function createThreadCalls(pool: ThreadPool, slotCount: number): CallLane<SentFunction> {
  /** Weak, so that it forgets a function with the program. */
  const constants = new WeakMap<AnyFunction, SentFunction>();
  /** By content: functions made in a loop are many, and the same. In the order of use. */
  const kept = new Map<string, SentFunction>();
  let functionCount = 0;

  const keep = (bytes: Uint8Array): SentFunction => {
    const content = Buffer.from(bytes).toString("latin1");
    const present = kept.get(content);
    if (present !== undefined) return present;
    const made: SentFunction = { key: `constant ${functionCount++}`, bytes, broadcasts: [], isConstant: true };
    kept.set(content, made);
    const [oldest] = kept;
    if (kept.size > keptFunctionsMax && oldest !== undefined) {
      kept.delete(oldest[0]);
      pool.forget([oldest[1].key]);
    }
    return made;
  };

  return {
    slotCount,
    prepare(fn) {
      const known = constants.get(fn);
      if (known !== undefined) return known;
      const { bytes, broadcasts, isConstant } = captureClosures([fn]);
      if (!isConstant) return { key: `function ${functionCount++}`, bytes, broadcasts, isConstant };
      const made = keep(bytes);
      constants.set(fn, made);
      return made;
    },
    forget({ key, isConstant }) {
      if (!isConstant) pool.forget([key]);
    },
    run: (batch) => runOnThread(pool, batch),
  };
}

function runOnThread(pool: ThreadPool, batch: readonly Call<SentFunction>[]): RunningBatch {
  let isAbandoned = false;
  let thread: Thread | undefined;
  const run = async (): Promise<CallAnswer[]> => {
    thread = await pool.borrow();
    if (isAbandoned) void thread.terminate();
    try {
      for (const { code } of batch) announce(thread, code);
      const calls = batch.map(({ code, args }) => ({ key: code.key, args }));
      const transfers = batch.flatMap((call) => call.transfers);
      const { answers } = await thread.runCalls(calls, transfers);
      return answers.map(received);
    } finally {
      pool.giveBack(thread);
    }
  };
  return {
    answers: run(),
    abandon() {
      isAbandoned = true;
      void thread?.terminate();
    },
  };
}

function announce(thread: Thread, { key, bytes, broadcasts }: SentFunction): void {
  for (const broadcast of broadcasts) thread.share(broadcast);
  const broadcastIds = broadcasts.map((one) => one.shipment.id);
  thread.announce(key, () => ({ kind: "function", key, closures: bytes, broadcastIds }));
}

function received(answer: SentAnswer): CallAnswer {
  return answer.kind === "value" ? answer : { kind: "error", error: reviveError(answer.error) };
}
