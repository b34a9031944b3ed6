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
import { createMasterDesk, type MasterDesk } from "./master-desk.ts";

/** Which masters a driver looks for, and how long it waits for them. */
export interface ConnectClusterOptions extends ClusterSecurity, Omit<CoordOptions, "coord"> {
  /** How many slots to wait for before the promise resolves. Default: 1. */
  readonly slotsMin?: number;
  /** How long to wait for a master and those slots, and later for a master. Default: 30 000. */
  readonly masterWaitMs?: number;
  /** Told in a line what happens, for people. */
  readonly onEvent?: (line: string) => void;
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
export async function connectCluster(coord: string, options: ConnectClusterOptions = {}): Promise<Executor> {
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
  return {
    ...createSubmitter(desk.calls, calls),
    get slotCount() {
      return Math.max(1, desk.slotCount());
    },
    isRemote: true,
    events: emitter,
    run: (job, runOptions = {}) => runRemotely(desk, job, runOptions),
    release: (key) => desk.release(key),
    close,
    [Symbol.asyncDispose]: close,
  };
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

async function runRemotely(desk: MasterDesk, job: JobGraph, { signal, timeoutMs }: RunOptions): Promise<JobResult> {
  checkJob(job);
  const captured = captureJob(job);
  const deadline = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const interrupt = linkSignals([signal, deadline]);
  try {
    return await desk.run(captured, interrupt.signal);
  } catch (thrown) {
    if (deadline?.aborted === true) throw new RuntimeError("timeout", `${job.name} took longer than its timeoutMs`);
    throw signal?.aborted === true ? new RuntimeError("canceled", `the signal of ${job.name} was aborted`) : thrown;
  } finally {
    interrupt[Symbol.dispose]();
  }
}
