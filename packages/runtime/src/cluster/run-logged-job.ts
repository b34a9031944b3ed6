import type { EventEmitter } from "eventemitter3";
import type { JobEvents } from "../core/job-events.ts";
import type { JobOutcome, LoggedJob } from "../core/master-state.ts";
import type { SpeculationOptions } from "../core/scheduler.ts";
import type { AttemptOutput } from "../executor/lane.ts";
import { runStages, type JobOutputs } from "../executor/run-job.ts";
import type { CapturedJob } from "./captured-job.ts";
import { openClusterLane } from "./cluster-lane.ts";
import type { MasterLog } from "./master-log.ts";
import type { ClusterBlock } from "./messages.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface LoggedRunParts {
  readonly pool: WorkerPool;
  readonly log: MasterLog;
  /** Aborts when this master leads no more. */
  readonly signal: AbortSignal;
  readonly speculation: SpeculationOptions | undefined;
}

export interface LoggedRun {
  readonly job: string;
  readonly captured: CapturedJob;
  /** As an earlier master has left it. undefined: it begins here. */
  readonly logged: LoggedJob | undefined;
  readonly emitter: EventEmitter<JobEvents>;
  /** What earlier jobs left for this one, and where it leaves something itself. */
  readonly kept: Map<string, readonly AttemptOutput<ClusterBlock>[]>;
  readonly cancel: AbortSignal;
  /** `closeLane` lets the workers forget what the job left: to be called when no other master could need it. */
  readonly close: (outcome: () => JobOutcome, closeLane: () => Promise<void>) => Promise<void>;
}

/** Runs a job that the log knows, and writes down each output before it is told of. */
export async function runLoggedJob(
  { pool, log, signal, speculation }: LoggedRunParts,
  { job, captured, logged, emitter, kept, cancel, close }: LoggedRun,
): Promise<JobOutputs<readonly ClusterBlock[]>> {
  const lane = openClusterLane(captured, {
    pool,
    jobKey: job,
    attemptPrefix: `${log.state.termCount}-`,
    choose: (tasks) => tasks.find(({ id }) => logged?.done.has(id) === true) ?? tasks[0],
    beforeDone: (task) => log.append({ kind: "done", task }),
  });
  let outcome: JobOutcome = "failed";
  emitter.once("jobFinished", (event) => (outcome = event.outcome));
  const lingering = {
    ...lane,
    close(keptStages: ReadonlySet<number>) {
      // Outputs linger until the driver has the result; tasks that would make lost ones again do not.
      lane.stopAll();
      return close(
        () => outcome,
        () => lane.close(keptStages),
      );
    },
  };
  return await runStages(captured.graph, lingering, {
    jobId: Number(job.slice(1)),
    emitter,
    closing: signal,
    speculation,
    kept,
    signal: cancel,
    read: (blocks: readonly ClusterBlock[]) => blocks,
  });
}
