import { EventEmitter } from "eventemitter3";
import type { Link } from "@tutti/link";
import type { JobEvents } from "../core/job-events.ts";
import type { JobOutcome, LoggedJob } from "../core/master-state.ts";
import type { SpeculationOptions } from "../core/scheduler.ts";
import { checkJob } from "../executor/check-job.ts";
import { portError } from "../executor/portable-error.ts";
import type { JobOutputs } from "../executor/run-job.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { BlobStore } from "./blob-store.ts";
import { openChannel } from "./channel.ts";
import { createDetachedJobs, type DetachedJobs, type DetachedOptions } from "./detached-jobs.ts";
import { createDriverDesk, forwardEvents, type DriverDesk } from "./driver-desk.ts";
import type { FromDriver, JobEnd, MasterQuestion, SentJob } from "./driver-messages.ts";
import { followProgress } from "./job-progress.ts";
import { createKeptOutputs, type KeptOutputs } from "./kept-outputs.ts";
import { exclusionsIn, loggedExclusion } from "./logged-exclusions.ts";
import type { MasterLog } from "./master-log.ts";
import type { JobReport, JobStageReport, MasterReport, WorkerReport } from "./master-report.ts";
import type { ClusterBlock } from "./messages.ts";
import { runLoggedJob } from "./run-logged-job.ts";
import { createWorkerPool, type WorkerPool } from "./worker-pool.ts";

export interface TermOptions {
  readonly workerWaitMs: number;
  readonly workerGraceMs: number;
  /** How long a driver whose link is down is waited for. */
  readonly driverLeaseMs: number;
  /** When a slow task gets a second attempt. undefined: never. */
  readonly speculation: SpeculationOptions | undefined;
  /** Of jobs that outlive their drivers. */
  readonly detached: DetachedOptions;
}

export interface TermParts extends TermOptions {
  readonly log: MasterLog;
  /** What is too large for the log. */
  readonly blobs: BlobStore;
  /** Where this master listens, for reports. */
  readonly address: string;
  /** Names of the workers that are members as the term begins: their reports are waited for. */
  readonly members: readonly string[];
  /** Aborts when this master leads no more, at the latest when the log refuses a write: what fails then is no job's failure. */
  readonly signal: AbortSignal;
  /** Told of all that happens, with the job that it happens to. */
  readonly onEvent: (event: string, told: Readonly<Record<string, unknown>>) => void;
}

/** The work of a master while it leads. */
export interface MasterTerm {
  /** A link of a worker, a driver or a tool. */
  accept(link: Link): void;
  /** A worker's session is over. */
  loseWorker(worker: string): void;
  report(): MasterReport;
  /** Breaks all links, as the end of the leadership does. Workers go on with what they have, for the next master. */
  close(): Promise<void>;
}

interface RunningJob {
  readonly job: string;
  readonly request: string;
  readonly desk: DriverDesk;
  readonly name: string;
  readonly startedAtMs: number;
  readonly stages: () => readonly JobStageReport[];
  readonly cancel: AbortController;
  /** Once it is there: told again to a driver that asks again. */
  ended: { readonly end: JobEnd; readonly outputs: JobOutputs<readonly ClusterBlock[]> | undefined } | undefined;
  /** The driver has it, or will never ask. */
  readonly received: PromiseWithResolvers<void>;
}

interface DriverWishes {
  readonly openRequests: ReadonlySet<string>;
  /** Why the driver is not waited for any longer. */
  readonly givenUp: string | undefined;
}

export function openMasterTerm(parts: TermParts): MasterTerm {
  return new Term(parts);
}

class Term implements MasterTerm {
  readonly #parts: TermParts;
  readonly #pool: WorkerPool;
  readonly #emitter: EventEmitter<JobEvents> = new EventEmitter();
  /** Of drivers and tools; the pool has those of workers. */
  readonly #links: Set<Link> = new Set();
  readonly #desks: Map<string, DriverDesk> = new Map();
  readonly #leases: Map<string, NodeJS.Timeout> = new Map();
  /** By request. */
  readonly #jobs: Map<string, RunningJob> = new Map();
  /** Jobs that run here or did: their attempts have been named, even where the log does not know of their end yet. */
  readonly #taken: Set<string> = new Set();
  /** Until it resolves nothing of an earlier term is taken up: workers have yet to say what they hold. */
  readonly #recovered: Promise<void>;
  readonly #kept: KeptOutputs;
  readonly #detached: DetachedJobs;
  #jobCount: number;

