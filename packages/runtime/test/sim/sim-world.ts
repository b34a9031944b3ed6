import { EventEmitter } from "eventemitter3";
import { createPrng, type Prng } from "@tutti/stdx";
import { createMasterDesk, type MasterDesk } from "../../src/cluster/master-desk.ts";
import type { CapturedJob } from "../../src/cluster/captured-job.ts";
import type { JobResult } from "../../src/executor/executor.ts";
import type { MasterReport } from "../../src/cluster/master-report.ts";
import { openMasterTerm, type MasterTerm } from "../../src/cluster/master-term.ts";
import type { JobGraph } from "../../src/core/job.ts";
import type { JobEvents } from "../../src/core/job-events.ts";
import { RuntimeError } from "../../src/runtime-error.ts";
import { decodeFrame } from "../../src/cluster/messages.ts";
import { MasterJudge, Violation } from "./judge.ts";
import { expectedOutputs, keeping, randomJob, readingJob, type Outputs } from "./sim-job.ts";
import { createLinkPair, type LinkPair, type LinkSpy } from "./sim-link.ts";
import { LogStore, openSimLog, type SimLog } from "./sim-log.ts";
import { SimWorker } from "./sim-worker.ts";
import type { takeOverTime } from "./virtual-time.ts";

const graceMs = 300;
const leaseMs = 2_000;
const sessionMs = 400;
const faultsUntilMs = 2_500;
const eventsMax = 60_000;

/** What may happen to a cluster, and how often it did. */
export type FaultCounts = Record<
  | "workerKilled"
  | "workerCut"
  | "workerLeft"
  | "taskBroken"
  | "masterKilled"
  | "masterDeposed"
  | "driverCut"
  | "driverLeft"
  | "driverAway"
  | "jobCanceled",
  number
>;

export interface ClusterReport {
  readonly violation: string | undefined;
  readonly events: number;
  readonly tasks: number;
  readonly jobs: { succeeded: number; failed: number };
  readonly faults: FaultCounts;
}

interface Master {
  readonly name: string;
  readonly epoch: number;
  readonly log: SimLog;
  readonly judge: MasterJudge;
  readonly over: AbortController;
  readonly links: Set<LinkPair>;
  isAlive: boolean;
  term: MasterTerm | undefined;
}

interface Driver {
  readonly name: string;
  readonly desk: MasterDesk;
  readonly until: AbortController;
  pair: LinkPair | undefined;
  /** Stays away until then. */
  backAtMs: number;
}

export interface WorldOptions {
  readonly seed: number;
  readonly time: ReturnType<typeof takeOverTime>;
  /** False: whoever once led may write for ever. */
  readonly isFenced?: boolean;
  /** Told in a line what happens. */
  readonly trace?: ((line: string) => void) | undefined;
}

/**
 * Masters, drivers and the pools between them as shipped, over simulated links, a simulated log and simulated workers, under
 * one seed. Faults first; then everybody is left alone, and all jobs must end right and leave nothing behind.
 */
export class SimWorld {
  readonly #time;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #prng: Prng;
  readonly #store = new LogStore();
  /** Of tasks: some runs have jobs that take longer than a lease. */
  readonly #slowness: number;
  readonly #workers: Map<string, SimWorker> = new Map();
  readonly #workerLinks: Map<SimWorker, LinkPair> = new Map();
  /** Those that the coordination service takes for alive. */
  readonly #members: Set<string> = new Set();
  readonly #drivers: Driver[] = [];
  readonly #started: Map<string, string> = new Map();
  #leader: Master | undefined;
  #masters: Master[] = [];
  #workerCount = 0;
  #openJobs = 0;
  #problem: unknown;
  readonly #jobs = { succeeded: 0, failed: 0 };
  readonly faults: FaultCounts = {
    workerKilled: 0,
    workerCut: 0,
    workerLeft: 0,
    taskBroken: 0,
    masterKilled: 0,
    masterDeposed: 0,
    driverCut: 0,
    driverLeft: 0,
    driverAway: 0,
    jobCanceled: 0,
  };

