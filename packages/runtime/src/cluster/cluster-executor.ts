import { listenForLinks } from "@tutti/link";
import { EventEmitter } from "eventemitter3";
import type { SentFunction } from "../calls/function-table.ts";
import type { JobEvents } from "../core/job-events.ts";
import { createExecutorFrom } from "../executor/base-executor.ts";
import type { Executor } from "../executor/executor.ts";
import { RuntimeError } from "../runtime-error.ts";
import { createClusterCalls } from "./cluster-calls.ts";
import { captureJob } from "./captured-job.ts";
import { openClusterLane } from "./cluster-lane.ts";
import { checkBind, defaultListen, linkOptions, type ClusterAddress, type ClusterSecurity } from "./cluster-link.ts";
import type { ClusterBlock } from "./messages.ts";
import { problemWithNode } from "./node-version.ts";
import { speculationOf, type SpeculationSettings } from "./speculation.ts";
import { createWorkerPool } from "./worker-pool.ts";

/** Longer than a worker takes to dial again. */
const defaultWorkerGraceMs = 1_000;

/** Where workers register with this process, and how long it waits for them. */
export interface ClusterExecutorOptions extends ClusterSecurity {
  /** Where workers register. Default: 127.0.0.1, any free port. Other addresses need a secret. */
  readonly listen?: ClusterAddress;
  /** How many workers to wait for before the promise resolves. Default: 1. */
  readonly workersMin?: number;
  /** How long tasks wait where there is no worker at all, and the start for `workersMin`. Default: 30 000. */
  readonly workerWaitMs?: number;
  /** How long a worker whose link broke may take to come back before its tasks are given to others. Default: 1 000. */
  readonly workerGraceMs?: number;
  /** When a slow task gets a second attempt on another worker; `false`: never. */
  readonly speculation?: SpeculationSettings | false;
  /** Told where workers can register, before any has. */
  readonly onListening?: (address: ClusterAddress) => void;
}

/** An executor whose tasks run on the workers that registered with this process. */
export interface ClusterExecutor extends Executor {
  /** Where workers register. */
  readonly address: ClusterAddress;
}

/**
 * Runs jobs and calls on worker processes, of this machine or others, that register here. What a worker held is made again
 * when it dies, and nothing else is. This process decides alone: when it ends, its jobs do.
 *
 * ```ts no-run
 * import { startClusterExecutor } from "@tutti/runtime/cluster";
 *
 * const executor = await startClusterExecutor({ listen: { host: "127.0.0.1", port: 7077 }, workersMin: 3 });
 * console.log(await executor.map([1, 2, 3], (x) => x * x));
 * await executor.close();
 * ```
 */
export async function startClusterExecutor(options: ClusterExecutorOptions = {}): Promise<ClusterExecutor> {
  const { listen = defaultListen, workersMin = 1, workerWaitMs = 30_000 } = options;
  const { workerGraceMs = defaultWorkerGraceMs } = options;
  const speculation = speculationOf(options.speculation);
  checkBind(listen.host, options);
  const emitter = new EventEmitter<JobEvents>();
  const pool = createWorkerPool({ emitter, workerWaitMs, workerGraceMs });
  const server = await listenForLinks(listen, {
    ...linkOptions("master", {}, options),
    admit: (peer) => problemWithNode(peer.about ?? {}),
    onLink: (link) => pool.register(link),
  });
  options.onListening?.(server.address);
  let laneCount = 0;
  const stop = async (): Promise<void> => {
    pool.close();
    await server.close();
  };
  try {
    await within(workerWaitMs, pool.untilWorkers(workersMin), `${workersMin} workers have not registered`);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  const executor = createExecutorFrom<ClusterBlock, SentFunction>({
    emitter,
    slotCount: pool.slotCount(),
    isRemote: true,
    speculation,
    calls: createClusterCalls(pool),
    openLane: (job) => openClusterLane(captureJob(job), { pool, jobKey: `j${(laneCount += 1)}` }),
    drop: (blocks) => pool.drop(blocks),
    watchBlocks: (onGone) =>
      pool.onLost((worker) => onGone((block) => block.kind === "held" && block.worker === worker)),
    close: stop,
  });
  return { ...executor, address: server.address };
}

async function within(timeoutMs: number, promise: Promise<void>, what: string): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new RuntimeError("timeout", `${what} within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
