// What users need.
export { broadcast, type Broadcast, type BroadcastShipment, type CapturedBroadcast } from "./broadcast/broadcast.ts";
export type { BroadcastPayload } from "./broadcast/payload.ts";
export { captureClosures, type CapturedClosures } from "./closure/capture.ts";
export type { ModuleReference } from "./closure/graph.ts";
export { reviveClosures } from "./closure/revive.ts";
export { withBindings } from "./closure/bindings.ts";
export { createExecutor, type ExecutorOptions } from "./executor/create-executor.ts";
export { move, type Movable } from "./calls/moved.ts";
export type { Awaitable, CallOptions, MapOptions, MapProgress, Submitter } from "./calls/submitter.ts";
export { createInProcessExecutor } from "./executor/in-process.ts";
export { createThreadExecutor, type ThreadExecutorOptions } from "./executor/threads.ts";
export type { EventSource, Executor, JobResult, RunOptions } from "./executor/executor.ts";
export { traceJobs, type TraceJobsOptions } from "./telemetry/trace-jobs.ts";
export { showProgress, type ProgressStream } from "./progress/show-progress.ts";
export type { JobEvents, StageOutline } from "./core/job-events.ts";
export type {
  AnyFunction,
  JobGraph,
  KeepPlace,
  OutputSource,
  SliceDivision,
  Stage,
  StageInput,
  StageReport,
  TaskAttempt,
  TaskModule,
} from "./core/job.ts";
export type { TaskContext, TaskFunction, TaskMemory, TaskNote, TaskOutput } from "./core/task.ts";
export { RuntimeError, type RuntimeErrorCode, type RuntimeErrorOptions } from "./runtime-error.ts";
export type { Refusal, RefusalReason } from "./runtime-error.ts";

// What our other packages need. Not covered by semantic versioning.
export { decodeRows, encodeRows } from "./shuffle/rows-codec.ts";
