import type { EventEmitter } from "eventemitter3";
import type { ModuleBundle } from "../closure/module-bundle.ts";
import type { JobEvents } from "../core/job-events.ts";
import type { AttemptOutput } from "../executor/lane.ts";
import { portError } from "../executor/portable-error.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { CapturedJob } from "./captured-job.ts";
import type { Channel } from "./channel.ts";
import type { DetachAnswer, DriverEvent, FromDriver, JobEnd, SentJob } from "./driver-messages.ts";
import { holdBroadcast, type HeldBroadcast } from "./held-broadcast.ts";
import type { ClusterBlock, FunctionAnnouncement } from "./messages.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** A driver, as the master sees it, over all its links. What it handed over is kept for as long as it may come back. */
export interface DriverDesk {
  readonly driver: string;
  /** What its jobs left, by key. */
  readonly kept: Map<string, readonly AttemptOutput<ClusterBlock>[]>;
  /**
   * A new link, and the end of the one before. False: what a driver said first came late, over a link that it has left
   * already.
   */
  attach(channel: Channel, linkNumber: number): boolean;
  /** The link is down. False: the driver has come over another one before this was known. */
  detach(channel: Channel): boolean;
  /** Puts together what a job refers to. Throws `invalid-argument` where a part of it never came. */
  assemble(job: SentJob): CapturedJob;
  tell(event: DriverEvent, request?: string): void;
  tellSlots(slotCount: number): void;
  tellDetached(request: string, answer: DetachAnswer): void;
  /** Results, then the end. Over the link as it is; a new one asks again. */
  deliver(request: string, end: JobEnd, results: readonly (readonly ClusterBlock[])[]): Promise<void>;
  handle(message: Extract<FromDriver, { kind: PartKind }>): void;
  /** Frees what it handed over. */
  close(): void;
}

export type PartKind = "stage" | "function" | "broadcast" | "bundle" | "dropBroadcast" | "forget" | "calls" | "cancel";

export function createDriverDesk(driver: string, pool: WorkerPool): DriverDesk {
  const broadcasts = new Map<string, HeldBroadcast>();
  const bundles = new Map<string, ModuleBundle>();
  const functions = new Map<string, FunctionAnnouncement>();
  /** Calls that wait for an answer, and where they run. */
  const calls = new Map<string, () => void>();
  let channel: Channel | undefined;
  let newestLink = 0;

  const broadcastsOf = (ids: readonly string[]): HeldBroadcast[] =>
    ids.map((id) => {
      const held = broadcasts.get(id);
      if (held === undefined) throw new RuntimeError("invalid-argument", `the broadcast ${id} was destroyed`);
      return held;
    });

  const runCalls = async ({ id, calls: sent }: Extract<FromDriver, { kind: "calls" }>): Promise<void> => {
    const asked = channel;
    try {
      const worker = await pool.borrow(driver);
      const ownId = `calls ${pool.newId()}`;
      calls.set(id, () => worker.channel.send({ kind: "cancel", ids: [ownId] }));
      try {
        for (const { key } of sent) {
          const fn = functions.get(key);
          if (fn === undefined) throw new RuntimeError("invalid-argument", `the function ${key} was not announced`);
          for (const one of broadcastsOf(fn.broadcastIds)) worker.share(one);
          worker.bring(fn.bundle === undefined ? undefined : bundles.get(fn.bundle));
          worker.announce(key, () => fn);
        }
        asked?.send({ ...(await worker.ask(ownId, { kind: "calls", id: ownId, calls: sent })), id });
      } finally {
        pool.giveBack(worker, driver);
      }
    } catch (thrown) {
      asked?.send({ kind: "failed", id, error: portError(thrown), lost: [] });
    } finally {
      calls.delete(id);
    }
  };

  return {
    driver,
    kept: new Map(),
    attach(next, linkNumber) {
      if (linkNumber < newestLink) return false;
      newestLink = linkNumber;
      const old = channel;
      channel = next;
      if (old !== next) old?.link.destroy();
      return true;
    },
    detach(old) {
      if (channel !== old) return false;
      channel = undefined;
      return true;
    },
    assemble({ graph, code }) {
      const assembled = code.map(({ closures, broadcastIds, bundle: hash }) => {
        const bundle = hash === undefined ? undefined : bundles.get(hash);
        if (hash !== undefined && bundle === undefined) {
          throw new RuntimeError("invalid-argument", `the modules ${hash} did not come before the job`);
        }
        return { closures, broadcasts: broadcastsOf(broadcastIds), bundle };
      });
      return { graph, code: assembled };
    },
    tell: (event, request) => channel?.send({ kind: "event", request, event }),
    tellSlots: (slotCount) => channel?.send({ kind: "slots", slotCount }),
    tellDetached: (request, answer) => channel?.send({ kind: "detached", request, ...answer }),
    async deliver(request, end, results) {
      const to = channel;
      for (const [partition, blocks] of results.entries()) {
        const bytes = blocks.map((block) => (block.kind === "inline" ? block.bytes : new Uint8Array()));
        to?.send({ kind: "result", request, partition, blocks: bytes });
        await to?.ready();
      }
      to?.send({ kind: "jobEnded", request, end });
    },
    handle(message) {
      switch (message.kind) {
        case "broadcast":
          broadcasts.set(message.shipment.id, holdBroadcast(message.shipment));
          break;
        case "dropBroadcast":
          broadcasts.get(message.id)?.release();
          broadcasts.delete(message.id);
          break;
        case "bundle":
          bundles.set(message.bundle.hash, message.bundle);
          break;
        case "function":
          functions.set(message.key, message);
          break;
        case "forget":
          for (const key of message.keys) functions.delete(key);
          for (const worker of pool.all()) worker.forget(message.keys);
          break;
        case "calls":
          void runCalls(message);
          break;
        case "cancel":
          for (const id of message.ids) calls.get(id)?.();
          break;
        case "stage":
          throw new RuntimeError("invalid-argument", "a driver announces jobs, not stages");
        default:
          message satisfies never;
      }
    },
    close() {
      for (const held of broadcasts.values()) held.release();
      for (const worker of pool.all()) worker.forget([...functions.keys()]);
      broadcasts.clear();
      bundles.clear();
      functions.clear();
    },
  };
}

const eventNames = [
  "jobStarted",
  "stageStarted",
  "taskStarted",
  "taskFinished",
  "taskFailed",
  "taskStopped",
  "stageFinished",
  "jobFinished",
  "workerJoined",
  "workerLost",
  "workerPaused",
  "workerExcluded",
  "workerSpared",
  "workerReleased",
  "keptLost",
] as const satisfies readonly (keyof JobEvents)[];

/** Passes every event of an emitter on, with its name. */
export function forwardEvents(emitter: EventEmitter<JobEvents>, tell: (event: DriverEvent) => void): void {
  for (const name of eventNames) {
    emitter.on(name, (told: unknown) => tell({ name, told } as DriverEvent));
  }
}
