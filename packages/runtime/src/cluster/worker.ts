import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, hostname, tmpdir, totalmem } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { listenForLinks } from "@tutti/link";
import {
  checkBind,
  defaultListen,
  isLoopback,
  linkOptions,
  type ClusterAddress,
  type ClusterSecurity,
} from "./cluster-link.ts";
import { endOf, openCoord, workerNameOf, type CoordOptions } from "./coord-place.ts";
import { followMaster } from "./follow-master.ts";
import { fixedLeader, watchElection, type LeaderWatch } from "./leader-watch.ts";
import type { BlockCodec } from "../executor/stored-block.ts";
import { RuntimeError } from "../runtime-error.ts";
import { createWorkerLife, type WorkerLife, type WorkerLifeParts } from "./worker-life.ts";
import { createPeers } from "./worker-peers.ts";

/** Before a worker that could not reach the coordination service, or was given up, begins anew. */
const restartAfterMs = 200;

/** Between looks whether a worker that drains may go. */
const idleAfterMs = 50;

/** V8's own limit on machines with much memory. */
const heapBytesLargest = 4 * 1024 * 1024 * 1024;

/** A process with two threads hardly starts with less. */
const memoryBytesMin = 128 * 1024 * 1024;

function codecOf(compression: string | undefined, host: string): BlockCodec | undefined {
  if (compression === "none") return undefined;
  if (compression === "zstd") return "zstd";
  if (compression === undefined) return isLoopback(host) ? undefined : "zstd";
  throw new RuntimeError("invalid-argument", `compression is ${compression}; it must be zstd or none`);
}

/** Of the machine, or what the container leaves of it. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Where a worker finds its master: by its address, or by the election in a coordination service. */
export type WorkerPlace = { readonly master: ClusterAddress } | CoordOptions;

/** What a worker offers: slots, memory, disk, and an address where others fetch from it. */
export interface WorkerSettings extends ClusterSecurity {
  /** How many tasks run at once. Default: the cores of this machine. */
  readonly slotCount?: number;
  /** Where other workers fetch blocks from this one. Default: 127.0.0.1, any free port. */
  readonly listen?: ClusterAddress;
  /** Where others reach it, if that is not where it listens: behind a translation of addresses, in a container. */
  readonly advertise?: ClusterAddress;
  /** Where blocks go, in a directory of the worker's own that is removed by `close()`. Default: the system's for temporary files. */
  readonly directory?: string;
  /**
   * How rows between stages are packed, where that makes them a tenth smaller at least: `zstd`, or not at all. Every worker reads
   * both. Default: `zstd` where it listens to other machines, `none` on this one, where the processor is slower than the way.
   */
  readonly compression?: "zstd" | "none";
  /** What one task may hold at once. Default: an eighth of the memory, divided by the slots. */
  readonly workBytesMax?: number;
  /**
   * What the objects of one task may take: one that wants more fails, and the worker goes on. Default: four fifths of the
   * memory, divided by the slots, at most 4 GiB.
   */
  readonly heapBytesMax?: number;
  /**
   * What the whole process may hold, whatever it is: buffers, native memory and threads count too. From 60 % of it on tasks put
   * more into files, from 80 % on it takes no new ones, at 95 % the one that holds most fails with `out-of-memory`. Default: four
   * fifths of the memory of the machine, or of the container.
   */
  readonly memoryBytesMax?: number;
  /**
   * Whether functions of drivers run here. `false`: only what modules export that are installed where the worker was started.
   * Default: true.
   */
  readonly allowClosures?: boolean;
  /** Told in a line what happens, for people. */
  readonly onEvent?: (line: string) => void;
}

/** What a worker offers, and whom it works for. */
export type WorkerOptions = WorkerSettings & WorkerPlace;

