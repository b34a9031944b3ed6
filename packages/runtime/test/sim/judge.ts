import {
  decodeFrame,
  partitionIdOfTask,
  stageKeyOf,
  type ClusterMessage,
  type ToWorker,
} from "../../src/cluster/messages.ts";
import { decodeRows } from "../../src/shuffle/rows-codec.ts";
import { jobOf, type LoggedExclusion } from "../../src/core/master-state.ts";
import type { LinkSpy } from "./sim-link.ts";
import type { LogStore } from "./sim-log.ts";

/** What the masters promise was not kept. */
export class Violation extends Error {}

interface Known {
  readonly worker: string;
  readonly id: string;
  /** Told by its end, over the link as it is; else by a registration, which may come after it was given up. */
  readonly isTold: boolean;
}

/** What one master knows of outputs, by what has reached it, and what it must not do then. */
export class MasterJudge {
  readonly #store: LogStore;
  readonly #epoch: number;
  readonly #known: Map<string, Known[]> = new Map();
  /** What these say later is nobody's. */
  readonly #givenUp: Set<string> = new Set();
  readonly #canceled: Set<string> = new Set();
  readonly #sent: Set<string> = new Set();
  /** Jobs whose end this master has told. */
  readonly #ended: Set<string> = new Set();
  /** Workers that have a link. */
  readonly #up: Set<string> = new Set();
  /** Partitions whose thread died, by worker and stage: those that the master must know of, and all that it may have heard of. */
  readonly #broken: Broken = new Map();
  readonly #maybeBroken: Broken = new Map();
  /** Told just now: the master may not have acted on it yet. */
  readonly #newlyBroken: Map<string, string> = new Map();

  /** What masters before have written down: by worker, the stages, or "" for all. */
  readonly #excluded: Map<string, Set<string>> = new Map();

  constructor(store: LogStore, exclusions: Iterable<LoggedExclusion>) {
    this.#store = store;
    this.#epoch = store.epoch;
    for (const { worker, stage = "" } of exclusions) {
      this.#excluded.set(worker, (this.#excluded.get(worker) ?? new Set()).add(stage));
    }
  }

  ofWorker(worker: string): LinkSpy {
    return {
      sent: (frame) => this.#toWorker(worker, messageOf(frame) as ToWorker | undefined),
      taken: (frame) => this.#fromWorker(worker, messageOf(frame)),
      down: () => {
        this.#up.delete(worker);
        this.#forget((one) => one.worker === worker);
      },
    };
  }

  ofDriver(): LinkSpy {
    return {
      sent: (frame) => {
        const message = messageOf(frame);
        if (message?.kind === "jobEnded") this.#onEnded(message.request);
        if (message?.kind !== "result") return;
        for (const block of message.blocks) this.#mustBeLogged((decodeRows(block)[0] as readonly string[])[1] ?? "");
      },
      taken: () => undefined,
      down: () => undefined,
    };
  }

