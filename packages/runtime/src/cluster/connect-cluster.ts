import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { linkSignals } from "@tutti/stdx";
import { EventEmitter } from "eventemitter3";
import { createCallLoop } from "../calls/call-loop.ts";
import { createSubmitter } from "../calls/create-submitter.ts";
import type { JobEvents } from "../core/job-events.ts";
import type { JobGraph } from "../core/job.ts";
import { checkJob } from "../executor/check-job.ts";
import type { Executor, JobResult, RunOptions } from "../executor/executor.ts";
import { RuntimeError } from "../runtime-error.ts";
import { captureJob } from "./captured-job.ts";
import { linkOptions, type ClusterSecurity } from "./cluster-link.ts";
import { endOf, openCoord, type CoordOptions } from "./coord-place.ts";
import { followMaster } from "./follow-master.ts";
import { watchElection } from "./leader-watch.ts";
import { createMasterDesk, type DetachOptions } from "./master-desk.ts";

/** Which masters a driver looks for, and how long it waits for them. */
export interface ConnectClusterOptions extends ClusterSecurity, Omit<CoordOptions, "coord"> {
  /** How many slots to wait for before the promise resolves. Default: 1. */
  readonly slotsMin?: number;
  /** How long to wait for a master and those slots, and later for a master. Default: 30 000. */
  readonly masterWaitMs?: number;
  /** Told in a line what happens, for people. */
  readonly onEvent?: (line: string) => void;
}

/** An executor on a cluster, whose jobs may outlive it. */
export interface ClusterDriver extends Executor {
  /**
   * Starts a job that outlives this process, and gives its name (`j7`) when the master has written it down: it goes on without a
   * driver and under other masters, and its result is kept until somebody lets it go (`tutti forget j7`) or its time is over
   * ({@link MasterOptions.resultRetentionMs}). Jobs that keep outputs, or read kept ones, are refused.
   *
   * ```ts no-run
   * import { connectCluster } from "@tutti/runtime/cluster";
   * import type { JobGraph } from "@tutti/runtime";
   *
   * declare const job: JobGraph;
   * const driver = await connectCluster("zk1:2181,zk2:2181/tutti");
   * console.log(await driver.startDetached(job)); // j7
   * await driver.close();
   * ```
   */
  startDetached(job: JobGraph, options?: { readonly signal?: AbortSignal }): Promise<string>;
  /**
   * The result of such a job, with its events meanwhile, as often as wanted and from wherever. Aborting or a time-out ends the
   * waiting, not the job. Rejects with `no-job` where nothing is known of it or its result is not kept any longer, and with what
   * ended the job where it failed.
   *
   * ```ts no-run
   * import { connectCluster } from "@tutti/runtime/cluster";
   *
   * const driver = await connectCluster("zk1:2181,zk2:2181/tutti");
   * const { partitions } = await driver.attach("j7", { timeoutMs: 60_000 });
   * console.log(partitions.flat());
   * await driver.close();
   * ```
   */
  attach(job: string, options?: RunOptions): Promise<JobResult>;
  /**
   * The same executor, whose jobs outlive it, each under this name and its number. A program that died and is started again, and
   * runs the same jobs in the same order, finds what the first one has begun: results that are there, and jobs that run. `close`
   * is the business of this one. Calls (`submit`, `map`) end with their driver as ever.
   *
   * ```ts no-run
   * import { connectCluster } from "@tutti/runtime/cluster";
   *
   * const driver = await connectCluster("zk1:2181,zk2:2181/tutti");
   * const nightly = driver.detachedAs("nightly 2026-11-28"); // for createContext({ executor: nightly }), for example
   * console.log(nightly.slotCount);
   * await driver.close();
   * ```
   */
  detachedAs(name: string): Executor;
}

/**
 * An executor whose jobs run on a cluster, under whichever master is elected. When that one dies, the jobs go on under the
 * next, and this process need not do anything.
 *
 * ```ts no-run
 * import { connectCluster } from "@tutti/runtime/cluster";
 *
 * const executor = await connectCluster("zk1:2181,zk2:2181/tutti");
 * console.log(await executor.map([1, 2, 3], (x) => x * x));
 * await executor.close();
 * ```
 */
