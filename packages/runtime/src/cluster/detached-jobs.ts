import { EventEmitter } from "eventemitter3";
import type { JobEvents } from "../core/job-events.ts";
import type { BlobName, JobOutcome, LoggedEnd, LoggedJob } from "../core/master-state.ts";
import { checkJob } from "../executor/check-job.ts";
import { portError } from "../executor/portable-error.ts";
import { RuntimeError } from "../runtime-error.ts";
import { blobNameOf, readBlob, removeUnwanted, type BlobStore } from "./blob-store.ts";
import type { CapturedJob } from "./captured-job.ts";
import {
  checkDetached,
  decodeBody,
  decodeResult,
  encodeBody,
  encodeResult,
  shapeOf,
  type DetachedResult,
} from "./detached-body.ts";
import { forwardEvents, type DriverDesk } from "./driver-desk.ts";
import type { SentJob } from "./driver-messages.ts";
import { followProgress } from "./job-progress.ts";
import type { JobStageReport } from "./master-report.ts";
import { runLoggedJob, type LoggedRunParts } from "./run-logged-job.ts";

/** Of what went wrong, for reports. The whole of it is in the result. */
const whyCharactersMax = 500;

/** Timers take no longer ones. */
const timerMsMax = 2 ** 31 - 1;

export interface DetachedOptions {
  /** What one result may take. */
  readonly resultBytesMax: number;
  /** How long a result is kept. */
  readonly retentionMs: number;
  /** How many results are kept. */
  readonly resultsMax: number;
}

export interface DetachedParts extends LoggedRunParts, DetachedOptions {
  readonly blobs: BlobStore;
  /** Resolves when the workers of an earlier term have said what they hold. */
  readonly recovered: Promise<void>;
  /** A name for a job that no other has. */
  readonly newJob: () => string;
  readonly onEvent: (event: string, told: Readonly<Record<string, unknown>>) => void;
}

/**
 * Jobs that outlive their drivers: the master keeps all that they need, and what they give, where the next one finds it.
 * Whoever asks for one hears of its progress and gets its result.
 */
export interface DetachedJobs {
  /** Takes a job over from a driver, and tells it the name. A request that is known gets the name that it has. */
  submit(desk: DriverDesk, request: string, sent: SentJob): Promise<void>;
  /** From now on the driver hears of the job, and gets its result under this request. */
  attach(desk: DriverDesk, request: string, job: string): Promise<void>;
  /** These requests of a driver are over. Without a list: all. */
  leave(driver: string, isOver: (request: string) => boolean): void;
  /** False: there is no such job that runs. */
  kill(job: string): boolean;
  /** Lets a result go before its time. */
  forget(job: string): Promise<void>;
  /** undefined: it does not run here. */
  stagesOf(job: string): readonly JobStageReport[] | undefined;
  close(): void;
}

interface RunningDetached {
  readonly job: string;
  readonly cancel: AbortController;
  readonly emitter: EventEmitter<JobEvents>;
  readonly stages: () => readonly JobStageReport[];
}

export function createDetachedJobs(parts: DetachedParts): DetachedJobs {
  return new Detached(parts);
}

class Detached implements DetachedJobs {
  readonly #parts: DetachedParts;
  readonly #running: Map<string, RunningDetached> = new Map();
  /** By job, then by request. */
  readonly #listeners: Map<string, Map<string, DriverDesk>> = new Map();
  /** Requests that are being written down. */
  readonly #starting: Set<string> = new Set();
  /** What this term has put down: the log may not name it yet. */
  readonly #own: Set<string> = new Set();
  #expiry: NodeJS.Timeout | undefined;

  constructor(parts: DetachedParts) {
    this.#parts = parts;
    for (const logged of parts.log.state.jobs.values()) {
      if (logged.end === undefined && logged.body !== undefined) void this.#resume(logged, logged.body);
    }
    void this.#sweep();
    void this.#expire();
  }

