import { assert } from "@tutti/stdx";
import type { Entry, NodeId } from "../core/entry.ts";
import { unnamedClient } from "../core/entry.ts";
import { formatZxid, type Zxid } from "../core/zxid.ts";
import type { Machine } from "../driver/machine.ts";
import { crc32 } from "../log/crc32.ts";
import type { Checker } from "./checker.ts";
import { encodeSubmission, type Submission } from "./request-name.ts";

/** The client of all requests with a name. */
export const simulatedClient = 1n;
const headerBytes = 16;

/** How a simulated request is called: by its number, or by who submitted it. */
export type RequestName = { readonly sequence: number } | { readonly submission: Submission };

/** A request as it travels: its name, so that it is known again in what is applied, and the user's bytes. */
export function encodeRequest(name: RequestName, request: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + request.length);
  const view = new DataView(bytes.buffer);
  if ("sequence" in name) view.setUint32(12, name.sequence);
  else bytes.set(encodeSubmission(name.submission), 0);
  bytes.set(request, headerBytes);
  return bytes;
}

function entryOf(zxid: Zxid, txn: Uint8Array): Entry {
  const sequence = new DataView(txn.buffer, txn.byteOffset).getUint32(12);
  if (sequence > 0) return { zxid, kind: "txn", client: simulatedClient, sequence, payload: txn };
  return { zxid, kind: "txn", client: unnamedClient, sequence: 0, payload: txn.slice(0, 12) };
}

function joined(header: Uint8Array, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + rest.length);
  bytes.set(header.subarray(0, headerBytes), 0);
  bytes.set(rest, headerBytes);
  return bytes;
}

/** What all replicas of a run must agree on beside the order, by position. */
export class Digests {
  readonly #answers: Map<Zxid, number> = new Map<Zxid, number>();
  readonly #states: Map<Zxid, string> = new Map<Zxid, string>();

  answered(position: Zxid, answer: Uint8Array): void {
    const digest = crc32(answer);
    const known = this.#answers.get(position) ?? digest;
    this.#answers.set(position, digest);
    const at = formatZxid(position);
    assert(known === digest, `every replica answers alike at ${at}: apply depends on state and arguments alone`);
  }

  reached(node: NodeId, position: Zxid, digest: string): void {
    const known = this.#states.get(position) ?? digest;
    this.#states.set(position, digest);
    assert(known === digest, `the state of ${node} at ${formatZxid(position)} is the one that it is everywhere`);
  }
}

export interface WitnessOptions {
  readonly node: NodeId;
  readonly inner: Machine;
  readonly checker: Checker;
  readonly digests: Digests;
  /** Of a state, where its snapshot is not the same on all replicas. */
  readonly digest: (() => string) | undefined;
  /** Whether the process still runs: what a dead one does is not seen by anybody. */
  readonly isAlive: () => boolean;
  /** A check that runs inside the replica failed. */
  readonly fail: (error: unknown) => void;
  readonly onApply: (entry: Entry, answer: Uint8Array) => void;
}

/** A machine around the user's, which sees all that is applied, and holds it against what others applied. */
export interface Witness extends Machine {
  /** The last position that was applied, or the snapshot's. */
  readonly position: Zxid;
  readonly digest: string;
}

export function createWitness(options: WitnessOptions): Witness {
  return new WitnessMachine(options);
}

class WitnessMachine implements Witness {
  readonly prepare?: NonNullable<Machine["prepare"]>;
  readonly view?: NonNullable<Machine["view"]>;
  readonly #options: WitnessOptions;
  #position: Zxid = 0n;

  constructor(options: WitnessOptions) {
    this.#options = options;
    const { inner } = options;
    // A machine without these is treated in another way than one that has them.
    if (inner.prepare !== undefined) {
      this.prepare = (request, context) => {
        const prepared = inner.prepare?.(request.subarray(headerBytes), context);
        if (prepared === undefined || "reject" in prepared) return prepared ?? { txn: request };
        return { txn: joined(request, prepared.txn) };
      };
    }
    if (inner.view !== undefined) this.view = () => this.#witnessed(inner.view?.() ?? []);
  }

  get position(): Zxid {
    return this.#position;
  }

  get digest(): string {
    return this.#options.digest?.() ?? digestOf(this.#options.inner.snapshot());
  }

  apply(position: Zxid, txn: Uint8Array): Uint8Array {
    const { node, inner, checker, digests, onApply } = this.#options;
    const entry = entryOf(position, txn);
    const answer = inner.apply(position, txn.subarray(headerBytes));
    this.#position = position;
    this.#check(() => {
      checker.applied(node, entry);
      digests.answered(position, answer);
      onApply(entry, answer);
    });
    return answer;
  }

  snapshot(): Iterable<Uint8Array> {
    return this.#witnessed(this.#options.inner.snapshot());
  }

  restore(chunks: readonly Uint8Array[]): void {
    const { node, inner, checker } = this.#options;
    const [head, ...rest] = chunks;
    this.#position = head === undefined ? 0n : new DataView(head.buffer, head.byteOffset).getBigUint64(0);
    inner.restore(rest);
    this.#check(() => checker.restored(node, this.#position));
    if (head !== undefined && this.#options.digest === undefined) this.#reached(this.#position, digestOf(rest));
  }

  reported(from: NodeId, bytes: Uint8Array): void {
    this.#options.inner.reported?.(from, bytes);
  }

  leadershipLost(): void {
    this.#options.inner.leadershipLost?.();
  }

  /** The user's chunks behind one of our own, and their digest when all were drawn. */
  #witnessed(chunks: Iterable<Uint8Array>): Iterable<Uint8Array> {
    // Now, and not when the chunks are drawn.
    return this.#draw(chunks, this.#position, this.#options.digest?.());
  }

  *#draw(chunks: Iterable<Uint8Array>, position: Zxid, digest: string | undefined): Generator<Uint8Array> {
    const head = new Uint8Array(8);
    new DataView(head.buffer).setBigUint64(0, position);
    yield head;
    let checksum = 0;
    for (const chunk of chunks) {
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
    this.#reached(position, digest ?? String(checksum));
  }

  #reached(position: Zxid, digest: string): void {
    this.#check(() => this.#options.digests.reached(this.#options.node, position, digest));
  }

  /** A replica takes what its machine throws for an error of the machine; here it is the end of the run. */
  #check(run: () => void): void {
    if (!this.#options.isAlive()) return;
    try {
      run();
    } catch (thrown) {
      this.#options.fail(thrown);
    }
  }
}

function digestOf(chunks: Iterable<Uint8Array>): string {
  let checksum = 0;
  for (const chunk of chunks) checksum = crc32(chunk, checksum);
  return String(checksum);
}