  constructor({ seed, time, isFenced = true, trace }: WorldOptions) {
    this.#time = time;
    this.#trace = trace;
    this.#prng = createPrng(Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995);
    this.#store.isFenced = isFenced;
    this.#slowness = this.#below(4) === 0 ? 8 : 1;
  }

  async run(): Promise<ClusterReport> {
    let events = 0;
    try {
      this.#elect();
      for (let count = 2 + this.#below(3); count > 0; count -= 1) this.#startWorker();
      for (let count = 1 + this.#below(2); count > 0; count -= 1) this.#startDriver();
      for (let count = this.#below(6); count > 0; count -= 1) {
        this.#after(this.#below(faultsUntilMs), () => this.#doHarm());
      }
      const settle = async (untilMs: number, isOver: () => boolean): Promise<void> => {
        while (!isOver() && this.#time.now() < untilMs && (await this.#time.next())) {
          events += 1;
          if (this.#problem !== undefined) throw this.#problem;
          if (events > eventsMax) throw new Violation(`${eventsMax} events, and no end`);
        }
      };
      await settle(60_000, () => this.#openJobs === 0 && this.#time.now() > faultsUntilMs);
      if (this.#openJobs > 0) throw new Violation(`${this.#openJobs} jobs never ended`);
      // Drivers that were away have come back by then, and have said what they have.
      await settle(this.#time.now() + leaseMs + 1_000, () => false);
      this.#checkOpen();
      for (const { desk, until, pair } of this.#drivers) {
        await desk.close();
        until.abort();
        this.#after(100, () => pair?.cut());
      }
      await settle(this.#time.now() + 2 * leaseMs + 4_000, () => false);
      this.#checkRest();
    } catch (thrown) {
      this.#problem ??= thrown;
    }
    for (const { over, term } of this.#masters) {
      over.abort();
      void term?.close();
    }
    const { faults } = this;
    const violation = this.#problem instanceof Error ? (this.#problem.stack ?? this.#problem.message) : undefined;
    return { violation, events, tasks: this.#started.size, jobs: this.#jobs, faults };
  }

  #below(limit: number): number {
    return this.#prng.nextBelow(limit);
  }

  /** What goes wrong in here ends the run. */
  #after(delayMs: number, run: () => void): void {
    this.#time.after(delayMs, () => this.#guarded(run));
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#problem ??= thrown;
    }
  }

  readonly #delayMs = (): number => (this.#below(20) === 0 ? 150 : 1 + this.#below(15));

  /** Some links are slow: what was said over them comes after what is said over the next one. */
  #wayMs(): () => number {
    return this.#below(8) === 0 ? () => 60 + this.#below(120) : this.#delayMs;
  }

  #elect(): void {
    this.#store.epoch += 1;
    const { epoch } = this.#store;
    const log = openSimLog({
      store: this.#store,
      time: this.#time,
      delayMs: this.#delayMs,
      compacts: () => this.#below(3) === 0,
      tears: () => {
        const isTorn = this.#time.now() < faultsUntilMs && this.#below(100) === 0;
        if (isTorn) {
          this.#count("masterKilled");
          this.#after(0, () => this.#killMaster(master));
        }
        return isTorn;
      },
    });
    const judge = new MasterJudge(this.#store, log.state.exclusions.values());
    const name = `m${epoch}`;
    const master: Master = {
      name,
      epoch,
      log,
      judge,
      over: new AbortController(),
      links: new Set(),
      isAlive: true,
      term: undefined,
    };
    this.#masters.push(master);
    this.#leader = master;
    log.append({ kind: "term", master: name }).then(
      () => this.#guarded(() => this.#lead(master)),
      () => undefined,
    );
  }

  #lead(master: Master): void {
    if (!master.isAlive) return;
    master.term = openMasterTerm({
      workerWaitMs: 5_000,
      workerGraceMs: graceMs,
      driverLeaseMs: leaseMs,
      speculation: { quantile: 0.5, multiplier: 1.5, minimumMs: 40 },
      detached: { resultBytesMax: 1_000_000, retentionMs: 1_000_000, resultsMax: 100 },
      log: master.log,
      blobs: master.log.blobs,
      address: master.name,
      members: [...this.#members],
      signal: AbortSignal.any([master.over.signal, master.log.refused]),
      onEvent: (event, told) => this.#tell(`${master.name} ${event} ${JSON.stringify(told)}`),
    });
    this.#tell(`${master.name} leads`);
    master.log.refused.addEventListener("abort", () => this.#stepDown(master), { once: true });
    if (this.#leader !== master) return;
    // Everybody hears of it, and leaves whoever led before.
    for (const worker of this.#workers.values()) {
      this.#after(this.#delayMs(), () => this.#workerLinks.get(worker)?.dialer.destroy());
    }
    for (const driver of this.#drivers) this.#after(this.#delayMs(), () => driver.pair?.dialer.destroy());
  }

  #dial(
    { role, who, slots = 1 }: { role: "worker" | "driver"; who: string; slots?: number },
    spy: (judge: MasterJudge) => LinkSpy,
  ): [LinkPair, Master] | undefined {
    const master = this.#leader;
    if (master?.term === undefined || !master.isAlive) return undefined;
    const about = { role, slots: String(slots), host: "simulated", port: "1" };
    const guarded = (of: LinkSpy): LinkSpy => ({
      sent: (frame) => this.#guarded(() => (this.#tellFrame(`${master.name} to ${who}`, frame), of.sent(frame))),
      taken: (frame) => this.#guarded(() => (this.#tellFrame(`${who} to ${master.name}`, frame), of.taken(frame))),
      down: () => of.down(),
    });
    const pair = createLinkPair({ time: this.#time, about, spy: guarded(spy(master.judge)), delayMs: this.#wayMs() });
    master.links.add(pair);
    master.term.accept(pair.acceptor);
    return [pair, master];
  }

  #startWorker(): void {
    const name = `w${(this.#workerCount += 1)}`;
    const isBad = this.#below(5) === 0;
    // Tasks break there late, while others overtake them and masters change.
    const sloth = isBad && this.#below(2) === 0 ? 4 : 1;
    const worker = new SimWorker({
      name,
      slotCount: 1 + this.#below(2),
      after: (delayMs, run) => this.#after(delayMs, run),
      workMs: () => (10 + this.#below(150)) * this.#slowness * sloth,
      breaks: () => {
        const isBroken = isBad && this.#time.now() < faultsUntilMs && this.#below(3) > 0;
        if (isBroken) this.#count("taskBroken");
        return isBroken;
      },
      workers: this.#workers,
      onStarted: (id, one) => this.#onStarted(id, one),
      onReset: () => this.#killWorker(worker),
    });
    this.#workers.set(name, worker);
    this.#members.add(name);
    this.#connectWorker(worker);
  }

  #connectWorker(worker: SimWorker): void {
    if (!worker.isAlive) return;
    const dialed = this.#dial({ role: "worker", who: worker.name, slots: worker.slotCount }, (judge) =>
      judge.ofWorker(worker.name),
    );
    if (dialed === undefined) return this.#after(30, () => this.#connectWorker(worker));
    const [pair] = dialed;
    this.#workerLinks.set(worker, pair);
    worker.serve(pair.dialer, () => this.#after(this.#delayMs() + 10, () => this.#connectWorker(worker)));
  }

  #onStarted(id: string, worker: SimWorker): void {
    const before = this.#started.get(id);
    if (before !== undefined) throw new Violation(`the attempt ${id} runs on ${before} and on ${worker.name}`);
    this.#started.set(id, worker.name);
    if (worker.running.size >= worker.slotCount) {
      const running = [...worker.running.keys()].join(", ");
      throw new Violation(`${worker.name} has ${worker.slotCount} slots, runs ${running}, and gets ${id}`);
    }
  }

  #killWorker(worker: SimWorker): void {
    if (!worker.isAlive) return;
    worker.die();
    this.#workerLinks.get(worker)?.cut();
    this.#after(sessionMs, () => {
      this.#members.delete(worker.name);
      for (const { term, isAlive } of this.#masters) if (isAlive) term?.loseWorker(worker.name);
    });
    this.#after(50 + this.#below(500), () => this.#startWorker());
  }

  #openDriver(name: string): Driver {
    const driver: Driver = {
      name,
      desk: createMasterDesk(name, new EventEmitter<JobEvents>(), 20_000),
      until: new AbortController(),
      pair: undefined,
      backAtMs: 0,
    };
    this.#connectDriver(driver);
    return driver;
  }

  #startDriver(): void {
    const driver = this.#openDriver(`d${this.#drivers.length + 1}`);
    const { name } = driver;
    this.#drivers.push(driver);
    for (let count = 1 + this.#below(2); count > 0; count -= 1) {
      const job = `${name}-${count}`;
      this.#openJobs += 1;
      this.#after(this.#below(800), () => void this.#runJobs(driver, job));
    }
    if (this.#below(2) > 0) return;
    this.#openJobs += 1;
    this.#after(this.#below(800), () => void this.#runDetached(driver, `${name}-detached`));
  }

  /** A job of a driver that dies when it has its name, or does not; another driver gets the result. */
  async #runDetached(other: Driver, name: string): Promise<void> {
    const owner = this.#openDriver(name);
    const graph = randomJob(this.#prng, name);
    if (this.#below(2) === 0) this.#after(this.#below(100), () => owner.pair?.cut());
    try {
      const job = await owner.desk.detach(captured(graph), {});
      if (this.#below(3) > 0) {
        this.#tell(`${owner.name} dies`);
        owner.until.abort();
        owner.pair?.cut();
      }
      const canceler = new AbortController();
      if (this.#below(3) === 0) {
        this.#after(this.#below(500), () => canceler.abort());
        await other.desk.attach(job, canceler.signal).catch(() => undefined);
      }
      await this.#checkResult(graph, [], () => other.desk.attach(job, new AbortController().signal));
      this.#jobs.succeeded += 1;
    } catch (thrown) {
      if (!this.#mayFail(thrown, false)) this.#problem ??= thrown;
      this.#jobs.failed += 1;
    }
    this.#openJobs -= 1;
    await owner.desk.close();
    owner.until.abort();
    this.#after(100, () => owner.pair?.cut());
  }

  #connectDriver(driver: Driver): void {
    if (driver.until.signal.aborted) return;
    if (this.#time.now() < driver.backAtMs) {
      return this.#after(driver.backAtMs - this.#time.now(), () => this.#connectDriver(driver));
    }
    const dialed = this.#dial({ role: "driver", who: driver.name }, (judge) => judge.ofDriver());
    if (dialed === undefined) return this.#after(30, () => this.#connectDriver(driver));
    [driver.pair] = dialed;
    this.#tell(`${driver.name} dials`);
    void driver.desk.serve(driver.pair.dialer, driver.until.signal).then(() => {
      this.#tell(`${driver.name} is cut off`);
      this.#after(this.#delayMs() + 10, () => this.#connectDriver(driver));
    });
  }

  /** One job; or two, of which the second reads what the first has left with the workers. */
  async #runJobs(driver: Driver, name: string): Promise<void> {
    const job = randomJob(this.#prng, name);
    if (this.#below(3) > 0) return void (await this.#runJob(driver, job, []));
    this.#openJobs += 1;
    const key = `${name} kept`;
    const hasSucceeded = await this.#runJob(driver, keeping(job, key), []);
    const [kept = []] = expectedOutputs(job);
    if (hasSucceeded) await this.#runJob(driver, readingJob(this.#prng, `${name}+`, key), kept);
    else this.#openJobs -= 1;
    if (this.#below(2) === 0) driver.desk.release(key);
  }

  async #runJob(driver: Driver, job: JobGraph, kept: Outputs): Promise<boolean> {
    const canceler = new AbortController();
    let isCanceled = false;
    if (this.#below(12) === 0) {
      this.#after(this.#below(1_500), () => {
        isCanceled = true;
        this.faults.jobCanceled += 1;
        canceler.abort();
      });
    }
    let hasSucceeded = false;
    try {
      await this.#checkResult(job, kept, () => driver.desk.run(captured(job), canceler.signal));
      hasSucceeded = true;
      this.#jobs.succeeded += 1;
    } catch (thrown) {
      if (!this.#mayFail(thrown, isCanceled)) this.#problem ??= thrown;
      this.#jobs.failed += 1;
    }
    this.#openJobs -= 1;
    return hasSucceeded;
  }

  async #checkResult(job: JobGraph, kept: Outputs, run: () => Promise<JobResult>): Promise<void> {
    const { partitions } = await run();
    const values = partitions.map((rows) => (rows[0] as readonly string[])[0]);
    const expected = (expectedOutputs(job, kept).at(-1) ?? []).flatMap(([first]) => first ?? []);
    if (JSON.stringify(values) === JSON.stringify(expected)) return;
    throw new Violation(`${job.name} gave ${JSON.stringify(values)} and not ${JSON.stringify(expected)}`);
  }

  /** A job fails because it was canceled, its driver was away for too long, or four attempts lost what they ran on. */
  #mayFail(thrown: unknown, isCanceled: boolean): boolean {
    if (!(thrown instanceof RuntimeError)) return false;
    const { workerKilled, workerCut, workerLeft, taskBroken, masterKilled, masterDeposed, driverAway } = this.faults;
    if (thrown.code === "canceled") return isCanceled || driverAway > 0;
    // A link that breaks may cost two: what runs there, and what was sent over a slow one that follows and is left as well.
    const links = 2 * (workerCut + workerLeft);
    const losses = workerKilled + links + taskBroken + masterKilled + masterDeposed;
    // What was kept is nobody's to make again: its driver hears that it is gone.
    if (thrown.code === "kept-lost") return losses + driverAway > 0;
    return (thrown.code === "worker-lost" || thrown.code === "block-lost") && losses >= 4;
  }

  #doHarm(): void {
    const alive = [...this.#workers.values()].filter((worker) => worker.isAlive);
    const worker = alive[this.#below(Math.max(1, alive.length))];
    const driver = this.#drivers[this.#below(this.#drivers.length)];
    const master = this.#leader;
    switch (this.#below(8)) {
      case 0:
        if (worker === undefined) return;
        this.#count("workerKilled");
        return this.#killWorker(worker);
      case 1:
        if (worker === undefined) return;
        this.#count("workerCut");
        return this.#workerLinks.get(worker)?.cut();
      case 2:
        if (master?.term === undefined) return;
        this.#count("masterKilled");
        return this.#killMaster(master);
      case 3:
        if (master?.term === undefined) return;
        this.#count("masterDeposed");
        return this.#deposeMaster(master);
      case 4:
        this.#count("driverCut");
        return driver?.pair?.cut();
      case 5:
        if (worker === undefined) return;
        this.#count("workerLeft");
        return this.#leaveTwice(() => this.#workerLinks.get(worker)?.dialer.destroy());
      case 6:
        this.#count("driverLeft");
        return this.#leaveTwice(() => driver?.pair?.dialer.destroy());
      default:
        if (driver === undefined || this.#below(3) > 0) return;
        this.#count("driverAway");
        driver.backAtMs = this.#time.now() + leaseMs + this.#below(200);
        driver.pair?.cut();
    }
  }

  /** What is on its way over a link that its dialer leaves still comes, and the next link is left as soon as it is there. */
  #leaveTwice(leave: () => void): void {
    leave();
    this.#after(20 + this.#below(40), leave);
  }

  #count(fault: keyof FaultCounts): void {
    this.faults[fault] += 1;
    this.#tell(`fault: ${fault}`);
  }

  /** Its process is gone: nothing of it is sent any more, and its last write arrived or did not. */
  #killMaster(master: Master): void {
    master.isAlive = false;
    this.#leader = undefined;
    master.log.crash(() => this.#below(2) === 0);
    for (const pair of master.links) pair.cut();
    master.over.abort();
    void master.term?.close();
    this.#after(sessionMs + this.#below(200), () => this.#elect());
  }

  /** Another one leads, and this one does not know yet. */
  #deposeMaster(master: Master): void {
    this.#elect();
    this.#after(this.#below(500), () => this.#stepDown(master));
  }

  #stepDown(master: Master): void {
    if (!master.isAlive) return;
    this.#tell(`${master.name} steps down`);
    master.isAlive = false;
    master.over.abort();
    this.#after(0, () => void master.term?.close());
  }

