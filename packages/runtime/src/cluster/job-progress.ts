import type { EventEmitter } from "eventemitter3";
import type { JobEvents } from "../core/job-events.ts";
import type { JobStageReport, TaskTimes } from "./master-report.ts";

interface Counts {
  readonly stage: number;
  readonly name: string;
  readonly taskCount: number;
  doneCount: number;
  failedCount: number;
  rowCount: number;
  fetchedBytes: number;
  /** By attempt. */
  readonly startedAtMs: Map<string, number>;
  overtakingCount: number;
  readonly tookMs: number[];
}

/** Counts what the stages of a job have done, from its events. */
export function followProgress(emitter: EventEmitter<JobEvents>): () => readonly JobStageReport[] {
  const stages = new Map<number, Counts>();
  emitter.on("stageStarted", ({ stage, name, taskCount }) => {
    const none = { doneCount: 0, failedCount: 0, overtakingCount: 0, rowCount: 0, fetchedBytes: 0 };
    stages.set(stage, { stage, name, taskCount, ...none, startedAtMs: new Map(), tookMs: [] });
  });
  emitter.on("taskStarted", ({ stage, partition, attempt, overtakes, atMs }) => {
    const counts = stages.get(stage);
    if (counts === undefined) return;
    counts.startedAtMs.set(`${partition}.${attempt}`, atMs);
    if (overtakes) counts.overtakingCount += 1;
  });
  emitter.on("taskFinished", ({ stage, partition, attempt, rowCount, fetchedBytes = 0, atMs }) => {
    const counts = stages.get(stage);
    if (counts === undefined) return;
    counts.doneCount += 1;
    counts.rowCount += rowCount;
    counts.fetchedBytes += fetchedBytes;
    counts.tookMs.push(atMs - (counts.startedAtMs.get(`${partition}.${attempt}`) ?? atMs));
    counts.startedAtMs.delete(`${partition}.${attempt}`);
  });
  emitter.on("taskFailed", ({ stage }) => {
    const counts = stages.get(stage);
    if (counts !== undefined) counts.failedCount += 1;
  });
  return () =>
    [...stages.values()].map(({ stage, name, taskCount, doneCount, failedCount, overtakingCount, ...rest }) => {
      const { rowCount, fetchedBytes, tookMs } = rest;
      const counts = { taskCount, doneCount, failedCount, overtakingCount, rowCount, fetchedBytes };
      return { stage, name, ...counts, took: timesOf(tookMs) };
    });
}

function timesOf(tookMs: readonly number[]): TaskTimes | undefined {
  const sorted = tookMs.toSorted((left, right) => left - right);
  const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return sorted.length === 0 ? undefined : { medianMs: at(0.5), p95Ms: at(0.95), longestMs: at(1) };
}
