import type { Context, Span, Tracer } from "@opentelemetry/api";
import type { JobEvents } from "../core/job-events.ts";
import type { TaskAttempt } from "../core/job.ts";
import type { EventSource } from "../executor/executor.ts";
import { RuntimeError } from "../runtime-error.ts";

type Api = typeof import("@opentelemetry/api");

/** Whose spans they are. */
export interface TraceJobsOptions {
  /** Default: the one named `@tutti/runtime` of the provider that the program has registered. */
  readonly tracer?: Tracer;
}

/**
 * Makes spans of OpenTelemetry of what an executor does: one for each job, below it one for each of its stages, below these one for
 * each attempt at a task that a worker was given (on threads and in process nobody tells when an attempt begins). Jobs are below
 * the span that is active when this is called, if one is. Needs the package `@opentelemetry/api`, which is loaded here and nowhere
 * else; rejects with `invalid-argument` where it is not installed. Gives a function that stops it, and ends what is open.
 *
 * ```ts
 * import { createExecutor, traceJobs } from "@tutti/runtime";
 *
 * const executor = createExecutor({ threads: 0 });
 * const stop = await traceJobs(executor.events); // spans go to the provider that the program has registered
 * stop();
 * await executor.close();
 * ```
 */
export async function traceJobs(events: EventSource<JobEvents>, options: TraceJobsOptions = {}): Promise<() => void> {
  const api = await loadApi();
  const tracer = options.tracer ?? api.trace.getTracer("@tutti/runtime");
  const spans = new JobSpans(api, tracer, api.context.active());
  const listeners = spans.listeners();
  const names = Object.keys(listeners) as (keyof Listeners)[];
  for (const name of names) events.on(name, listeners[name] as never);
  return () => {
    for (const name of names) events.off(name, listeners[name] as never);
    spans.endAll();
  };
}

async function loadApi(): Promise<Api> {
  try {
    return await import("@opentelemetry/api");
  } catch (cause) {
    const what = "traceJobs needs the package @opentelemetry/api: npm install @opentelemetry/api";
    throw new RuntimeError("invalid-argument", what, { cause });
  }
}

type Told = { readonly [Name in keyof JobEvents]: JobEvents[Name][0] };

type Listeners = {
  readonly [
    Name in
      | "jobStarted"
      | "stageStarted"
      | "taskStarted"
      | "taskFinished"
      | "taskFailed"
      | "taskStopped"
      | "stageFinished"
      | "jobFinished"
  ]: (event: Told[Name]) => void;
};

/** The spans that are open, by the path of what they stand for: `7`, `7.0`, `7.0.3.1`. */
class JobSpans {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #root: Context;
  readonly #open: Map<string, Span> = new Map();

  constructor(api: Api, tracer: Tracer, root: Context) {
    this.#api = api;
    this.#tracer = tracer;
    this.#root = root;
  }

  listeners(): Listeners {
    return {
      jobStarted: ({ jobId, name, taskCount, atMs }) => {
        this.#begin(`${jobId}`, { name, atMs, attributes: { "tutti.job": jobId, "tutti.tasks": taskCount } });
      },
      stageStarted: ({ jobId, stage, name, taskCount, atMs }) => {
        const attributes = { "tutti.job": jobId, "tutti.stage": stage, "tutti.tasks": taskCount };
        this.#begin(`${jobId}.${stage}`, { name, atMs, attributes });
      },
      taskStarted: ({ worker, isAdopted, overtakes, atMs, ...task }) => {
        const { jobId, stage, partition, attempt } = task;
        const attributes = {
          "tutti.job": jobId,
          "tutti.stage": stage,
          "tutti.partition": partition,
          "tutti.attempt": attempt,
          "tutti.worker": worker,
          "tutti.adopted": isAdopted,
          "tutti.overtakes": overtakes,
        };
        this.#begin(pathOf(task), { name: `task ${stage}.${partition}`, atMs, attributes });
      },
      taskFinished: ({ rowCount, fetchedBytes = 0, atMs, ...task }) => {
        const attributes = { "tutti.rows": rowCount, "tutti.fetched_bytes": fetchedBytes };
        this.#open.get(pathOf(task))?.setAttributes(attributes);
        this.#end(pathOf(task), atMs);
      },
      taskFailed: ({ message, atMs, ...task }) => this.#fail(pathOf(task), message, atMs),
      taskStopped: ({ atMs, ...task }) => {
        this.#open.get(pathOf(task))?.setAttribute("tutti.overtaken", true);
        this.#end(pathOf(task), atMs);
      },
      stageFinished: ({ jobId, stage, rowCount, failedAttemptCount, endedAtMs }) => {
        const path = `${jobId}.${stage}`;
        const attributes = { "tutti.rows": rowCount, "tutti.failed_attempts": failedAttemptCount };
        this.#open.get(path)?.setAttributes(attributes);
        this.#end(path, endedAtMs);
      },
      jobFinished: ({ jobId, outcome, atMs }) => {
        // What was running ends with it.
        for (const path of [...this.#open.keys()]) if (path.startsWith(`${jobId}.`)) this.#end(path, atMs);
        if (outcome === "failed") this.#fail(`${jobId}`, "the job failed", atMs);
        else this.#end(`${jobId}`, atMs);
      },
    };
  }

  endAll(): void {
    for (const path of [...this.#open.keys()].toReversed()) this.#end(path, performance.now());
  }

  #begin(path: string, { name, atMs, attributes }: SpanAbout): void {
    const stagePath = path.split(".").slice(0, 2).join(".");
    const parent = path.includes(".") ? this.#parentOf(path, stagePath) : undefined;
    const context = parent === undefined ? this.#root : this.#api.trace.setSpan(this.#root, parent);
    this.#open.get(path)?.end();
    this.#open.set(path, this.#tracer.startSpan(name, { startTime: wallClock(atMs), attributes }, context));
  }

  /** A task of a stage that has ended is one whose output was lost, and is made again below the job. */
  #parentOf(path: string, stagePath: string): Span | undefined {
    const ofStage = path === stagePath ? undefined : this.#open.get(stagePath);
    return ofStage ?? this.#open.get(path.slice(0, path.indexOf(".")));
  }

  #fail(path: string, message: string, atMs: number): void {
    this.#open.get(path)?.setStatus({ code: this.#api.SpanStatusCode.ERROR, message });
    this.#end(path, atMs);
  }

  #end(path: string, atMs: number): void {
    this.#open.get(path)?.end(wallClock(atMs));
    this.#open.delete(path);
  }
}

interface SpanAbout {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

function pathOf({ jobId, stage, partition, attempt }: TaskAttempt & { readonly jobId: number }): string {
  return `${jobId}.${stage}.${partition}.${attempt}`;
}

/** Events have the monotonic clock, spans that of the calendar. */
function wallClock(atMs: number): number {
  return performance.timeOrigin + atMs;
}