  constructor(parts: TermParts) {
    this.#parts = parts;
    // Before the jobs hear of it: what ends with this term must not tell the workers to drop what the next master wants.
    parts.signal.addEventListener("abort", () => void this.close(), { once: true });
    const { workerWaitMs, workerGraceMs, log } = parts;
    this.#jobCount = log.state.jobCount;
    this.#pool = createWorkerPool({
      emitter: this.#emitter,
      workerWaitMs,
      workerGraceMs,
      exclusions: exclusionsIn(log.state),
      // A master that cannot write leads no more: it excludes nobody any longer.
      onExcluded: (exclusion) => void log.append(loggedExclusion(exclusion)).catch(() => undefined),
    });
    this.#recovered = this.#untilReported();
    this.#kept = createKeptOutputs({
      pool: this.#pool,
      log,
      recovered: this.#recovered,
      runningJobs: () => new Set([...this.#jobs.values()].map(({ job }) => job)),
    });
    this.#pool.claim([...this.#kept.stageKeys(), ...this.#openLoggedJobs().map(({ job }) => job)]);
    forwardEvents(this.#emitter, (event) => {
      if (parts.signal.aborted) return;
      parts.onEvent(event.name, { ...event.told });
      for (const desk of this.#desks.values()) desk.tell(event);
    });
    this.#emitter.on("workerJoined", () => this.#tellSlots());
    this.#emitter.on("workerLost", () => this.#tellSlots());
    this.#pool.onLost((worker) => {
      for (const desk of this.#desks.values()) this.#kept.forgetLost(desk, worker);
    });
    for (const { driver } of [...this.#ownedJobs(), ...log.state.kept.values()]) this.#startLease(driver);
    this.#detached = createDetachedJobs({
      ...parts,
      ...parts.detached,
      pool: this.#pool,
      recovered: this.#recovered,
      newJob: () => `j${(this.#jobCount += 1)}`,
    });
    void this.#recovered.then(() => this.#pool.dropUnclaimed());
  }

  accept(link: Link): void {
    if (link.peer.about?.["role"] === "worker") return this.#pool.register(link);
    let desk: DriverDesk | undefined;
    this.#links.add(link);
    const channel = openChannel({
      link,
      directory: undefined,
      onMessage: (message) => {
        const told = message as FromDriver;
        if (told.kind === "hello") {
          desk = this.#deskOf(told.driver);
          if (!desk.attach(channel, told.linkNumber)) return link.destroy();
          this.#endUnwanted(told.driver, { openRequests: new Set(told.openRequests), givenUp: undefined });
          channel.send({ kind: "welcome", master: this.#parts.address, slotCount: this.#pool.slotCount() });
        } else if (told.kind === "ask") {
          void this.#answer(told.question).then((report) => channel.send({ kind: "answer", id: told.id, report }));
        } else if (desk !== undefined) this.#handle(desk, told);
      },
      onDown: () => {
        this.#links.delete(link);
        if (desk === undefined || this.#parts.signal.aborted) return;
        if (desk.detach(channel)) this.#startLease(desk.driver);
      },
    });
  }

  async #answer(question: MasterQuestion): Promise<MasterReport> {
    if (question.kind === "kill") this.#kill(question.job);
    // One that cannot be let go of is in the report.
    if (question.kind === "forget") await this.#detached.forget(question.job).catch(() => undefined);
    return this.report();
  }

  loseWorker(worker: string): void {
    this.#pool.lose(worker, "its session with the coordination service is over");
  }

  async close(): Promise<void> {
    for (const lease of this.#leases.values()) clearTimeout(lease);
    this.#detached.close();
    this.#pool.close();
    for (const link of [...this.#links]) link.destroy();
    for (const { cancel, received } of this.#jobs.values()) {
      cancel.abort(new RuntimeError("executor-closed", "this master leads no more"));
      received.resolve();
    }
  }

  #handle(desk: DriverDesk, told: Exclude<FromDriver, { kind: "hello" | "ask" }>): void {
    switch (told.kind) {
      case "submit":
        void this.#submit(desk, told.request, told.job);
        break;
      case "detach":
        void this.#detached.submit(desk, told.request, told.job);
        break;
      case "attach":
        void this.#detached.attach(desk, told.request, told.job);
        break;
      case "leaveJob":
        this.#detached.leave(desk.driver, (request) => request === told.request);
        break;
      case "cancelJob":
        this.#jobs.get(told.request)?.cancel.abort();
        break;
      case "received":
        this.#jobs.get(told.request)?.received.resolve();
        this.#jobs.delete(told.request);
        break;
      case "release":
        this.#kept.release(desk, told.key);
        break;
      case "bye":
        this.#giveUp(desk.driver, "its driver has closed");
        break;
      default:
        desk.handle(told);
    }
  }

  #deskOf(driver: string): DriverDesk {
    clearTimeout(this.#leases.get(driver));
    this.#leases.delete(driver);
    const present = this.#desks.get(driver);
    if (present !== undefined) return present;
    const desk = createDriverDesk(driver, this.#pool);
    this.#desks.set(driver, desk);
    return desk;
  }

  async #submit(desk: DriverDesk, request: string, sent: SentJob): Promise<void> {
    const present = this.#jobs.get(request);
    if (present !== undefined) {
      if (present.ended !== undefined) await this.#deliver(present);
      return;
    }
    const emitter = new EventEmitter<JobEvents>();
    const logged = this.#ownedJobs().find(
      (one) => one.request === request && one.driver === desk.driver && !this.#taken.has(one.job),
    );
    const running: RunningJob = {
      job: logged?.job ?? `j${(this.#jobCount += 1)}`,
      request,
      desk,
      name: sent.graph.name,
      startedAtMs: logged?.startedAtMs ?? Date.now(),
      stages: followProgress(emitter),
      cancel: new AbortController(),
      ended: undefined,
      received: Promise.withResolvers(),
    };
    this.#jobs.set(request, running);
    this.#taken.add(running.job);
    forwardEvents(emitter, (event) => {
      // It ends here, and goes on elsewhere.
      if (this.#parts.signal.aborted) return;
      this.#parts.onEvent(event.name, { ...event.told, job: running.job });
      desk.tell(event, request);
    });
    try {
      const outputs = await this.#run(running, { sent, logged, emitter });
      const { results, ...rest } = outputs;
      running.ended = { outputs, end: { kind: "succeeded", partitionCount: results.length, ...rest } };
    } catch (thrown) {
      // The next master has it.
      if (this.#parts.signal.aborted) return;
      // Before its lane was open: else the lane's end has written it down.
      if (this.#openLoggedJobs().some(({ job }) => job === running.job)) this.#endLogged(running.job, "failed");
      running.ended = { outputs: undefined, end: { kind: "failed", error: portError(thrown) } };
    }
    await this.#deliver(running);
  }

  async #run(
    running: RunningJob,
    { sent, logged, emitter }: { sent: SentJob; logged: LoggedJob | undefined; emitter: EventEmitter<JobEvents> },
  ): Promise<JobOutputs<readonly ClusterBlock[]>> {
    const { job, request, desk, name, startedAtMs, cancel } = running;
    const { log } = this.#parts;
    checkJob(sent.graph);
    const captured = desk.assemble(sent);
    if (logged === undefined) {
      const record = { kind: "job", job, request, driver: desk.driver, name } as const;
      await log.append({ ...record, atMs: startedAtMs });
    } else {
      await this.#recovered;
    }
    await this.#kept.recover(desk);
    const outputs = await runLoggedJob(
      { ...this.#parts, pool: this.#pool },
      {
        job,
        captured,
        logged,
        emitter,
        kept: desk.kept,
        cancel: cancel.signal,
        close: (outcome, closeLane) => this.#close(running, outcome, closeLane),
      },
    );
    return { ...outputs, kept: await this.#kept.write(desk, outputs.kept) };
  }

  /** Workers keep what a job left until its driver has the result: another master could need it. */
  async #close(
    { job, received, cancel }: RunningJob,
    outcome: () => JobOutcome,
    closeLane: () => Promise<void>,
  ): Promise<void> {
    const end = async (): Promise<void> => {
      await closeLane();
      if (this.#parts.signal.aborted) return;
      await this.#writeEnd(job, cancel.signal.aborted ? "canceled" : outcome());
    };
    if (outcome() === "succeeded") void received.promise.then(end);
    else await end();
  }

  async #deliver({ request, desk, ended }: RunningJob): Promise<void> {
    if (ended !== undefined) await desk.deliver(request, ended.end, ended.outputs?.results ?? []);
  }

  /** Resolves when the workers that were members have registered, or have had the time to. */
  async #untilReported(): Promise<void> {
    const { members, workerGraceMs, signal } = this.#parts;
    const present = new Set<string>();
    const all = Promise.withResolvers<void>();
    const timer = setTimeout(() => all.resolve(), 3 * workerGraceMs);
    const check = (worker?: string): void => {
      if (worker !== undefined) present.add(worker);
      if (members.every((member) => present.has(member))) all.resolve();
    };
    this.#emitter.on("workerJoined", ({ worker }) => check(worker));
    signal.addEventListener("abort", () => all.resolve(), { once: true });
    check();
    await all.promise;
    clearTimeout(timer);
  }

  #openLoggedJobs(): LoggedJob[] {
    return [...this.#parts.log.state.jobs.values()].filter(({ end }) => end === undefined);
  }

  /** Those that end with their drivers. */
  #ownedJobs(): LoggedJob[] {
    return this.#openLoggedJobs().filter(({ body }) => body === undefined);
  }

  #startLease(driver: string): void {
    clearTimeout(this.#leases.get(driver));
    const { driverLeaseMs } = this.#parts;
    const giveUp = (): void => this.#giveUp(driver, `its driver has been away for ${driverLeaseMs} ms`);
    this.#leases.set(driver, setTimeout(giveUp, driverLeaseMs));
  }

  /** The driver will not come back: its jobs end, and what it kept goes. */
  #giveUp(driver: string, why: string): void {
    clearTimeout(this.#leases.get(driver));
    this.#leases.delete(driver);
    this.#endUnwanted(driver, { openRequests: new Set(), givenUp: why });
    this.#kept.releaseAll(driver);
    this.#desks.get(driver)?.close();
    this.#desks.delete(driver);
    this.#pool.dropUnclaimed();
  }

  /**
   * Ends jobs that a driver does not ask for: it has their result, or has given them up, and what it said of it was lost, or came
   * to a master that could not write it down.
   */
  #endUnwanted(driver: string, { openRequests, givenUp }: DriverWishes): void {
    for (const running of [...this.#jobs.values()]) {
      if (running.desk.driver !== driver || openRequests.has(running.request)) continue;
      // What has ended, the driver has; of one that is given up nobody knows, and it may ask for it again.
      if (running.ended === undefined || givenUp !== undefined) {
        running.cancel.abort(new RuntimeError("canceled", givenUp ?? "its driver asks for it no more"));
      }
      running.received.resolve();
      this.#jobs.delete(running.request);
    }
    this.#detached.leave(driver, (request) => !openRequests.has(request));
    for (const { job, driver: owner, request } of this.#ownedJobs()) {
      if (owner === driver && !openRequests.has(request) && !this.#taken.has(job)) this.#endLogged(job, "canceled");
    }
    void this.#recovered.then(() => this.#pool.dropUnclaimed());
  }

  #endLogged(job: string, outcome: JobOutcome): void {
    this.#pool.unclaim([job]);
    void this.#writeEnd(job, outcome);
  }

  async #writeEnd(job: string, outcome: JobOutcome): Promise<void> {
    // A master that cannot write leads no more, and the next one ends the job.
    await this.#parts.log.append({ kind: "ended", job, outcome, atMs: Date.now() }).catch(() => undefined);
    this.#taken.delete(job);
  }

  #kill(job: string): void {
    if (this.#detached.kill(job)) return;
    const running = [...this.#jobs.values()].find((one) => one.job === job);
    running?.cancel.abort(new RuntimeError("canceled", `the job ${job} was killed`));
  }

  #tellSlots(): void {
    const slotCount = this.#pool.slotCount();
    for (const desk of this.#desks.values()) desk.tellSlots(slotCount);
  }

  report(): MasterReport {
    const { log, address } = this.#parts;
    const running = new Map([...this.#jobs.values()].map((one) => [one.job, one]));
    const jobs = [...log.state.jobs.values()].map(({ job, name, driver, startedAtMs, body, end }): JobReport => {
      const stages = running.get(job)?.stages() ?? this.#detached.stagesOf(job);
      const state = end?.outcome ?? (stages === undefined ? "waiting" : "running");
      const ended = { endedAtMs: end?.atMs, resultBytes: end?.result?.bytes, why: end?.why };
      return { job, name, driver, state, startedAtMs, ...ended, isDetached: body !== undefined, stages: stages ?? [] };
    });
    const nowMs = performance.now();
    const workers = [...this.#pool.all()].map((one): WorkerReport => {
      const { id, host, port, slotCount, busySlotCount, isUp, isPaused, residentBytes } = one;
      const exclusions = this.#pool.exclusionsOf(id).map(({ stageKey, reason, untilMs }) => {
        return { stage: stageKey, reason, forMs: Math.max(0, Math.round(untilMs - nowMs)) };
      });
      const state = { isUp, isPaused, exclusions, residentBytes };
      return { worker: id, address: `${host}:${port}`, slotCount, busySlotCount, ...state };
    });
    return { master: address, termCount: log.state.termCount, jobs, workers };
  }
}
