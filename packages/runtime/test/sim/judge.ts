import {
  decodeFrame,
  partitionIdOfTask,
  stageKeyOf,
  type ClusterMessage,
  type ToWorker,
} from "../../src/cluster/messages.ts";
import { decodeRows } from "../../src/shuffle/rows-codec.ts";
import { jobOf } from "../../src/core/master-state.ts";
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

  constructor(store: LogStore) {
    this.#store = store;
    this.#epoch = store.epoch;
  }

  ofWorker(worker: string): LinkSpy {
    return {
      sent: (frame) => this.#toWorker(worker, messageOf(frame) as ToWorker | undefined),
      taken: (frame) => this.#fromWorker(worker, messageOf(frame)),
      down: () => this.#forget((one) => one.worker === worker),
    };
  }

  ofDriver(): LinkSpy {
    return {
      sent: (frame) => {
        const message = messageOf(frame);
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
        this.#onTask(message);
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
        this.#forget((one) => one.worker === worker);
        break;
      case "dropFiles":
        this.#forget(({ id }) => message.files.includes(id));
        break;
      default:
    }
  }

  #onTask({ id, attempt, inputs }: Extract<ToWorker, { kind: "task" }>): void {
    for (const block of inputs.flat()) if (block.kind === "held") this.#mustBeLogged(block.file);
    const again = this.#known.get(partitionIdOfTask(id))?.find((one) => attempt === 0 || one.isTold);
    if (again !== undefined) throw new Violation(`${id} is sent, although ${again.worker} holds ${again.id}`);
    const request = this.#store.requestOf.get(jobOf(id)) ?? "";
    if (this.#epoch === this.#store.epoch && this.#store.succeeded.has(request)) {
      throw new Violation(`${id} is sent, although ${request} was written down as succeeded`);
    }
  }

  #mustBeLogged(id: string): void {
    if (!this.#store.done.has(id)) throw new Violation(`${id} is used before it was written down as done`);
  }

  #fromWorker(worker: string, message: ClusterMessage | undefined): void {
    switch (message?.kind) {
      case "register":
        this.#forget((one) => one.worker === worker);
        for (const { id } of message.done) this.#learn({ worker, id, isTold: false });
        break;
      case "done":
        this.#learn({ worker, id: message.id, isTold: true });
        break;
      case "failed": {
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

function messageOf(bytes: Uint8Array): ClusterMessage | undefined {
  const frame = decodeFrame(bytes);
  return frame.kind === "message" ? frame.message : undefined;
}