  #toWorker(worker: string, message: ToWorker | undefined): void {
    switch (message?.kind) {
      case "task":
        this.#onTask(worker, message);
        break;
      case "dropStages": {
        const keys = new Set<string | undefined>(message.stageKeys);
        this.#forget(({ id }) => keys.has(stageKeyOf(id)));
        break;
      }
      case "cancel":
        // Overtaken: what it leaves nobody wants.
        for (const id of message.ids) this.#canceled.add(id);
        this.#forget(({ id }) => message.ids.includes(id));
        break;
      case "reset":
        this.#givenUp.add(worker);
        this.#up.delete(worker);
        this.#forget((one) => one.worker === worker);
        break;
      case "dropFiles":
        this.#forget(({ id }) => message.files.includes(id));
        break;
      default:
    }
  }

  /**
   * A worker where two tasks of a stage broke, or that an earlier master has excluded, gets no more of it while one is there where
   * they did not.
   */
  #checkTrust(worker: string, id: string): void {
    const stage = stageKeyOf(id) ?? "";
    const hasBroken = (this.#broken.get(worker)?.get(stage)?.size ?? 0) >= 2;
    if (!hasBroken && !this.#wasExcluded(worker, stage)) return;
    const better = [...this.#up].find((one) => !this.#isExcluded(one, stage));
    if (better !== undefined)
      throw new Violation(`${id} is sent to ${worker}, where tasks break, and ${better} is there`);
  }

  #wasExcluded(worker: string, stage: string): boolean {
    const from = this.#excluded.get(worker);
    return from !== undefined && (from.has(stage) || from.has(""));
  }

  #isExcluded(worker: string, stage: string): boolean {
    if (this.#wasExcluded(worker, stage)) return true;
    const broken = [...(this.#maybeBroken.get(worker) ?? [])].filter(([, partitions]) => partitions.size >= 2);
    const stages = new Set([...broken.map(([one]) => one), ...(this.#excluded.get(worker) ?? [])]);
    return stages.size >= 2 || stages.has(stage);
  }

  #onTask(worker: string, { id, attempt, inputs }: Extract<ToWorker, { kind: "task" }>): void {
    this.#checkTrust(worker, id);
    if (this.#ended.has(jobOf(id)))
      throw new Violation(`${id} is sent, although the driver was told the end of its job`);
    this.#sent.add(id);
    for (const block of inputs.flat()) if (block.kind === "held") this.#mustBeLogged(block.file);
    const again = this.#known.get(partitionIdOfTask(id))?.find((one) => attempt === 0 || one.isTold);
    if (again !== undefined) throw new Violation(`${id} is sent, although ${again.worker} holds ${again.id}`);
    const request = this.#store.requestOf.get(jobOf(id)) ?? "";
    if (this.#epoch === this.#store.epoch && this.#store.succeeded.has(request)) {
      throw new Violation(`${id} is sent, although ${request} was written down as succeeded`);
    }
  }

  /** A driver that was away for too long may ask for the same again: that is another job. */
  #onEnded(request: string): void {
    for (const [job, one] of this.#store.requestOf) if (one === request) this.#ended.add(job);
  }

  #mustBeLogged(id: string): void {
    if (!this.#store.done.has(id)) throw new Violation(`${id} is used before it was written down as done`);
  }

  #fromWorker(worker: string, message: ClusterMessage | undefined): void {
    for (const [one, id] of this.#newlyBroken) noteBroken(this.#broken, one, id);
    this.#newlyBroken.clear();
    switch (message?.kind) {
      case "register":
        this.#up.add(worker);
        this.#forget((one) => one.worker === worker);
        for (const { id } of message.done) this.#learn({ worker, id, isTold: false });
        break;
      case "done":
        this.#learn({ worker, id: message.id, isTold: true });
        break;
      case "failed": {
        if (message.error.code === "worker-lost") noteBroken(this.#maybeBroken, worker, message.id);
        // Of one that an earlier master had sent nobody may have asked yet.
        if (message.error.code === "worker-lost" && this.#sent.has(message.id))
          this.#newlyBroken.set(worker, message.id);
        const lost = new Set(message.lost.map((block) => block.file));
        this.#forget(({ id }) => lost.has(id));
        break;
      }
      default:
    }
  }

  #learn(one: Known): void {
    if (this.#givenUp.has(one.worker) || this.#canceled.has(one.id)) return;
    const key = partitionIdOfTask(one.id);
    this.#known.set(key, [...(this.#known.get(key) ?? []), one]);
  }

  #forget(isGone: (one: Known) => boolean): void {
    for (const [key, all] of this.#known) {
      const rest = all.filter((one) => !isGone(one));
      if (rest.length === 0) this.#known.delete(key);
      else this.#known.set(key, rest);
    }
  }
}

type Broken = Map<string, Map<string, Set<string>>>;

function noteBroken(broken: Broken, worker: string, id: string): void {
  const stages = broken.get(worker) ?? new Map<string, Set<string>>();
  const stage = stageKeyOf(id) ?? "";
  broken.set(worker, stages.set(stage, (stages.get(stage) ?? new Set()).add(partitionIdOfTask(id))));
}

function messageOf(bytes: Uint8Array): ClusterMessage | undefined {
  const frame = decodeFrame(bytes);
  return frame.kind === "message" ? frame.message : undefined;
}
