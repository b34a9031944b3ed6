import {
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanOptions,
  type SpanStatus,
  type Tracer,
} from "@opentelemetry/api";
import { EventEmitter } from "eventemitter3";
import { afterEach, expect, test } from "vitest";
import type { JobEvents } from "../src/core/job-events.ts";
import { createInProcessExecutor, traceJobs, type JobGraph } from "../src/index.ts";
import { startLocalCluster, type LocalCluster } from "./cluster/local-cluster.ts";

let cluster: LocalCluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

interface Kept {
  readonly name: string;
  readonly parent: string | undefined;
  readonly attributes: Attributes;
  status: SpanStatus | undefined;
  readonly startMs: number;
  endMs: number | undefined;
}

/** A tracer that keeps its spans in memory. */
function keepingTracer(): { readonly tracer: Tracer; readonly kept: Kept[] } {
  const kept: Kept[] = [];
  const names = new Map<Span, Kept>();
  const startSpan = (name: string, { startTime, attributes = {} }: SpanOptions = {}, context?: Context): Span => {
    const parent = context === undefined ? undefined : trace.getSpan(context);
    const one: Kept = {
      name,
      parent: parent === undefined ? undefined : names.get(parent)?.name,
      attributes: { ...attributes },
      status: undefined,
      startMs: Number(startTime),
      endMs: undefined,
    };
    kept.push(one);
    const span = {
      setAttribute: (key: string, value: never) => ((one.attributes[key] = value), span),
      setAttributes: (more: Attributes) => (Object.assign(one.attributes, more), span),
      setStatus: (status: SpanStatus) => ((one.status = status), span),
      end: (endTime?: number) => {
        expect(one.endMs, `${name} ends once`).toBeUndefined();
        one.endMs = Number(endTime);
      },
    } as unknown as Span;
    names.set(span, one);
    return span;
  };
  return { tracer: { startSpan } as unknown as Tracer, kept };
}

function sums(exportName = "rows"): JobGraph {
  const module = { specifier: "tasks", url: new URL("./executor/tasks.ts", import.meta.url).href };
  const common = { exportName, module, args: undefined, closures: [] };
  return {
    name: "sums",
    stages: [
      { id: 0, name: "read", partitionCount: 2, inputs: [{ kind: "rows", partitions: [[1], [2]] }], ...common },
      { id: 1, name: "sum", partitionCount: 1, inputs: [{ kind: "all", from: { stage: 0 } }], ...common },
    ],
  };
}

test(
  "a job on a cluster is a span, its stages are below it, and each attempt below its stage",
  { timeout: 30_000 },
  async () => {
    cluster = await startLocalCluster();
    const driver = await cluster.comeBack();
    const { tracer, kept } = keepingTracer();
    const stop = await traceJobs(driver.events, { tracer });
    const beforeMs = Date.now();
    await driver.run(sums());
    stop();
    await driver.run(sums());
    expect(kept.map(({ name, parent }) => `${parent ?? "-"} > ${name}`).toSorted()).toEqual([
      "- > sums",
      "read > task 0.0",
      "read > task 0.1",
      "sum > task 1.0",
      "sums > read",
      "sums > sum",
    ]);
    for (const one of kept) {
      expect(one.startMs).toBeGreaterThan(beforeMs - 1_000);
      expect(one.endMs).toBeGreaterThanOrEqual(one.startMs);
    }
    expect(kept.find(({ name }) => name === "task 1.0")?.attributes).toMatchObject({
      "tutti.worker": expect.stringMatching(/^w\d+$/) as string,
      "tutti.attempt": 0,
      "tutti.rows": 2,
    });
  },
);

test("what fails is a span with its error, and ends with its job", async () => {
  const executor = createInProcessExecutor();
  const { tracer, kept } = keepingTracer();
  await traceJobs(executor.events, { tracer });
  await expect(executor.run(sums("noSuchTask"))).rejects.toThrow(/noSuchTask/);
  expect(kept.map(({ name, status, endMs }) => [name, status?.code, endMs !== undefined])).toEqual([
    ["sums", SpanStatusCode.ERROR, true],
    ["read", undefined, true],
  ]);
  await executor.close();
});

test("an attempt that failed and one that was overtaken are told apart, and what is open ends when tracing stops", async () => {
  const events = new EventEmitter<JobEvents>();
  const { tracer, kept } = keepingTracer();
  const stop = await traceJobs(events, { tracer });
  const task = { jobId: 1, stage: 0, partition: 0 };
  const where = { worker: "w1", isAdopted: false, overtakes: false };
  events.emit("jobStarted", { jobId: 1, name: "j", taskCount: 1, stages: [], atMs: 1 });
  events.emit("stageStarted", { jobId: 1, stage: 0, name: "s", taskCount: 1, atMs: 1 });
  for (const attempt of [0, 1, 2]) events.emit("taskStarted", { ...task, ...where, attempt, atMs: 2 });
  events.emit("taskFailed", { ...task, attempt: 0, message: "the disk is full", willRetry: true, atMs: 3 });
  events.emit("taskStopped", { ...task, attempt: 1, atMs: 4 });
  const tasks = (): Kept[] => kept.filter(({ name }) => name === "task 0.0");
  expect(tasks().map(({ status, endMs }) => [status?.message, endMs !== undefined])).toEqual([
    ["the disk is full", true],
    [undefined, true],
    [undefined, false],
  ]);
  expect(tasks()[1]?.attributes["tutti.overtaken"]).toBe(true);
  stop();
  expect(kept.every(({ endMs }) => endMs !== undefined)).toBe(true);
});
