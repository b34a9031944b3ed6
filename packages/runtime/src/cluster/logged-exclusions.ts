import { jobOf, type LoggedExclusion, type MasterState } from "../core/master-state.ts";
import { defaultHealth, type Exclusion, type KnownExclusion } from "../core/worker-health.ts";

/** The pool's clock means nothing to other masters. */
export function loggedExclusion({ worker, stageKey, reason, untilMs }: Exclusion): LoggedExclusion {
  const atMs = Date.now();
  const stage = stageKey === undefined ? {} : { stage: stageKey };
  return { kind: "excluded", worker, ...stage, reason, atMs, untilMs: atMs + Math.round(untilMs - performance.now()) };
}

/** Those that still last. Where the calendars of masters differ, none lasts longer than a new one. */
export function exclusionsIn({ exclusions, jobs }: MasterState): readonly KnownExclusion[] {
  const nowMs = performance.now();
  return [...exclusions.values()].flatMap(({ worker, stage, reason, untilMs }) => {
    const restMs = Math.min(untilMs - Date.now(), defaultHealth.excludedMs);
    if (restMs <= 0) return [];
    const job = stage === undefined ? undefined : jobs.get(jobOf(stage));
    const isOver = stage !== undefined && (job === undefined || job.end !== undefined);
    return [{ worker, stageKey: stage, reason, untilMs: nowMs + restMs, isOver }];
  });
}
