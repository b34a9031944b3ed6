import type { JobEvents } from "../core/job-events.ts";
import type { EventSource } from "../executor/executor.ts";

/** Where progress is written: `process.stderr` fits. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A terminal is repainted at most this often. */
const repaintAfterMs = 100;
const barCells = 24;

interface StageProgress {
  readonly name: string;
  readonly taskCount: number;
  doneCount: number;
}

/**
 * Shows what an executor's jobs do: on a terminal one line that is painted over, elsewhere a line for each finished
 * stage. Gives a function that stops it.
 *
 * ```ts
 * import { createContext } from "@tutti/dataset";
 * import { createInProcessExecutor, showProgress } from "@tutti/runtime";
 *
 * const executor = createInProcessExecutor();
 * const stop = showProgress(executor.events, { write: (text) => console.log(text.replace(/[\d.]+ s\n/, "… s")) });
 * const tutti = createContext({ executor });
 * await tutti.parallelize([1, 2, 3], { partitionCount: 2 }).collect(); // => job 1 stage 0: parallelize → collect: 2 tasks, 3 rows, … s
 * stop();
 * await tutti.close();
 * ```
 */
export function showProgress(events: EventSource<JobEvents>, stream: ProgressStream): () => void {
  const running = new Map<string, StageProgress>();
  const isTerminal = stream.isTTY === true;
  let paintedAtMs = -Infinity;

  const erase = (): void => {
    if (isTerminal) stream.write("\r\u001b[K");
  };
  const paint = (atMs: number): void => {
    if (!isTerminal || atMs - paintedAtMs < repaintAfterMs) return;
    paintedAtMs = atMs;
    const [stage] = running.values();
    if (stage !== undefined)
      stream.write(`\r\u001b[K${progressLine(stage, running.size).slice(0, (stream.columns ?? 80) - 1)}`);
  };
  const listeners: { readonly [K in keyof JobEvents]?: (event: JobEvents[K][0]) => void } = {
    stageStarted({ jobId, stage, name, taskCount, atMs }) {
      running.set(`${jobId}.${stage}`, { name, taskCount, doneCount: 0 });
      paint(atMs);
    },
    taskFinished({ jobId, stage, atMs }) {
      const progress = running.get(`${jobId}.${stage}`);
      if (progress !== undefined) progress.doneCount += 1;
      paint(atMs);
    },
    stageFinished({ jobId, stage, name, taskCount, rowCount, startedAtMs, endedAtMs }) {
      running.delete(`${jobId}.${stage}`);
      erase();
      const seconds = ((endedAtMs - startedAtMs) / 1000).toFixed(2);
      stream.write(`job ${jobId} stage ${stage}: ${name}: ${taskCount} tasks, ${rowCount} rows, ${seconds} s\n`);
    },
    jobFinished: erase,
  };
  for (const [name, listener] of Object.entries(listeners)) events.on(name as keyof JobEvents, listener as never);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) events.off(name as keyof JobEvents, listener as never);
    erase();
  };
}

function progressLine({ name, taskCount, doneCount }: StageProgress, stageCount: number): string {
  const filled = taskCount === 0 ? barCells : Math.round((doneCount / taskCount) * barCells);
  const others = stageCount > 1 ? `, and ${stageCount - 1} more stages` : "";
  return `[${"█".repeat(filled)}${"·".repeat(barCells - filled)}] ${doneCount}/${taskCount} ${name}${others}`;
}