/** A process that runs tasks for a master. */
export interface ClusterWorker extends AsyncDisposable {
  /**
   * Takes no new tasks, waits until nothing runs here and nobody needs what it holds, and closes; at the latest after
   * `timeoutMs` (default 60 000), when others make again what is still needed.
   */
  drain(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Ends what runs and frees everything. Calling it twice is harmless. */
  close(): Promise<void>;
}

/**
 * Starts a worker: it registers with the master, again whenever the link was down, and runs what it is sent. When another
 * master is elected, it goes on with what it has for that one. Whoever knows the secret, or without one whoever reaches
 * the address on this machine, runs code in this process; there is no sandbox.
 *
 * ```ts no-run
 * import { startWorker } from "@tutti/runtime/cluster";
 *
 * const worker = await startWorker({ coord: "zk1:2181,zk2:2181/tutti", slotCount: 2 });
 * process.once("SIGTERM", () => void worker.close());
 * ```
 */
export async function startWorker(options: WorkerOptions): Promise<ClusterWorker> {
  const { listen = defaultListen, onEvent = () => undefined } = options;
  checkBind(listen.host, options);
  const slotCount = options.slotCount ?? availableParallelism();
  const workBytesMax = options.workBytesMax ?? Math.floor(totalmem() / 8 / slotCount);
  const heapBytesMax = options.heapBytesMax ?? Math.min(heapBytesLargest, Math.floor((totalmem() * 4) / 5 / slotCount));
  const memoryBytesMax = options.memoryBytesMax ?? Math.floor((memoryBytes() * 4) / 5);
  if (!(memoryBytesMax >= memoryBytesMin)) {
    throw new RuntimeError(
      "invalid-argument",
      `memoryBytesMax is ${memoryBytesMax}; it must be at least ${memoryBytesMin}`,
    );
  }
  const directory = mkdtempSync(path.join(options.directory ?? tmpdir(), "tutti-worker-"));
  const peers = createPeers(directory, options);
  const server = await listenForLinks(listen, {
    ...linkOptions(`worker ${process.pid}`, {}, options),
    onLink: (link) => peers.accept(link),
  });
  const reached = options.advertise ?? server.address;
  const about = {
    role: "worker",
    slots: String(slotCount),
    host: reached.host,
    port: String(reached.port),
    machine: hostname(),
    pid: String(process.pid),
    node: process.version,
  };
  const draining = new AbortController();
  const parts: WorkerLifeParts = {
    slotCount,
    workBytesMax,
    codec: codecOf(options.compression, listen.host),
    heapBytesMax,
    memoryBytesMax,
    allowClosures: options.allowClosures ?? true,
    directory,
    peers,
    draining: draining.signal,
    onEvent,
  };
  let life: WorkerLife | undefined;
  const live = async (leaders: LeaderWatch, name: string | undefined, signal: AbortSignal): Promise<void> => {
    const own = createWorkerLife(parts, name);
    life = own;
    const until = AbortSignal.any([signal, own.over]);
    const link = (): ReturnType<typeof linkOptions> => linkOptions(`worker ${process.pid}`, about, options);
    try {
      await followMaster({ leaders, options: link, serve: (one) => own.serve(one, until), onEvent }, until);
    } finally {
      await own.close();
    }
  };
  const closing = new AbortController();
  const serving = repeat(closing.signal, onEvent, async () => {
    if (!("coord" in options)) return await live(fixedLeader(options.master), undefined, closing.signal);
    await liveAsMember(options, about, closing.signal, live);
  });
  const close = async (): Promise<void> => {
    closing.abort();
    await serving;
    // First: a server is closed when its last connection is.
    peers.close();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  };
  const drain: ClusterWorker["drain"] = async ({ timeoutMs = 60_000 } = {}) => {
    draining.abort();
    const deadline = performance.now() + timeoutMs;
    while (life?.isIdle() === false && performance.now() < deadline && !closing.signal.aborted)
      await delay(idleAfterMs);
    await close();
  };
  return { drain, close, [Symbol.asyncDispose]: close };
}

/** One session with the coordination service is one life: with its node goes the worker's name, and what it held. */
async function liveAsMember(
  options: CoordOptions,
  about: Readonly<Record<string, string>>,
  closing: AbortSignal,
  live: (leaders: LeaderWatch, name: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const place = await openCoord(options, closing);
  try {
    const until = AbortSignal.any([closing, endOf(place)]);
    const data = JSON.stringify(about);
    const mode = "ephemeralSequential";
    const { path: node } = await place.session.create(`${place.workers}/w`, data, { mode, signal: until });
    await live(await watchElection(place, until), workerNameOf(node), until);
  } finally {
    await place.session.close();
  }
}

async function repeat(signal: AbortSignal, onEvent: (line: string) => void, run: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await run().catch((thrown: unknown) => {
      if (!signal.aborted) onEvent(`the coordination service cannot be reached: ${String(thrown)}`);
    });
    await delay(restartAfterMs, undefined, { signal }).catch(() => undefined);
  }
}
