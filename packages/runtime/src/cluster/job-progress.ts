import type { EventEmitter } from "eventemitter3";
import type { JobEvents } from "../core/job-events.ts";
import type { JobStageReport } from "./master-report.ts";

interface Counts {
  readonly stage: number;
  readonly name: string;
  readonly taskCount: number;
  doneCount: number;
  failedCount: number;
}

/** Counts what the stages of a job have done, from its events. */
export function followProgress(emitter: EventEmitter<JobEvents>): () => readonly JobStageReport[] {
  const stages = new Map<number, Counts>();
  emitter.on("stageStarted", ({ stage, name, taskCount }) => {
    stages.set(stage, { stage, name, taskCount, doneCount: 0, failedCount: 0 });
  });
  emitter.on("taskFinished", ({ stage }) => {
    const counts = stages.get(stage);
    if (counts !== undefined) counts.doneCount += 1;
  });
  emitter.on("taskFailed", ({ stage }) => {
    const counts = stages.get(stage);
    if (counts !== undefined) counts.failedCount += 1;
  });
  return () => [...stages.values()].map((counts) => ({ ...counts }));
}
