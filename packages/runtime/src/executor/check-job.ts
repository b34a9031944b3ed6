import { stageReadBy, type JobGraph, type Stage } from "../core/job.ts";
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
    checkDivision(job, stage, where);
    for (const closure of stage.closures) {
      if (typeof closure !== "function")
        throw invalid(job, `${where} was given ${typeof closure} where a function belongs`);
    }
  });
}

function checkDivision(job: JobGraph, { division, inputs, partitionCount, ...stage }: Stage, where: string): void {
  if (division === undefined) return;
  const { sharesMax } = division;
  const counts = new Set(inputs.flatMap((input) => (input.kind === "slice" ? input.sliceCount : [])));
  const isCut = inputs.every(({ kind }) => kind === "slice" || kind === "all") && counts.size === 1;
  if (!isCut || inputs.some((input) => "first" in input && (input.first ?? 0) !== 0)) {
    throw invalid(
      job,
      `${where} has a division: its inputs must be slices from its first task on, or read by every task`,
    );
  }
  const [sliceCount = 0] = counts;
  if (!Number.isSafeInteger(sharesMax) || sharesMax < 1 || partitionCount !== sliceCount * sharesMax) {
    throw invalid(
      job,
      `${where} has ${partitionCount} partitions: ${sliceCount} slices in ${sharesMax} shares are not as many`,
    );
  }
  if (division.inputs.some((input) => inputs[input]?.kind !== "slice")) {
    throw invalid(job, `${where} has a division of an input that is no slice`);
  }
  if (stage.keepAs !== undefined || stage.rowsWanted !== undefined) {
    throw invalid(job, `${where} has a division: it cannot be kept, and cannot end early`);
  }
}

function invalid(job: JobGraph, what: string): RuntimeError {
  return new RuntimeError("invalid-argument", `the job ${job.name} cannot run: ${what}`);
}
