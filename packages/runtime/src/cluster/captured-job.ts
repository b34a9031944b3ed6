import type { CapturedBroadcast } from "../broadcast/broadcast.ts";
import { captureClosures } from "../closure/capture.ts";
import { bundleModules, type ModuleBundle } from "../closure/module-bundle.ts";
import type { JobGraph } from "../core/job.ts";

/** A job without live functions: what crosses to a master or a worker. */
export interface CapturedJob {
  /** Its stages have no closures. */
  readonly graph: JobGraph;
  /** What became of them, stage by stage. */
  readonly code: readonly StageCode[];
}

export interface StageCode {
  readonly closures: Uint8Array;
  readonly broadcasts: readonly CapturedBroadcast[];
  /** The files that the closures import. */
  readonly bundle: ModuleBundle | undefined;
}

/** Captures all functions of a job, or throws `cannot-travel`. */
export function captureJob(job: JobGraph): CapturedJob {
  const code = job.stages.map((stage): StageCode => {
    const { bytes, broadcasts, modules } = captureClosures(stage.closures);
    return { closures: bytes, broadcasts, bundle: bundleModules(modules) };
  });
  const stages = job.stages.map((stage) => ({ ...stage, closures: [] }));
  return { graph: { ...job, stages }, code };
}
