import { assert } from "@tutti/stdx";
import type { EventEmitter } from "eventemitter3";
import type { Link } from "@tutti/link";
import type { CallAnswer, CallLane, RunningBatch } from "../calls/call-lane.ts";
import { createFunctionTable, type SentFunction } from "../calls/function-table.ts";
import { bundleModules, type ModuleBundle } from "../closure/module-bundle.ts";
import type { JobEvents } from "../core/job-events.ts";
import type { JobResult } from "../executor/executor.ts";
import { reviveError } from "../executor/portable-error.ts";
import { joined } from "../executor/run-job.ts";
import { RuntimeError } from "../runtime-error.ts";
import { decodeRows } from "../shuffle/rows-codec.ts";
import { createAnnouncer } from "./announcer.ts";
import type { CapturedJob } from "./captured-job.ts";
import { openChannel, type Channel } from "./channel.ts";
import type { DriverEvent, FromDriver, JobEnd, SentJob, ToDriver } from "./driver-messages.ts";
import type { WorkerAnswer } from "./messages.ts";

/** How long a canceled job may take to end over there. */
const cancelGraceMs = 5_000;

/** The master, as a driver sees it, over all links and whoever leads. */
export interface MasterDesk {
  readonly calls: CallLane<SentFunction>;
  slotCount(): number;
  untilSlots(count: number): Promise<void>;
  /** Serves a new link until it is down: everything that is open is asked for again. */
  serve(link: Link, until: AbortSignal): Promise<void>;
  /** Runs a job to its end. Aborting ends it over there first. */
  run(job: CapturedJob, interrupt: AbortSignal): Promise<JobResult>;
  /** Hands a job over that outlives this driver. Resolves with its name when the master has written it down. */
  detach(job: CapturedJob, options: DetachOptions): Promise<string>;
  /** The result of such a job. Aborting leaves it alone. */
  attach(job: string, interrupt: AbortSignal): Promise<JobResult>;
  release(key: string): void;
  /** Says good-bye: jobs that run end. */
  close(): Promise<void>;
}

export interface DetachOptions {
  /** A name of the caller's: a job that was handed over under it before is that one. Default: one that no other has. */
  readonly request?: string;
  readonly signal?: AbortSignal;
}

interface OpenJob {
  readonly id: number;
  readonly name: string;
  readonly done: PromiseWithResolvers<JobResult>;
  readonly parts: Map<number, readonly Uint8Array[]>;
  /** Over each link anew. */
  readonly ask: () => void;
  isCanceled: boolean;
}

interface Detaching {
  readonly job: CapturedJob;
  readonly named: PromiseWithResolvers<string>;
}

