import type { Link } from "@tutti/link";
import { openChannel, type Channel } from "./channel.ts";
import type { BlockSource } from "./fetch-inputs.ts";
import type { ToWorker } from "./messages.ts";
import type { createPeers } from "./worker-peers.ts";
import { createWorkerTasks, type WorkerTasks, type WorkerTasksParts } from "./worker-tasks.ts";

/** Links have heartbeats of their own; these are for people. */
const beatAfterMs = 3_000;

export interface WorkerLifeParts extends Omit<WorkerTasksParts, "source" | "send" | "onPause"> {
  readonly peers: ReturnType<typeof createPeers>;
  /** Aborts when no new tasks are wanted. */
  readonly draining: AbortSignal;
  readonly onEvent: (line: string) => void;
}

/** A worker under one name: what it runs and holds outlives its links, and the masters that it had. */
export interface WorkerLife {
  /** Aborts when a master has given the worker up. */
  readonly over: AbortSignal;
  /** Registers over a new link, and serves it until it is down. */
  serve(link: Link, until: AbortSignal): Promise<void>;
  /** Whether nothing runs here, and nobody needs what tasks left. */
  isIdle(): boolean;
  close(): Promise<void>;
}

/** `given`: the name that it has already; else its first master gives it one. */
export function createWorkerLife(parts: WorkerLifeParts, given: string | undefined): WorkerLife {
  const { directory, peers, onEvent, draining } = parts;
  const over = new AbortController();
  let channel: Channel | undefined;
  let linkCount = 0;
  let named: { readonly name: string; readonly tasks: WorkerTasks } | undefined;

  const begin = (name: string): void => {
    const source: BlockSource = { worker: name, directory, fetch: peers.fetch };
    const tasks = createWorkerTasks({
      ...parts,
      source,
      send: (answer) => channel?.send(answer),
      onPause(isPaused, residentBytes) {
        onEvent(
          isPaused ? `takes no tasks: it holds ${residentBytes} of ${parts.memoryBytesMax} bytes` : "takes tasks again",
        );
        channel?.send({ kind: "pause", isPaused, residentBytes });
      },
    });
    named = { name, tasks };
  };
  if (given !== undefined) begin(given);

  const handle = (message: ToWorker): void => {
    if (message.kind === "registered") {
      onEvent(`registered as ${message.worker}`);
      if (named === undefined) begin(message.worker);
    } else if (message.kind === "reset") {
      onEvent(`given up by the master: ${message.reason}`);
      over.abort();
    } else named?.tasks.handle(message);
  };

  return {
    over: over.signal,
    async serve(link, until) {
      const down = Promise.withResolvers<Error>();
      const own = openChannel({
        link,
        directory,
        onDown: down.resolve,
        // A master sends nothing else.
        onMessage: (message) => handle(message as ToWorker),
      });
      channel = own;
      const report = named?.tasks.report() ?? { running: [], done: [], has: [] };
      linkCount += 1;
      const linkNumber = linkCount;
      own.send({ kind: "register", worker: named?.name, linkNumber, isDraining: draining.aborted, ...report });
      const residentBytes = process.memoryUsage.rss();
      if (named?.tasks.isPaused === true) own.send({ kind: "pause", isPaused: true, residentBytes });
      const onEnd = (): void => {
        own.send({ kind: "leave" });
        link.close();
      };
      const onDrain = (): void => own.send({ kind: "drain" });
      draining.addEventListener("abort", onDrain, { once: true });
      const beat = (): void => own.send({ kind: "beat", residentBytes: process.memoryUsage.rss() });
      beat();
      const beats = setInterval(beat, beatAfterMs);
      until.addEventListener("abort", onEnd, { once: true });
      if (until.aborted) onEnd();
      const reason = await down.promise;
      clearInterval(beats);
      draining.removeEventListener("abort", onDrain);
      until.removeEventListener("abort", onEnd);
      channel = undefined;
      if (!until.aborted) onEvent(`the link to the master is down: ${reason.message}`);
    },
    isIdle() {
      const { running, done } = named?.tasks.report() ?? { running: [], done: [] };
      return running.length === 0 && done.length === 0;
    },
    close: async () => await named?.tasks.close(),
  };
}
