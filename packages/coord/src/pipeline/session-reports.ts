import type { PipelineEnvironment } from "../ports/pipeline-environment.ts";
import type { Replication } from "../ports/replication.ts";

interface Report {
  readonly madeMs: number;
  readonly heard: ReadonlySet<bigint>;
}

export interface SessionReportsParts {
  readonly replication: Pick<Replication, "report">;
  readonly environment: Pick<PipelineEnvironment, "monotonicMs">;
  /** What waits for a confirmation may go on. */
  readonly onConfirmed: () => void;
}

/**
 * What this server tells the leader: which of its sessions it has heard of, and that it lives. What it answers makes a client
 * trust in its session, which others may end when they hear nothing of this server; so it knows until when it was heard.
 */
export class SessionReports {
  readonly #parts: SessionReportsParts;
  /** Heard of since the leader was told last. */
  #heard = new Set<bigint>();
  /** What the leader was told and has not confirmed. One at a time: see `SessionTracker.reported`. */
  #underway: Report | undefined;
  /** When the last report ended, or a leader came: what was told before is known to have come by then. */
  #endedMs = Number.NEGATIVE_INFINITY;
  #toldMs = Number.NEGATIVE_INFINITY;
  #confirmedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SessionReportsParts) {
    this.#parts = parts;
  }

  /** See `ConnectionServices`. */
  get toldMs(): number {
    return this.#toldMs;
  }

  /** When the last report was made that a leader of a quorum confirmed. */
  get confirmedMs(): number {
    return this.#confirmedMs;
  }

  hear(sessionId: bigint): void {
    this.#heard.add(sessionId);
  }

  /** Makes a report, unless one is under way. */
  make(): void {
    if (this.#underway !== undefined) return;
    const { replication, environment } = this.#parts;
    const report = { madeMs: environment.monotonicMs(), heard: this.#heard };
    this.#underway = report;
    this.#toldMs = this.#endedMs;
    this.#heard = new Set();
    replication.report([...report.heard], (isConfirmed) => {
      // There was another leader since, who may have confirmed what it was never told.
      if (this.#underway !== report) return;
      if (isConfirmed) this.#confirmed(report);
      else this.giveUp();
    });
  }

  #confirmed({ madeMs }: Report): void {
    this.#end();
    this.#confirmedMs = madeMs;
    this.#parts.onConfirmed();
  }

  /** What nobody has confirmed is told again. Call it when the leader changes, too. */
  giveUp(): void {
    const report = this.#underway;
    this.#end();
    for (const sessionId of report?.heard ?? []) this.#heard.add(sessionId);
  }

  #end(): void {
    this.#endedMs = this.#parts.environment.monotonicMs();
    this.#underway = undefined;
  }
}
