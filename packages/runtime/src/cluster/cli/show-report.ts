import type { JobReport, MasterReport } from "../master-report.ts";

type Cell = string | number;

export function showWorkers({ workers }: MasterReport): string {
  const rows = workers.map((one) => {
    const { worker, address, slotCount, busySlotCount } = one;
    return [worker, address, `${busySlotCount} of ${slotCount}`, stateOf(one)];
  });
  const why = workers.flatMap(({ worker, exclusions }) =>
    exclusions.map(({ stage, reason, forMs }) => {
      const what = stage === undefined ? "no tasks" : `no tasks of the stage ${stage}`;
      return `${worker} gets ${what} for another ${Math.ceil(forMs / 1000)} s: ${reason}\n`;
    }),
  );
  return [table(["worker", "address", "slots busy", "state"], rows), ...why].join("");
}

function stateOf({ isUp, isPaused, exclusions }: MasterReport["workers"][number]): string {
  if (!isUp) return "link down";
  if (exclusions.some(({ stage }) => stage === undefined)) return "excluded";
  return isPaused ? "waits for memory" : "up";
}

export function showJobs({ jobs }: MasterReport, nowMs: number): string {
  const rows = jobs.map((job) => [job.job, job.name, job.state, secondsOf(job, nowMs), tasksOf(job), resultOf(job)]);
  return table(["job", "name", "state", "seconds", "tasks done", "result"], rows);
}

export function showJob(job: JobReport, nowMs: number): string {
  const kept = resultOf(job) === "" ? "" : `  ${resultOf(job)}`;
  const why = job.why === undefined ? "" : `${job.why}\n`;
  const head = `${job.job}  ${job.name}  ${job.state}  ${secondsOf(job, nowMs)} s  of driver ${job.driver}${kept}\n${why}\n`;
  const rows = job.stages.map(({ stage, name, taskCount, doneCount, failedCount, overtakingCount, ...rest }) => {
    const { rowCount, fetchedBytes, took } = rest;
    const times = took === undefined ? ["", "", ""] : [took.medianMs, took.p95Ms, took.longestMs];
    return [
      stage,
      name,
      `${doneCount} of ${taskCount}`,
      failedCount,
      overtakingCount,
      rowCount,
      fetchedBytes,
      ...times,
    ];
  });
  const columns = [
    "stage",
    "what it does",
    "tasks",
    "failed",
    "second attempts",
    "rows",
    "bytes fetched",
    "p50 ms",
    "p95 ms",
    "longest ms",
  ];
  return head + table(columns, rows);
}

function resultOf({ isDetached, resultBytes, endedAtMs }: JobReport): string {
  if (!isDetached) return "";
  if (endedAtMs === undefined) return "detached";
  return resultBytes === undefined ? "detached, result gone" : `detached, result of ${resultBytes} bytes kept`;
}

function secondsOf({ startedAtMs, endedAtMs }: JobReport, nowMs: number): string {
  return (((endedAtMs ?? nowMs) - startedAtMs) / 1000).toFixed(1);
}

function tasksOf({ stages }: JobReport): string {
  const sum = (count: (stage: JobReport["stages"][number]) => number): number =>
    stages.reduce((total, stage) => total + count(stage), 0);
  return stages.length === 0 ? "" : `${sum(({ doneCount }) => doneCount)} of ${sum(({ taskCount }) => taskCount)}`;
}

function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return "none\n";
  const texts = [columns, ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  const lines = texts.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}
