import { EventEmitter } from "eventemitter3";
import type { CallLane } from "../calls/call-lane.ts";
import { createCallLoop } from "../calls/call-loop.ts";
import { createSubmitter } from "../calls/create-submitter.ts";
import type { JobEvents } from "../core/job-events.ts";
import type { JobGraph } from "../core/job.ts";
import type { SpeculationOptions } from "../core/scheduler.ts";
import { RuntimeError } from "../runtime-error.ts";
import { checkJob } from "./check-job.ts";
import type { Executor } from "./executor.ts";
import type { AttemptOutput, Lane } from "./lane.ts";
import { runJob } from "./run-job.ts";

/** What differs between executors: how many slots there are, how a job reaches them, and how they end. */
export interface ExecutorParts<Block, Code> {
  /** Where others tell of what happens too. Default: one of its own. */
  readonly emitter?: EventEmitter<JobEvents>;
  readonly slotCount: number;
  /** Default: tasks run in this process. */
  readonly isRemote?: boolean;
  readonly speculation?: SpeculationOptions | undefined;
  /** How single calls reach workers. */
  readonly calls: CallLane<Code>;
  /** Captures the job's functions, or throws `cannot-travel`. Nothing of the job has started yet. */
  openLane(job: JobGraph): Lane<Block>;
  /** Frees what a job left under a key. */
  drop(blocks: readonly Block[]): void;
  /** For executors whose blocks may be lost: calls back with a test for those that are. */
  watchBlocks?(onGone: (isGone: (block: Block) => boolean) => void): void;
  close(): Promise<void>;
}

/** An executor from its parts. */
export function createExecutorFrom<Block, Code>(parts: ExecutorParts<Block, Code>): Executor {
  const emitter = parts.emitter ?? new EventEmitter<JobEvents>();
  const closing = new AbortController();
  const kept = new Map<string, readonly AttemptOutput<Block>[]>();
  const running = new Set<Promise<unknown>>();
  const callLoop = createCallLoop(parts.calls, emitter);
  let jobCount = 0;
  parts.watchBlocks?.((isGone) =>
    forgetLost(kept, isGone, (key, outputs) => {
      parts.drop(outputs.flatMap(({ slices }) => slices.flat()).filter((block) => !isGone(block)));
      emitter.emit("keptLost", { key, atMs: performance.now() });
    }),
  );
  const close = async (): Promise<void> => {
    closing.abort();
    callLoop.close();
    await Promise.all([parts.close(), Promise.allSettled(running)]);
    kept.clear();
  };
  return {
    ...createSubmitter(parts.calls, callLoop),
    slotCount: parts.slotCount,
    isRemote: parts.isRemote ?? false,
    events: emitter,
    async run(job, options = {}) {
      if (closing.signal.aborted) throw new RuntimeError("executor-closed", `${job.name} came after close()`);
      checkJob(job);
      jobCount += 1;
      const { speculation } = parts;
      const run = { ...options, jobId: jobCount, emitter, closing: closing.signal, speculation, kept };
      const result = runJob(job, parts.openLane(job), run);
      running.add(result);
      try {
        return await result;
      } finally {
        running.delete(result);
      }
    },
    release(key) {
      for (const { slices } of kept.get(key) ?? []) parts.drop(slices.flat());
      kept.delete(key);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What is not whole is of no use: its rest is for `onLost` to free, and whoever needs it makes it again. */
export function forgetLost<Block>(
  kept: Map<string, readonly AttemptOutput<Block>[]>,
  isGone: (block: Block) => boolean,
  onLost: (key: string, outputs: readonly AttemptOutput<Block>[]) => void,
): void {
  for (const [key, outputs] of kept) {
    if (!outputs.some(({ slices }) => slices.flat().some(isGone))) continue;
    kept.delete(key);
    onLost(key, outputs);
  }
}
