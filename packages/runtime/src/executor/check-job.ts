import { stageReadBy, type JobGraph } from "../core/job.ts";
import { RuntimeError } from "../runtime-error.ts";

/** Refuses a graph that could hang or crash the scheduler. */
export function checkJob(job: JobGraph): void {
  if (job.stages.length === 0) throw invalid(job, "it has no stages");
  job.stages.forEach((stage, index) => {
    const where = `stage ${index} (${stage.name})`;
    if (stage.id !== index) throw invalid(job, `${where} has the id ${stage.id}: ids are positions`);
    if (!Number.isSafeInteger(stage.partitionCount) || stage.partitionCount < 0) {
      throw invalid(job, `${where} has ${stage.partitionCount} partitions`);
    }
    for (const input of stage.inputs) {
      const read = stageReadBy(input);
      if (read !== undefined && !(read >= 0 && read < index)) {
        throw invalid(job, `${where} reads stage ${read}: only earlier stages can be read`);
      }
    }
    for (const closure of stage.closures) {
      if (typeof closure !== "function")
        throw invalid(job, `${where} was given ${typeof closure} where a function belongs`);
    }
  });
}

function invalid(job: JobGraph, what: string): RuntimeError {
  return new RuntimeError("invalid-argument", `the job ${job.name} cannot run: ${what}`);
}