export function createMasterDesk(driver: string, emitter: EventEmitter<JobEvents>, masterWaitMs: number): MasterDesk {
  const jobs = new Map<string, OpenJob>();
  const detaching = new Map<string, Detaching>();
  const batches = new Map<string, PromiseWithResolvers<WorkerAnswer>>();
  const slotWaiters = new Set<() => void>();
  /** Keys that no master has been told of yet. */
  const unreleased = new Set<string>();
  /** Settles when there is a master to talk to. */
  let linked = Promise.withResolvers<void>();
  let channel: Channel | undefined;
  let welcomed = false;
  let slots = 0;
  let idCount = 0;
  let linkCount = 0;
  let isClosed = false;
  let lonely: NodeJS.Timeout | undefined;

  const send = (message: FromDriver): void => channel?.send(message);
  const checkOpen = (what: string): void => {
    if (isClosed) throw new RuntimeError("executor-closed", `${what} came after close()`);
  };
  const announcer = createAnnouncer((part) => send(part));

  const failAll = (error: RuntimeError): void => {
    for (const one of jobs.values()) one.done.reject(error);
    jobs.clear();
    for (const { named } of detaching.values()) named.reject(error);
    detaching.clear();
    for (const one of batches.values()) one.reject(error);
    batches.clear();
    linked.promise.catch(() => undefined);
    linked.reject(error);
    linked = Promise.withResolvers();
  };

  const startWaiting = (): void => {
    clearTimeout(lonely);
    if (isClosed) return;
    lonely = setTimeout(() => {
      failAll(new RuntimeError("no-master", `no master of the cluster could be reached for ${masterWaitMs} ms`));
    }, masterWaitMs);
    lonely.unref();
  };

  /** What it refers to goes first. */
  const sentJob = (job: CapturedJob): SentJob => {
    const code = job.code.map(({ closures, broadcasts, bundle }) => {
      for (const broadcast of broadcasts) announcer.share(broadcast);
      announcer.bring(bundle);
      return { closures, broadcastIds: broadcasts.map((one) => one.shipment.id), bundle: bundle?.hash };
    });
    return { graph: job.graph, code };
  };

  const detach = (request: string, { job, named }: Detaching): void => {
    try {
      send({ kind: "detach", request, job: sentJob(job) });
    } catch (thrown) {
      // More than a message takes, which another link does not change.
      named.reject(thrown);
    }
  };

  /** Until its end, over all links. */
  const follow = async (request: string, open: OpenJob, { interrupt, cancel }: Following): Promise<JobResult> => {
    if (interrupt.aborted) throw interrupt.reason;
    interrupt.addEventListener("abort", cancel, { once: true });
    jobs.set(request, open);
    try {
      if (welcomed) open.ask();
      return await open.done.promise;
    } finally {
      interrupt.removeEventListener("abort", cancel);
      jobs.delete(request);
    }
  };

  const finish = (request: string, end: JobEnd): void => {
    const open = jobs.get(request);
    jobs.delete(request);
    send({ kind: "received", request });
    if (open === undefined) return;
    // Whoever has given it up hears so, although it was quicker over there.
    if (open.isCanceled) return open.done.reject(canceledError(open));
    if (end.kind === "failed") return open.done.reject(reviveError(end.error));
    const { partitionCount, notes, kept, stages } = end;
    const partitions = Array.from({ length: partitionCount }, (_, index) =>
      joined((open.parts.get(index) ?? []).map((block) => decodeRows(block))),
    );
    open.done.resolve({ partitions, notes, kept, stages });
  };

  const tellEvent = ({ name, told }: DriverEvent, request: string | undefined): void => {
    const open = request === undefined ? undefined : jobs.get(request);
    if (request !== undefined && open === undefined) return;
    // A clock of another process means nothing here.
    const event = { ...told, atMs: performance.now(), ...(open === undefined ? {} : { jobId: open.id }) };
    emitter.emit(name, event as never);
  };

  const handle = (message: ToDriver): void => {
    switch (message.kind) {
      case "welcome":
      case "slots":
        slots = message.slotCount;
        for (const check of [...slotWaiters]) check();
        break;
      case "event":
        tellEvent(message.event, message.request);
        break;
      case "result":
        jobs.get(message.request)?.parts.set(message.partition, message.blocks);
        break;
      case "jobEnded":
        finish(message.request, message.end);
        break;
      case "detached":
        if ("job" in message) detaching.get(message.request)?.named.resolve(message.job);
        else detaching.get(message.request)?.named.reject(reviveError(message.error));
        break;
      case "called":
      case "failed":
        batches.get(message.id)?.resolve(message);
        batches.delete(message.id);
        break;
      case "done":
      case "answer":
        break;
      default:
        message satisfies never;
    }
  };

  const functions = createFunctionTable((keys) => announcer.forget(keys.map(keyHere)));
  /** Keys of functions count from 0 in every driver. */
  const keyHere = (key: string): string => `${driver} ${key}`;
  const bundles = new WeakMap<SentFunction, ModuleBundle | undefined>();

  const announce = (code: SentFunction): void => {
    const bundle = bundles.get(code);
    for (const broadcast of code.broadcasts) announcer.share(broadcast);
    announcer.bring(bundle);
    const broadcastIds = code.broadcasts.map((one) => one.shipment.id);
    const key = keyHere(code.key);
    announcer.announce(key, () => ({
      kind: "function",
      key,
      closures: code.bytes,
      broadcastIds,
      bundle: bundle?.hash,
    }));
  };

  const calls: CallLane<SentFunction> = {
    slotCount: () => Math.max(1, slots),
    prepare(fn) {
      const sent = functions.prepare(fn);
      if (!bundles.has(sent)) bundles.set(sent, bundleModules(sent.modules));
      return sent;
    },
    forget: (code) => functions.forget(code),
    run(batch): RunningBatch {
      const id = `b${(idCount += 1)}`;
      const run = async (): Promise<CallAnswer[]> => {
        if (isClosed) throw new RuntimeError("executor-closed", "the executor is closed");
        const asked = Promise.withResolvers<WorkerAnswer>();
        while (!welcomed) await linked.promise;
        for (const { code } of batch) announce(code);
        send({ kind: "calls", id, calls: batch.map(({ code, args }) => ({ key: keyHere(code.key), args })) });
        batches.set(id, asked);
        const answer = await asked.promise;
        if (answer.kind === "failed") throw reviveError(answer.error);
        assert(answer.kind === "called", "calls are answered by their values");
        return answer.answers.map((one) =>
          one.kind === "value" ? one : { kind: "error", error: reviveError(one.error) },
        );
      };
      return { answers: run(), abandon: () => send({ kind: "cancel", ids: [id] }) };
    },
  };

  const welcome = (): void => {
    welcomed = true;
    clearTimeout(lonely);
    for (const { ask } of jobs.values()) ask();
    for (const [request, one] of detaching) detach(request, one);
    for (const key of unreleased) send({ kind: "release", key });
    unreleased.clear();
    linked.resolve();
    linked = Promise.withResolvers();
  };

  startWaiting();
  return {
    calls,
    slotCount: () => slots,
    untilSlots(count) {
      const asked = Promise.withResolvers<void>();
      const what = `${count} slots were not there within ${masterWaitMs} ms: is a master running, and are there workers?`;
      const timer = setTimeout(() => asked.reject(new RuntimeError("timeout", what)), masterWaitMs);
      const check = (): void => {
        if (slots < count) return;
        clearTimeout(timer);
        slotWaiters.delete(check);
        asked.resolve();
      };
      slotWaiters.add(check);
      check();
      return asked.promise;
    },
    async serve(link, until) {
      const down = Promise.withResolvers<void>();
      const own = openChannel({
        link,
        directory: undefined,
        onMessage(message) {
          const told = message as ToDriver;
          handle(told);
          if (told.kind === "welcome") welcome();
        },
        onDown: () => down.resolve(),
      });
      channel = own;
      announcer.reset(new Set(), false);
      linkCount += 1;
      own.send({ kind: "hello", driver, linkNumber: linkCount, openRequests: [...jobs.keys()] });
      const onEnd = (): void => link.close();
      until.addEventListener("abort", onEnd, { once: true });
      if (until.aborted) onEnd();
      await down.promise;
      until.removeEventListener("abort", onEnd);
      channel = undefined;
      welcomed = false;
      startWaiting();
      // Jobs are asked for again; calls have no name by which another master could know them.
      const lost = new RuntimeError("worker-lost", "the link to the master broke during the calls");
      for (const one of batches.values()) one.reject(lost);
      batches.clear();
    },
    async run(job, interrupt) {
      const { name } = job.graph;
      checkOpen(name);
      const request = `${driver}/${(idCount += 1)}`;
      const ask = (): void => {
        send({ kind: "submit", request, job: sentJob(job) });
        if (open.isCanceled) send({ kind: "cancelJob", request });
      };
      const open: OpenJob = { ...openJob(idCount, name), ask };
      let timer: NodeJS.Timeout | undefined;
      const cancel = (): void => {
        open.isCanceled = true;
        send({ kind: "cancelJob", request });
        timer = setTimeout(() => open.done.reject(canceledError(open)), cancelGraceMs);
      };
      try {
        return await follow(request, open, { interrupt, cancel });
      } finally {
        clearTimeout(timer);
      }
    },
    async detach(job, { request = `${driver}/${(idCount += 1)}`, signal }) {
      checkOpen(job.graph.name);
      signal?.throwIfAborted();
      const one: Detaching = { job, named: Promise.withResolvers() };
      const leave = (): void => one.named.reject(signal?.reason);
      signal?.addEventListener("abort", leave, { once: true });
      detaching.set(request, one);
      if (welcomed) detach(request, one);
      try {
        return await one.named.promise;
      } finally {
        signal?.removeEventListener("abort", leave);
        detaching.delete(request);
      }
    },
    async attach(job, interrupt) {
      checkOpen(`the result of ${job}`);
      const request = `${driver}/${(idCount += 1)}`;
      const ask = (): void => send({ kind: "attach", request, job });
      const open: OpenJob = { ...openJob(idCount, job), ask };
      const cancel = (): void => {
        send({ kind: "leaveJob", request });
        open.done.reject(interrupt.reason);
      };
      return await follow(request, open, { interrupt, cancel });
    },
    release(key) {
      if (welcomed) send({ kind: "release", key });
      else unreleased.add(key);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      clearTimeout(lonely);
      send({ kind: "bye" });
      announcer.close();
      failAll(new RuntimeError("executor-closed", "the executor was closed"));
    },
  };
}

interface Following {
  readonly interrupt: AbortSignal;
  readonly cancel: () => void;
}

function openJob(id: number, name: string): Omit<OpenJob, "ask"> {
  return { id, name, done: Promise.withResolvers(), parts: new Map(), isCanceled: false };
}

function canceledError({ name }: OpenJob): RuntimeError {
  return new RuntimeError("canceled", `${name} was canceled`);
}
