import { assert } from "@tutti/stdx";
import type { EventEmitter } from "eventemitter3";
import { createCallQueue, type CallBatch } from "../core/call-queue.ts";
import type { JobEvents } from "../core/job-events.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { Call, CallAnswer, CallLane, RunningBatch } from "./call-lane.ts";
import { checkTravels } from "../shuffle/rows-codec.ts";
import { claimTransfers } from "./moved.ts";
import type { CallOptions } from "./submitter.ts";

/** Calls that wait or run, at most. Each is some hundred bytes and its arguments. */
const callsMax = 1_000_000;

/** Spark's `spark.task.maxFailures`, for calls whose worker was lost. */
const defaultAttemptsMax = 4;

/** A call that has not ended within this time after it was canceled loses its thread. */
const stopGraceMs = 1_000;

type OpenCall<Code> = Call<Code> & { readonly done: PromiseWithResolvers<unknown> };

export interface StartedCall {
  readonly result: Promise<unknown>;
  /** Rejects it at once. Harmless when it has ended. */
  readonly cancel: (error: RuntimeError) => void;
}

export interface CallLoop<Code> {
  /** Queues a call. */
  start(
    call: { readonly code: Code; readonly args: readonly unknown[] },
    options: Pick<CallOptions, "attemptsMax" | "retriesMax">,
  ): StartedCall;
  /** Ends all calls with `executor-closed`. */
  close(): void;
}

/** The one loop between the queue, which decides, and a lane, which does. */
export function createCallLoop<Code>(lane: CallLane<Code>, emitter: EventEmitter<JobEvents>): CallLoop<Code> {
  const queue = createCallQueue({ slotCount: () => lane.slotCount(), callsMax });
  const open = new Map<number, OpenCall<Code>>();
  /** The calls of a batch that somebody still waits for. */
  const running = new Map<RunningBatch, Set<number>>();
  let callCount = 0;
  let isClosed = false;
  let isWaking = false;

  /** Calls of one turn go together. */
  const wake = (): void => {
    if (isWaking) return;
    isWaking = true;
    queueMicrotask(() => {
      isWaking = false;
      while (running.size < lane.slotCount()) {
        const batch = queue.next();
        if (batch === undefined) return;
        launch(batch);
      }
    });
  };

  const launch = (batch: CallBatch): void => {
    const calls = batch.calls.map(({ id }) => open.get(id));
    const startedAtMs = performance.now();
    const sent = lane.run(
      calls.map((call) => {
        assert(call !== undefined, "a queued call is open");
        return call;
      }),
    );
    running.set(sent, new Set(batch.calls.map(({ id }) => id)));
    const finish = (settle: () => void): void => {
      running.delete(sent);
      queue.finished(batch, performance.now() - startedAtMs);
      settle();
      wake();
    };
    sent.answers.then(
      (answers) => finish(() => batch.calls.forEach((call, index) => settleOne(call, answers[index]))),
      (thrown: unknown) => finish(() => batch.calls.forEach((call) => settleLost(call, thrown))),
    );
  };

  const settleOne = ({ id, attempt }: { id: number; attempt: number }, answer: CallAnswer | undefined): void => {
    if (answer?.kind === "value") {
      if (!queue.succeeded(id)) return;
      take(id)?.done.resolve(answer.value);
      emitter.emit("callFinished", { callId: id, attempt, atMs: performance.now() });
      return;
    }
    fail({ id, attempt }, answer?.error, queue.failed(id));
  };

  const settleLost = ({ id, attempt }: { id: number; attempt: number }, thrown: unknown): void => {
    const isLost = thrown instanceof RuntimeError && thrown.code === "worker-lost";
    if (isLost) return fail({ id, attempt }, thrown, queue.lost(id));
    queue.remove(id);
    fail({ id, attempt }, thrown, open.has(id) ? "failed" : "gone");
  };

  const fail = ({ id, attempt }: { id: number; attempt: number }, thrown: unknown, fate: string): void => {
    if (fate === "gone") return;
    if (fate === "failed") take(id)?.done.reject(callError(thrown, attempt + 1));
    const willRetry = fate === "again";
    const atMs = performance.now();
    emitter.emit("callFailed", { callId: id, attempt, message: String(thrown), willRetry, atMs });
  };

  const take = (id: number): OpenCall<Code> | undefined => {
    const call = open.get(id);
    open.delete(id);
    return call;
  };

  const cancel = (id: number, error: RuntimeError): void => {
    const call = take(id);
    if (call === undefined) return;
    queue.remove(id);
    call.done.reject(error);
    for (const [batch, ids] of running) {
      if (!ids.delete(id) || ids.size > 0) continue;
      const timer = setTimeout(() => running.has(batch) && batch.abandon(), stopGraceMs);
      timer.unref();
    }
  };

  return {
    start({ code, args }, { attemptsMax = defaultAttemptsMax, retriesMax = 0 }) {
      if (isClosed) throw new RuntimeError("executor-closed", "the executor is closed");
      for (const arg of args) checkTravels(arg);
      const transfers = claimTransfers(args);
      const id = callCount++;
      // A buffer that was handed over is not there for a second attempt.
      const limits = transfers.length === 0 ? { attemptsMax, retriesMax } : { attemptsMax: 1, retriesMax: 0 };
      if (!queue.add({ id, ...limits })) {
        throw new RuntimeError("queue-full", `${callsMax} calls wait or run already; wait for some of them`);
      }
      const done = Promise.withResolvers<unknown>();
      open.set(id, { code, args, transfers, done });
      wake();
      return { result: done.promise, cancel: (error) => cancel(id, error) };
    },
    close() {
      isClosed = true;
      for (const id of [...open.keys()]) {
        cancel(id, new RuntimeError("executor-closed", "the executor was closed before the call had ended"));
      }
    },
  };
}

function callError(thrown: unknown, attemptCount: number): RuntimeError {
  if (thrown instanceof RuntimeError && thrown.code !== "task-failed") return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const times = attemptCount === 1 ? "" : ` (${attemptCount} attempts)`;
  return new RuntimeError("task-failed", `the function of a call failed${times}: ${message}`, { cause: thrown });
}