  async submit(desk: DriverDesk, request: string, sent: SentJob): Promise<void> {
    const { log, blobs, newJob } = this.#parts;
    const known = [...log.state.jobs.values()].find((one) => one.request === request);
    if (known?.body?.shape === shapeOf(sent.graph)) return desk.tellDetached(request, { job: known.job });
    if (known !== undefined) return desk.tellDetached(request, { error: portError(anotherJob(known, sent)) });
    // It asks again over another link; the answer finds it there.
    if (this.#starting.has(request)) return;
    this.#starting.add(request);
    try {
      checkJob(sent.graph);
      checkDetached(sent.graph);
      const bytes = encodeBody(desk.assemble(sent));
      const job = newJob();
      const body = blobNameOf(job, bytes);
      await this.#put(blobs, body, bytes, `the job ${sent.graph.name}, with what its functions need,`);
      const { name } = sent.graph;
      const about = { job, request, driver: desk.driver, name, body: { ...body, shape: shapeOf(sent.graph) } };
      await log.append({ kind: "job", ...about, atMs: Date.now() });
      desk.tellDetached(request, { job });
      void this.#run(this.#open(job), bytes, undefined);
    } catch (thrown) {
      if (await this.#leads()) desk.tellDetached(request, { error: portError(thrown) });
    } finally {
      this.#starting.delete(request);
    }
  }

  async attach(desk: DriverDesk, request: string, job: string): Promise<void> {
    const { log, blobs } = this.#parts;
    const logged = log.state.jobs.get(job);
    if (logged !== undefined && logged.body !== undefined && logged.end === undefined) {
      const listeners = this.#listeners.get(job) ?? new Map<string, DriverDesk>();
      this.#listeners.set(job, listeners.set(request, desk));
      return;
    }
    try {
      if (logged === undefined) throw noJob(`there is no job ${job}; tutti jobs lists those that are known`);
      if (logged.body === undefined) throw noJob(`the job ${job} is not detached: only its driver gets its result`);
      const result = logged.end?.result;
      if (result === undefined) {
        throw noJob(`the job ${job} is ${logged.end?.outcome}, and its result is not kept any longer`);
      }
      await deliver(desk, request, decodeResult(await readBlob(blobs, result)));
    } catch (thrown) {
      if (await this.#leads()) await deliver(desk, request, failed(thrown));
    }
  }

  leave(driver: string, isOver: (request: string) => boolean): void {
    for (const listeners of this.#listeners.values()) {
      for (const [request, desk] of listeners) if (desk.driver === driver && isOver(request)) listeners.delete(request);
    }
  }

  kill(job: string): boolean {
    const running = this.#running.get(job);
    running?.cancel.abort(new RuntimeError("canceled", `the job ${job} was killed`));
    return running !== undefined;
  }

  async forget(job: string): Promise<void> {
    const { log, blobs } = this.#parts;
    const result = log.state.jobs.get(job)?.end?.result;
    if (result === undefined) return;
    await log.append({ kind: "forgotten", job });
    await blobs.remove(result.name);
  }

  stagesOf(job: string): readonly JobStageReport[] | undefined {
    return this.#running.get(job)?.stages();
  }

  close(): void {
    clearTimeout(this.#expiry);
    for (const { cancel } of this.#running.values()) {
      cancel.abort(new RuntimeError("executor-closed", "this master leads no more"));
    }
  }

  /** One that leads no more, and has not heard so, may not say what is not there or cannot be: the next master knows more. */
  async #leads(): Promise<boolean> {
    const { log, signal } = this.#parts;
    return await log.confirm().then(
      () => !signal.aborted,
      () => false,
    );
  }

  #open(job: string): RunningDetached {
    const emitter = new EventEmitter<JobEvents>();
    const running = { job, cancel: new AbortController(), emitter, stages: followProgress(emitter) };
    this.#running.set(job, running);
    forwardEvents(emitter, (event) => {
      if (this.#parts.signal.aborted) return;
      const mark = event.name === "jobStarted" ? { isDetached: true } : {};
      this.#parts.onEvent(event.name, { ...event.told, job, ...mark });
      for (const [request, desk] of this.#listeners.get(job) ?? []) desk.tell(event, request);
    });
    return running;
  }

  /** A job of an earlier term goes on. */
  async #resume(logged: LoggedJob, body: BlobName): Promise<void> {
    const running = this.#open(logged.job);
    let bytes: Uint8Array;
    try {
      bytes = await readBlob(this.#parts.blobs, body);
    } catch (thrown) {
      return await this.#end(running, "failed", failed(thrown));
    }
    await this.#parts.recovered;
    await this.#run(running, bytes, logged);
  }

  async #run(running: RunningDetached, body: Uint8Array, logged: LoggedJob | undefined): Promise<void> {
    const { job, cancel, emitter } = running;
    const written = Promise.withResolvers<void>();
    // Of its own: what drivers hold goes with them.
    let own: (CapturedJob & { readonly release: () => void }) | undefined;
    let outcome: JobOutcome = "succeeded";
    let result: DetachedResult;
    try {
      own = decodeBody(body);
      const { results, ...rest } = await runLoggedJob(this.#parts, {
        job,
        captured: own,
        logged,
        emitter,
        kept: new Map(),
        cancel: cancel.signal,
        async close(how, closeLane) {
          // Workers keep what it left until its result is written down: another master could need it.
          if (how() === "succeeded") void written.promise.then(closeLane);
          else await closeLane();
        },
      });
      const blocks = results.map((own) => own.map((one) => (one.kind === "inline" ? one.bytes : new Uint8Array())));
      result = { end: { kind: "succeeded", partitionCount: results.length, ...rest }, results: blocks };
    } catch (thrown) {
      outcome = cancel.signal.aborted ? "canceled" : "failed";
      result = failed(outcome === "canceled" ? cancel.signal.reason : thrown);
    }
    // The next master has it.
    if (this.#parts.signal.aborted) return;
    await this.#end(running, outcome, result);
    written.resolve();
    own?.release();
  }

  async #end({ job }: RunningDetached, outcome: JobOutcome, result: DetachedResult): Promise<void> {
    const { log, blobs, signal } = this.#parts;
    const body = log.state.jobs.get(job)?.body;
    let how: LoggedEnd = { outcome, atMs: Date.now(), ...whyOf(result) };
    let kept = result;
    try {
      how = { ...how, result: await this.#keep(job, result) };
    } catch (thrown) {
      kept = failed(thrown);
      how = { outcome: "failed", atMs: Date.now(), ...whyOf(kept) };
      // Without, whoever asks hears that there is no result.
      how = await this.#keep(job, kept).then(
        (name) => ({ ...how, result: name }),
        () => how,
      );
    }
    try {
      await log.append({ kind: "ended", job, ...how });
    } catch {
      // This master leads no more, and the next one runs the job.
      return;
    } finally {
      this.#running.delete(job);
    }
    const listeners = this.#listeners.get(job) ?? new Map<string, DriverDesk>();
    this.#listeners.delete(job);
    for (const [request, desk] of listeners) void deliver(desk, request, kept);
    if (body !== undefined && !signal.aborted) await blobs.remove(body.name).catch(() => undefined);
    void this.#expire();
  }

  async #keep(job: string, result: DetachedResult): Promise<BlobName> {
    const { blobs, resultBytesMax } = this.#parts;
    const bytes = result.results.flat().reduce((sum, block) => sum + block.length, 0);
    const what = `the result of the job ${job}`;
    if (bytes > resultBytesMax) {
      const limit = `it has ${bytes} bytes, and masters keep ${resultBytesMax}`;
      throw new RuntimeError("too-large", `${what} cannot be kept: ${limit}; let the job write files`);
    }
    const encoded = encodeResult(result);
    const name = blobNameOf(job, encoded);
    await this.#put(blobs, name, encoded, what);
    return name;
  }

  async #put(blobs: BlobStore, { name }: BlobName, bytes: Uint8Array, what: string): Promise<void> {
    this.#own.add(name);
    try {
      await blobs.put(name, bytes);
    } catch (thrown) {
      if (!(thrown instanceof RuntimeError)) throw thrown;
      const why = thrown.message.replace(/^\[[a-z-]+\] /, "");
      throw new RuntimeError(thrown.code, `${what} cannot be kept: ${why}`, { cause: thrown });
    }
  }

