import { reviveError } from "../executor/portable-error.ts";
import type { SentAnswer } from "../executor/thread-messages.ts";
import type { Thread } from "../executor/thread.ts";
import type { ThreadPool } from "../executor/thread-pool.ts";
import type { Call, CallAnswer, CallLane, RunningBatch } from "./call-lane.ts";
import { createFunctionTable, type SentFunction } from "./function-table.ts";

/** Calls on the threads of a pool, which jobs use too. */
export function createThreadCalls(pool: ThreadPool, slotCount: number): CallLane<SentFunction> {
  return {
    ...createFunctionTable((keys) => pool.forget(keys)),
    slotCount: () => slotCount,
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
