import type { WorkerLoad } from "../core/placement.ts";
import { RuntimeError } from "../runtime-error.ts";
import { createAnnouncer, type Announcer } from "./announcer.ts";
import type { Channel } from "./channel.ts";
import {
  partitionIdOfTask,
  stageKeyOf,
  type FileRange,
  type HeldBlock,
  type Registration,
  type TaskDone,
  type ToWorker,
  type WorkerAnswer,
} from "./messages.ts";

/** A registered worker, as the master sees it. Its link may be down for a while: what is sent then is lost. */
export interface WorkerHandle extends WorkerLoad, Omit<Announcer, "reset" | "close"> {
  readonly slotCount: number;
  /** Where others fetch its blocks. */
  readonly host: string;
  readonly port: number;
  /** The link as it is now. */
  readonly channel: Channel;
  /** Removes the files of these ranges. */
  dropFiles(ranges: readonly FileRange[]): void;
  /** Sends a task or calls, under the id. Rejects with `worker-lost` when the worker is. */
  ask(id: string, message: Extract<ToWorker, { kind: "task" | "calls" }>): Promise<WorkerAnswer>;
  /** The end of a task that a master before this one had sent. undefined where the worker knows nothing of it. */
  adopt(id: string): Promise<WorkerAnswer> | undefined;
}

export interface WorkerAbout {
  readonly id: string;
  readonly slotCount: number;
  readonly host: string;
  readonly port: number;
  /** Its cores are free again, or it is. */
  readonly onFree: () => void;
}

/** The handle, and what only the pool may do with it. */
export interface PoolWorker extends WorkerHandle {
  isUp: boolean;
  /** It gets no new tasks, and goes when what it has is not needed any more. */
  isDraining: boolean;
  /** It gets no new tasks until it has memory again. */
  isPaused: boolean;
  residentBytes: number | undefined;
  /** Of its newest registration. */
  linkNumber: number;
  /** Slots that are lent, those that tasks of an earlier master take included. */
  busySlotCount: number;
  /** Ids of the tasks of an earlier master, those that are done first. */
  inherited(): Iterable<string>;
  /** Those of one partition that are done or run: what failed meanwhile must not stand before another attempt. */
  inheritedOf(partitionId: string): readonly string[];
  /** Nobody will ask for tasks of these stages. */
  forgetInherited(stageKeys: ReadonlySet<string | undefined>): void;
  /** A new link of the same worker, with what it says to have. */
  attach(channel: Channel, registration: Registration): void;
  answer(answer: WorkerAnswer): void;
  /** Gives it up. */
  lose(reason: RuntimeError): void;
}

export function createWorkerHandle(
  { onFree, ...about }: WorkerAbout,
  first: Channel,
  registration: Registration,
): PoolWorker {
  let channel = first;
  let lostBy: RuntimeError | undefined;
  const announcer = createAnnouncer((part) => channel.send(part));
  const asked = new Map<string, PromiseWithResolvers<WorkerAnswer>>();
  /** Tasks of an earlier master that run still: each takes a slot. */
  const inheritedRunning = new Set(registration.running);
  const inheritedDone = new Map<string, TaskDone>(registration.done.map((done) => [done.id, done]));
  /** Each task that starts asks for those of its partition: there may be many thousands in all. */
  const inheritedIds = Map.groupBy([...inheritedDone.keys(), ...inheritedRunning], partitionIdOfTask);
  announcer.reset(new Set(registration.has), true);

  const settle = (answer: WorkerAnswer): void => {
    const wasInherited = inheritedRunning.delete(answer.id);
    if (wasInherited) {
      worker.busySlotCount -= 1;
      if (answer.kind === "done" && !asked.has(answer.id)) inheritedDone.set(answer.id, answer);
    }
    asked.get(answer.id)?.resolve(answer);
    asked.delete(answer.id);
    // Last: who gets the slot may be there to overtake just this task.
    if (wasInherited) onFree();
  };

  const worker: PoolWorker = {
    ...about,
    ...announcer,
    isUp: true,
    isDraining: registration.isDraining,
    isPaused: false,
    residentBytes: undefined,
    linkNumber: registration.linkNumber,
    busySlotCount: inheritedRunning.size,
    get freeSlotCount() {
      return worker.isUp && !worker.isDraining && !worker.isPaused ? about.slotCount - worker.busySlotCount : 0;
    },
    get channel() {
      return channel;
    },
    dropFiles(ranges) {
      const files = [...new Set(ranges.map((range) => range.file))];
      if (files.length > 0) channel.send({ kind: "dropFiles", files });
    },
    ask(id, message) {
      if (lostBy !== undefined) return Promise.reject(lostBy);
      const answer = Promise.withResolvers<WorkerAnswer>();
      channel.send(message);
      asked.set(id, answer);
      return answer.promise;
    },
    adopt(id) {
      const done = inheritedDone.get(id);
      if (done !== undefined) return Promise.resolve(done);
      if (!inheritedRunning.has(id)) return undefined;
      const answer = asked.get(id) ?? Promise.withResolvers<WorkerAnswer>();
      asked.set(id, answer);
      return answer.promise;
    },
    inherited: () => [...inheritedIds.values()].flat(),
    inheritedOf: (partitionId) =>
      (inheritedIds.get(partitionId) ?? []).filter((id) => inheritedDone.has(id) || inheritedRunning.has(id)),
    forgetInherited(stageKeys) {
      for (const [partitionId, ids] of inheritedIds) {
        if (!stageKeys.has(stageKeyOf(ids[0] ?? ""))) continue;
        inheritedIds.delete(partitionId);
        for (const id of ids) inheritedDone.delete(id);
      }
    },
    attach(next, { running, done, has, linkNumber }) {
      worker.linkNumber = linkNumber;
      channel.link.destroy();
      channel = next;
      worker.isUp = true;
      // It says so again if it still is.
      worker.isPaused = false;
      announcer.reset(new Set(has), false);
      for (const one of done) settle(one);
      const present = new Set(running);
      // One that failed while the link was down: its answer is lost, and its slot is free.
      for (const id of inheritedRunning) {
        if (present.has(id)) continue;
        inheritedRunning.delete(id);
        worker.busySlotCount -= 1;
      }
      for (const [id, answer] of [...asked]) {
        if (present.has(id)) continue;
        asked.delete(id);
        answer.reject(new RuntimeError("worker-lost", `the link to ${about.id} broke before ${id} had reached it`));
      }
    },
    answer: settle,
    lose(reason) {
      lostBy = reason;
      worker.isUp = false;
      announcer.close();
      channel.link.destroy();
      for (const answer of asked.values()) answer.reject(reason);
      asked.clear();
    },
  };
  return worker;
}

/** Ranges of one worker as blocks that others may fetch. */
export function heldBy({ id, host, port }: WorkerHandle, range: FileRange): HeldBlock {
  return { ...range, kind: "held", worker: id, host, port };
}