  /** Removes what a master left that ended before it had written down what for. */
  async #sweep(): Promise<void> {
    const { log, blobs } = this.#parts;
    const isWanted = (job: string, name: string): boolean => {
      const logged = log.state.jobs.get(job);
      const isOpen = logged?.end === undefined && logged?.body?.name === name;
      return isOpen || logged?.end?.result?.name === name || this.#own.has(name);
    };
    // What cannot be removed now, the next master removes.
    await removeUnwanted(blobs, isWanted).catch(() => undefined);
  }

  /** Lets go of results that have been kept for long, and of the oldest where there are too many. */
  async #expire(): Promise<void> {
    const { log, signal, retentionMs, resultsMax } = this.#parts;
    clearTimeout(this.#expiry);
    const kept = [...log.state.jobs.values()]
      .flatMap(({ job, end }) => (end?.result === undefined ? [] : { job, atMs: end.atMs }))
      .toSorted((left, right) => left.atMs - right.atMs);
    const now = Date.now();
    const over = kept.filter(({ atMs }, place) => place < kept.length - resultsMax || atMs + retentionMs <= now);
    for (const { job } of over) {
      // A master that cannot write leads no more.
      await this.forget(job).catch(() => undefined);
      if (signal.aborted) return;
    }
    const next = kept[over.length];
    if (next === undefined || signal.aborted) return;
    clearTimeout(this.#expiry);
    const waitMs = Math.min(timerMsMax, Math.max(1, next.atMs + retentionMs - now));
    this.#expiry = setTimeout(() => void this.#expire(), waitMs);
  }
}

async function deliver(desk: DriverDesk, request: string, { end, results }: DetachedResult): Promise<void> {
  const blocks = results.map((own) => own.map((bytes) => ({ kind: "inline", bytes }) as const));
  await desk.deliver(request, end, blocks);
}

function failed(thrown: unknown): DetachedResult {
  return { end: { kind: "failed", error: portError(thrown) }, results: [] };
}

function whyOf({ end }: DetachedResult): { why?: string } {
  return end.kind === "succeeded" ? {} : { why: end.error.message.slice(0, whyCharactersMax) };
}

function anotherJob({ job, request, name }: LoggedJob, { graph }: SentJob): RuntimeError {
  const what = `${graph.name} was to go on as ${request}, which is the job ${job}, ${name}, of other stages`;
  return new RuntimeError("invalid-argument", `${what}: run the same jobs in the same order, or under another name`);
}

function noJob(what: string): RuntimeError {
  return new RuntimeError("no-job", what);
}