  #tell(line: string): void {
    this.#trace?.(`${this.#time.now()} ${line}`);
  }

  #tellFrame(way: string, bytes: Uint8Array): void {
    if (this.#trace === undefined) return;
    const frame = decodeFrame(bytes);
    if (frame.kind !== "message") return this.#tell(`${way}: chunk`);
    const { kind, ...rest } = frame.message;
    if (kind === "event" || kind === "submit") return;
    const text = JSON.stringify(rest, (key, value: unknown) => (value instanceof Uint8Array ? "…" : value));
    this.#tell(`${way}: ${kind} ${text.slice(0, 200)}`);
  }

  #checkOpen(): MasterReport {
    const report = this.#leader?.term?.report();
    if (report === undefined) throw new Violation("nobody leads in the end");
    const open = report.jobs.filter((job) => job.endedAtMs === undefined);
    if (open.length > 0) throw new Violation(`the log has ${open.map(({ job }) => job).join(", ")} open in the end`);
    return report;
  }

  #checkRest(): void {
    const report = this.#checkOpen();
    this.#checkBlobs();
    const kept = [...(this.#leader?.log.state.kept.keys() ?? [])];
    if (kept.length > 0) throw new Violation(`the log has ${kept.join(", ")} kept in the end`);
    for (const { worker, busySlotCount } of report.workers) {
      if (busySlotCount > 0) throw new Violation(`${busySlotCount} slots of ${worker} are taken in the end`);
    }
    const present = new Set(report.workers.filter(({ isUp }) => isUp).map(({ worker }) => worker));
    for (const { name, isAlive } of this.#workers.values()) {
      if (isAlive && !present.has(name))
        throw new Violation(`${name} is there, and no worker of the master's, in the end`);
    }
    for (const { name, isAlive, held, running } of this.#workers.values()) {
      if (!isAlive || held.size + running.size === 0) continue;
      throw new Violation(`${name} is left with ${[...held.keys(), ...running.keys()].join(", ")}`);
    }
  }

  /** Results of jobs that outlived their drivers are there, and nothing else. */
  #checkBlobs(): void {
    const jobs = [...(this.#leader?.log.state.jobs.values() ?? [])];
    const named = new Set(jobs.flatMap(({ end }) => end?.result?.name ?? []));
    const gone = [...named].filter((name) => !this.#store.blobs.has(name));
    if (gone.length > 0) throw new Violation(`results are gone in the end: ${gone.join(", ")}`);
    // What a deposed master wrote late, the next term removes.
    if (this.faults.masterDeposed > 0) return;
    const left = [...this.#store.blobs.keys()].filter((name) => !named.has(name));
    if (left.length > 0) throw new Violation(`nobody wants ${left.join(", ")} in the end`);
  }
}

/** Simulated workers know what tasks do. */
function captured(graph: JobGraph): CapturedJob {
  return { graph, code: graph.stages.map(() => ({ closures: new Uint8Array(), broadcasts: [], bundle: undefined })) };
}