export async function connectCluster(coord: string, options: ConnectClusterOptions = {}): Promise<ClusterDriver> {
  const { slotsMin = 1, masterWaitMs = 30_000, onEvent = () => undefined } = options;
  const driver = randomUUID();
  const emitter = new EventEmitter<JobEvents>();
  const desk = createMasterDesk(driver, emitter, masterWaitMs);
  const closing = new AbortController();
  const about = { role: "driver", node: process.version, pid: String(process.pid) };
  const link = (): ReturnType<typeof linkOptions> => linkOptions(`driver ${process.pid}`, about, options);
  const following = (async () => {
    while (!closing.signal.aborted) {
      try {
        await followElected({ ...options, coord }, closing.signal, async (leaders, until) => {
          await followMaster({ leaders, options: link, serve: (one) => desk.serve(one, until), onEvent }, until);
        });
      } catch (thrown) {
        if (!closing.signal.aborted) onEvent(`the coordination service cannot be reached: ${String(thrown)}`);
      }
      await delay(200, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  })();
  const calls = createCallLoop(desk.calls, emitter);
  const close = async (): Promise<void> => {
    calls.close();
    await desk.close();
    closing.abort();
    await following;
  };
  try {
    await desk.untilSlots(slotsMin);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const startDetached = async (job: JobGraph, detach: DetachOptions): Promise<string> => {
    checkJob(job);
    return await desk.detach(captureJob(job), detach);
  };
  const attach = (job: string, run: RunOptions): Promise<JobResult> =>
    interruptibly(`the wait for ${job}`, run, (interrupt) => desk.attach(job, interrupt));
  const executorWith = (run: Executor["run"]): Executor => ({
    ...createSubmitter(desk.calls, calls),
    get slotCount() {
      return Math.max(1, desk.slotCount());
    },
    isRemote: true,
    events: emitter,
    run,
    release: (key) => desk.release(key),
    close,
    [Symbol.asyncDispose]: close,
  });
  const executor = executorWith(async (job, run = {}) => {
    checkJob(job);
    const captured = captureJob(job);
    return await interruptibly(job.name, run, (interrupt) => desk.run(captured, interrupt));
  });
  return Object.assign(executor, {
    startDetached: (job: JobGraph, detach: DetachOptions = {}) => startDetached(job, signalOf(detach)),
    attach: (job: string, run: RunOptions = {}) => attach(job, run),
    detachedAs(name: string): Executor {
      let jobCount = 0;
      return executorWith(async (job, run = {}) => {
        const request = `${name}/${(jobCount += 1)}`;
        return await attach(await startDetached(job, { request, ...signalOf(run) }), run);
      });
    },
  });
}

function signalOf({ signal }: RunOptions): DetachOptions {
  return signal === undefined ? {} : { signal };
}

type Leaders = Awaited<ReturnType<typeof watchElection>>;

async function followElected(
  options: CoordOptions,
  closing: AbortSignal,
  follow: (leaders: Leaders, until: AbortSignal) => Promise<void>,
): Promise<void> {
  const place = await openCoord(options, closing);
  try {
    const until = AbortSignal.any([closing, endOf(place)]);
    await follow(await watchElection(place, until), until);
  } finally {
    await place.session.close();
  }
}

async function interruptibly<T>(
  what: string,
  { signal, timeoutMs }: RunOptions,
  run: (interrupt: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const interrupt = linkSignals([signal, deadline]);
  try {
    return await run(interrupt.signal);
  } catch (thrown) {
    if (deadline?.aborted === true) throw new RuntimeError("timeout", `${what} took longer than its timeoutMs`);
    throw signal?.aborted === true ? new RuntimeError("canceled", `the signal of ${what} was aborted`) : thrown;
  } finally {
    interrupt[Symbol.dispose]();
  }
}
