import type { Link } from "@tutti/link";
import { portError } from "../../src/executor/portable-error.ts";
import {
  decodeFrame,
  encodeMessage,
  openChunk,
  partitionIdOfTask,
  stageKeyOf,
  type ClusterBlock,
  type ClusterMessage,
  type FetchMessage,
  type HeldBlock,
  type TaskDone,
  type ToWorker,
} from "../../src/cluster/messages.ts";
import { RuntimeError } from "../../src/runtime-error.ts";
import { decodeRows, encodeRows } from "../../src/shuffle/rows-codec.ts";
import { rowsIn, sliceOf, type SimStageArgs } from "./sim-job.ts";

type TaskMessage = Extract<ToWorker, { kind: "task" }>;

interface HeldOutput {
  readonly done: TaskDone;
  /** By their place in the file. */
  readonly bytes: ReadonlyMap<number, Uint8Array>;
}

export interface SimWorkerParts {
  readonly name: string;
  readonly slotCount: number;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly workMs: () => number;
  /** Whether the thread of a task dies. */
  readonly breaks: () => boolean;
  readonly workers: ReadonlyMap<string, SimWorker>;
  /** A task begins to run. */
  readonly onStarted: (id: string, worker: SimWorker) => void;
  /** A master has given this worker up. */
  readonly onReset: () => void;
}

/**
 * A worker as its master sees it: the messages of the shipped one, with numbers in the place of threads and files. What it runs
 * and holds outlives its links.
 */
export class SimWorker {
  readonly name: string;
  readonly slotCount: number;
  readonly running: Map<string, { isStopped: boolean }> = new Map();
  readonly held: Map<string, HeldOutput> = new Map();
  isAlive = true;
  readonly #parts: SimWorkerParts;
  readonly #stages: Map<string, SimStageArgs> = new Map();
  #link: Link | undefined;
  #linkCount = 0;

  constructor(parts: SimWorkerParts) {
    this.name = parts.name;
    this.slotCount = parts.slotCount;
    this.#parts = parts;
  }

  /** Registers over a new link, and serves it until it is down. */
  serve(link: Link, onDown: () => void): void {
    this.#link = link;
    link.listen({
      frame: (bytes) => {
        const frame = decodeFrame(bytes);
        if (this.isAlive && frame.kind === "message") this.#handle(frame.message as ToWorker | FetchMessage, link);
      },
      down: () => {
        if (this.#link === link) this.#link = undefined;
        onDown();
      },
    });
    this.#send(link, {
      kind: "register",
      worker: this.name,
      linkNumber: (this.#linkCount += 1),
      running: [...this.running.keys()],
      done: [...this.held.values()].map(({ done }) => done),
      has: [...this.#stages.keys()],
      isDraining: false,
    });
  }

  die(): void {
    this.isAlive = false;
    this.running.clear();
    this.held.clear();
  }

  #send(link: Link | undefined, message: ClusterMessage): void {
    if (this.isAlive) link?.send(encodeMessage(message));
  }

  #handle(message: ToWorker | FetchMessage, link: Link): void {
    switch (message.kind) {
      case "stage":
        this.#stages.set(message.stageKey, message.args as SimStageArgs);
        break;
      case "task":
        this.#run(message);
        break;
      case "cancel":
        for (const id of message.ids) {
          const one = this.running.get(id);
          if (one !== undefined) one.isStopped = true;
        }
        break;
      case "dropStages":
        this.#dropStages(new Set(message.stageKeys));
        break;
      case "dropFiles":
        for (const file of message.files) this.held.delete(file);
        break;
      case "forget":
        for (const key of message.keys) this.#stages.delete(key);
        break;
      case "fetch":
        this.#serveFetch(message, link);
        break;
      case "reset":
        this.#parts.onReset();
        break;
      default:
    }
  }

  #serveFetch({ id, ranges }: Extract<FetchMessage, { kind: "fetch" }>, link: Link): void {
    for (const [place, { file, offset }] of ranges.entries()) {
      const bytes = this.held.get(file)?.bytes.get(offset);
      if (bytes === undefined) {
        return this.#send(link, { kind: "fetched", id, problem: { message: `${file} is not here`, range: place } });
      }
      const { frame, room } = openChunk(id, bytes.length);
      room.set(bytes);
      link.send(frame);
    }
    this.#send(link, { kind: "fetched", id, problem: undefined });
  }

  #dropStages(keys: ReadonlySet<string | undefined>): void {
    for (const [id, one] of this.running) if (keys.has(stageKeyOf(id))) one.isStopped = true;
    for (const id of this.held.keys()) if (keys.has(stageKeyOf(id))) this.held.delete(id);
  }

  #run(task: TaskMessage): void {
    const { id } = task;
    this.#parts.onStarted(id, this);
    const one = { isStopped: false };
    this.running.set(id, one);
    const read: string[][] = [];
    const lost: HeldBlock[] = [];
    // First it fetches, then it computes: what it reads may go while it does either.
    this.#parts.after(this.#parts.workMs() / 4, () => {
      if (!this.isAlive) return;
      for (const blocks of task.inputs) {
        read.push(blocks.flatMap((block) => this.#valueOf(block) ?? (lost.push(block as HeldBlock), [])));
      }
      if (lost.length > 0) return this.#fail(id, "block-lost", lost);
      this.#parts.after(this.#parts.workMs(), () => {
        if (!this.isAlive) return;
        const args = this.#stages.get(task.stageKey);
        if (one.isStopped || args === undefined) return this.#fail(id, "canceled", []);
        if (this.#parts.breaks()) return this.#fail(id, "worker-lost", []);
        this.#finish(task, args, read);
      });
    });
  }

  #valueOf(block: ClusterBlock): string | undefined {
    if (block.kind === "inline") return valueIn(block.bytes);
    const holder = block.worker === this.name ? this : this.#parts.workers.get(block.worker);
    const bytes = holder?.isAlive === true ? holder.held.get(block.file)?.bytes.get(block.offset) : undefined;
    return bytes === undefined ? undefined : valueIn(bytes);
  }

  #finish({ id, stageKey, partition }: TaskMessage, { sliceCount }: SimStageArgs, read: readonly string[][]): void {
    const stage = Number(stageKey.slice(stageKey.indexOf(".") + 1));
    const bytes = new Map<number, Uint8Array>();
    const slices = Array.from({ length: sliceCount }, (_, slice) => {
      // With the name of the attempt, by which a result is known again.
      const block = encodeRows([[sliceOf(stage, partition, slice, read), id]]);
      bytes.set(slice, block);
      return [{ file: id, offset: slice, bytes: block.length, crc32: 0 }];
    });
    const sliceRows = slices.map((_, slice) => rowsIn(stage, partition, slice));
    const done: TaskDone = { kind: "done", id, slices, sliceRows, rowCount: 1, notes: [], fetchedBytes: 0 };
    this.running.delete(id);
    this.held.set(id, { done, bytes });
    this.#send(this.#link, done);
  }

  #fail(id: string, code: "block-lost" | "canceled" | "worker-lost", lost: readonly HeldBlock[]): void {
    this.running.delete(id);
    const error = portError(new RuntimeError(code, `${partitionIdOfTask(id)} in a simulated worker`));
    this.#send(this.#link, { kind: "failed", id, error, lost });
  }
}

/** Rows of the driver are values; those of tasks have the name of their attempt beside them. */
function valueIn(bytes: Uint8Array): string {
  const [row] = decodeRows(bytes) as (string | readonly [string, string])[];
  return typeof row === "string" ? row : (row?.[0] ?? "");
}
