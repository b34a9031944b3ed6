import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, hostname, tmpdir, totalmem } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { dial, listenForLinks, type Link, type LinkServer } from "@tutti/link";
import { openChannel, problemOf, type Channel } from "./channel.ts";
import { checkBind, linkOptions, type ClusterAddress, type ClusterSecurity } from "./cluster-link.ts";
import type { BlockSource } from "./fetch-inputs.ts";
import type { HeldBlock, ToWorker } from "./messages.ts";
import { createWorkerTasks, type WorkerTasks } from "./worker-tasks.ts";

/** Between attempts to reach the master. */
const redialAfterMs = 200;

export interface WorkerOptions extends ClusterSecurity {
  /** Where the master listens. */
  readonly master: ClusterAddress;
  /** How many tasks run at once. Default: the cores of this machine. */
  readonly slotCount?: number;
  /** Where other workers fetch blocks from this one. Default: 127.0.0.1, any free port. */
  readonly listen?: ClusterAddress;
  /** Where blocks go, in a directory of the worker's own that is removed by `close()`. Default: the system's for temporary files. */
  readonly directory?: string;
  /** What one task may hold at once. Default: an eighth of the memory, divided by the slots. */
  readonly workBytesMax?: number;
  /** Told in a line what happens, for people. */
  readonly onEvent?: (line: string) => void;
}

/** A process that runs tasks for a master. */
export interface ClusterWorker extends AsyncDisposable {
  /** Ends what runs and frees everything. Calling it twice is harmless. */
  close(): Promise<void>;
}

/**
 * Starts a worker: it registers with the master, again whenever the link was down, and runs what it is sent. Whoever knows the
 * secret, or without one whoever reaches the address on this machine, runs code in this process; there is no sandbox.
 *
 * ```ts no-run
 * import { startWorker } from "@tutti/runtime/cluster";
 *
 * const worker = await startWorker({ master: { host: "127.0.0.1", port: 7077 }, slotCount: 2 });
 * process.once("SIGTERM", () => void worker.close());
 * ```
 */
export async function startWorker(options: WorkerOptions): Promise<ClusterWorker> {
  const { listen = { host: "127.0.0.1", port: 0 }, onEvent = () => undefined } = options;
  checkBind(listen.host, options);
  const slotCount = options.slotCount ?? availableParallelism();
  const workBytesMax = options.workBytesMax ?? Math.floor(totalmem() / 8 / slotCount);
  const directory = mkdtempSync(path.join(options.directory ?? tmpdir(), "tutti-worker-"));
  const peers = createPeers(directory, options);
  const server = await listenForLinks(listen, {
    ...linkOptions(`worker ${process.pid}`, {}, options),
    onLink: (link) => peers.accept(link),
  });
  const about = {
    slots: String(slotCount),
    host: server.address.host,
    port: String(server.address.port),
    machine: hostname(),
    pid: String(process.pid),
    node: process.version,
  };
  const closing = new AbortController();
  const registration = { slotCount, workBytesMax, directory, peers, onEvent };
  const serve = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        const link = await dial(options.master, linkOptions(`worker ${process.pid}`, about, options), closing.signal);
        await serveMaster(link, registration, closing.signal);
      } catch (thrown) {
        if (!closing.signal.aborted) onEvent(`the master cannot be reached: ${String(thrown)}`);
      }
      await delay(redialAfterMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };
  const serving = serve();
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all([serving, closeServer(server)]);
    peers.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { close, [Symbol.asyncDispose]: close };
}

async function closeServer(server: LinkServer): Promise<void> {
  await server.close();
}

interface Registration {
  readonly slotCount: number;
  readonly workBytesMax: number;
  readonly directory: string;
  readonly peers: Peers;
  readonly onEvent: (line: string) => void;
}

/** One registration: from the link to its end. What it held is of no use to the next one, which has another name. */
async function serveMaster(link: Link, parts: Registration, closing: AbortSignal): Promise<void> {
  const down = Promise.withResolvers<Error>();
  let tasks: WorkerTasks | undefined;
  const channel: Channel = openChannel({
    link,
    directory: parts.directory,
    onDown: down.resolve,
    onMessage(message) {
      if (message.kind !== "registered") return tasks?.handle(message as Exclude<ToWorker, { kind: "registered" }>);
      parts.onEvent(`registered as ${message.worker}`);
      const source: BlockSource = {
        worker: message.worker,
        directory: parts.directory,
        fetch: (from, ranges, take) => parts.peers.fetch(from, ranges, take),
      };
      tasks = createWorkerTasks({ ...parts, source, send: (answer) => channel.send(answer) });
    },
  });
  const onClosing = (): void => link.close();
  closing.addEventListener("abort", onClosing, { once: true });
  if (closing.aborted) link.close();
  const reason = await down.promise;
  closing.removeEventListener("abort", onClosing);
  if (!closing.aborted) parts.onEvent(`the link to the master is down: ${reason.message}`);
  await tasks?.close();
}

interface Peers {
  readonly accept: (link: Link) => void;
  readonly fetch: BlockSource["fetch"];
  readonly close: () => void;
}

/** Links to other workers: one to each that blocks were fetched from. */
function createPeers(directory: string, security: ClusterSecurity): Peers {
  const links = new Set<Link>();
  const dialed = new Map<string, Promise<Channel>>();

  const open = (link: Link, onDown: () => void): Channel => {
    links.add(link);
    const ended = (): void => {
      links.delete(link);
      onDown();
    };
    return openChannel({ link, directory, onMessage: () => undefined, onDown: ended });
  };
  const channelTo = ({ host, port }: HeldBlock): Promise<Channel> => {
    const name = `${host}:${port}`;
    const forget = (): void => void dialed.delete(name);
    const present = dialed.get(name);
    if (present !== undefined) return present;
    const dialing = dial({ host, port }, linkOptions(`worker ${process.pid}`, {}, security)).then((link) =>
      open(link, forget),
    );
    dialing.catch(forget);
    dialed.set(name, dialing);
    return dialing;
  };
  return {
    accept: (link) => void open(link, () => undefined),
    async fetch(from, ranges, take) {
      try {
        return await (await channelTo(from)).fetch(ranges, take);
      } catch (thrown) {
        return problemOf(thrown);
      }
    },
    close() {
      for (const link of [...links]) link.destroy();
    },
  };
}
