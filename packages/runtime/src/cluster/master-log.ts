import type { Lease } from "@tutti/coord/recipes";
import type { Session } from "@tutti/coord";
import {
  createMasterState,
  recordsInForce,
  snapshotOf,
  type MasterRecord,
  type MasterState,
} from "../core/master-state.ts";
import { RuntimeError } from "../runtime-error.ts";

/** Records go together up to this size: servers take a megabyte, and a quarter of it is enough. */
const batchBytesMax = 256 * 1024;

/** So many nodes are written before a snapshot takes their place. */
const defaultNodesMax = 1000;

/** Deleted in one transaction. */
const deletesMax = 500;

/** What masters write down, in the coordination service. */
export interface MasterLog {
  readonly state: MasterState;
  /**
   * Resolves when the record is durable. What comes together is written together. Each write is bound to the leadership:
   * a master that another has taken the place of cannot write, and rejects with `executor-closed`.
   */
  append(record: MasterRecord): Promise<void>;
  /**
   * Resolves when it is certain that this master led after the call: what it knows was all there is. Rejects like `append`. To be
   * awaited before anybody is told that something is not there.
   */
  confirm(): Promise<void>;
  /** Aborts before the first write is refused: this master leads no more, whatever it has heard. */
  readonly refused: AbortSignal;
}

interface Pending {
  readonly records: readonly MasterRecord[];
  readonly text: string;
  readonly done: PromiseWithResolvers<void>;
}

/** Reads what the masters before have written. */
export async function openMasterLog(
  session: Session,
  path: string,
  lease: Lease,
  nodesMax: number = defaultNodesMax,
): Promise<MasterLog> {
  const names = (await session.children(path)).toSorted(bySequence);
  const batches = await Promise.all(names.map(async (name) => await session.get(`${path}/${name}`)));
  const records = batches.flatMap(({ data }) => JSON.parse(Buffer.from(data).toString("utf8")) as MasterRecord[]);
  const { state, apply } = createMasterState();
  for (const record of recordsInForce(records)) apply(record);
  return new CoordLog({ session, path, lease, state, apply, names, nodesMax });
}

interface LogParts {
  readonly session: Session;
  readonly path: string;
  readonly lease: Lease;
  readonly state: MasterState;
  readonly apply: (record: MasterRecord) => void;
  readonly names: readonly string[];
  readonly nodesMax: number;
}

class CoordLog implements MasterLog {
  readonly state: MasterState;
  readonly #parts: LogParts;
  /** Nodes that are there, oldest first. */
  #nodes: string[];
  #pending: Pending[] = [];
  #isWriting = false;
  #broken: RuntimeError | undefined;
  readonly #refusal: AbortController = new AbortController();

  constructor(parts: LogParts) {
    this.#parts = parts;
    this.state = parts.state;
    this.#nodes = parts.names.map((name) => `${parts.path}/${name}`);
  }

  get refused(): AbortSignal {
    return this.#refusal.signal;
  }

  append(record: MasterRecord): Promise<void> {
    return this.#enqueue([record]);
  }

  confirm(): Promise<void> {
    return this.#enqueue([]);
  }

  #enqueue(records: readonly MasterRecord[]): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const done = Promise.withResolvers<void>();
    const text = records.map((record) => JSON.stringify(record)).join(",");
    this.#pending.push({ records, text, done });
    if (!this.#isWriting) void this.#write();
    return done.promise;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    // What is said in this turn goes together.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#takeBatch();
      try {
        await this.#writeBatch(batch);
        for (const { records, done } of batch) {
          for (const record of records) this.#parts.apply(record);
          done.resolve();
        }
        if (this.#nodes.length > this.#parts.nodesMax) await this.#compact();
      } catch (cause) {
        this.#break(cause, batch);
      }
    }
    this.#isWriting = false;
  }

  #takeBatch(): Pending[] {
    let bytes = 0;
    const count = this.#pending.findIndex(({ text }, index) => {
      bytes += text.length;
      return index > 0 && bytes > batchBytesMax;
    });
    return this.#pending.splice(0, count < 0 ? this.#pending.length : count);
  }

  async #writeBatch(batch: readonly Pending[]): Promise<void> {
    const { session, path, lease } = this.#parts;
    const texts = batch.map(({ text }) => text).filter((text) => text !== "");
    const data = `[${texts.join(",")}]`;
    for (;;) {
      try {
        const transaction = session.transaction().guard(lease.check);
        if (texts.length === 0) return void (await transaction.commit());
        const [created] = await transaction.create(`${path}/r`, data, { mode: "persistentSequential" }).commit();
        this.#nodes.push(created.path);
        return;
      } catch (thrown) {
        // It may have been written: written twice, records say the same.
        if ((thrown as { readonly code?: unknown }).code !== "connection-lost" || lease.signal.aborted) throw thrown;
      }
    }
  }

  /** The state takes the place of the records that made it. */
  async #compact(): Promise<void> {
    const { session, lease } = this.#parts;
    const old = this.#nodes;
    this.#nodes = [];
    for (const part of inParts(snapshotOf(this.state))) {
      await this.#writeBatch([
        { records: part, text: part.map((one) => JSON.stringify(one)).join(","), done: Promise.withResolvers() },
      ]);
    }
    for (let first = 0; first < old.length; first += deletesMax) {
      let transaction = session.transaction().guard(lease.check);
      for (const node of old.slice(first, first + deletesMax)) transaction = transaction.delete(node) as never;
      await transaction.commit();
    }
  }

  #break(cause: unknown, batch: readonly Pending[]): void {
    this.#broken = new RuntimeError("executor-closed", `this master leads no more: ${String(cause)}`, { cause });
    this.#refusal.abort(this.#broken);
    for (const { done } of [...batch, ...this.#pending.splice(0)]) {
      // Not every writer waits.
      done.promise.catch(() => undefined);
      done.reject(this.#broken);
    }
  }
}

function inParts(records: readonly MasterRecord[]): MasterRecord[][] {
  const parts: MasterRecord[][] = [[]];
  let bytes = 0;
  for (const record of records) {
    const size = JSON.stringify(record).length;
    if (bytes + size > batchBytesMax) {
      parts.push([]);
      bytes = 0;
    }
    bytes += size;
    parts.at(-1)?.push(record);
  }
  return parts;
}

/** The counter is a signed 32-bit number; a log does not live that long in one folder, and still. */
function bySequence(left: string, right: string): number {
  return (Number(left.slice(1)) - Number(right.slice(1))) | 0;
}
