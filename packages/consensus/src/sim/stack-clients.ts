import { requestKey, type Entry, type NodeId } from "../core/entry.ts";
import type { Zxid } from "../core/zxid.ts";
import { ConsensusError } from "../consensus-error.ts";
import type { Machine } from "../driver/machine.ts";
import type { ProposeResult } from "../driver/replica.ts";
import type { Checker } from "./checker.ts";
import { readReconfigure, startReconfiguring } from "./reconfiguring.ts";
import { nameOf } from "./request-name.ts";
import type { Running, StackNode } from "./stack-node.ts";
import type { ClientCall, StackWorkload } from "./stack-workload.ts";
import type { ScriptedEvent } from "./script.ts";
import type { SimWorld } from "./sim-world.ts";
import { encodeRequest, simulatedClient } from "./witness.ts";

const firstProbe = 1_000_000;
/** Room for the reads between two positions. */
const readBits = 24n;

interface Call {
  readonly process: NodeId;
  readonly input: Uint8Array;
  readonly calledAt: number;
  ended: { readonly position: Zxid; readonly output: Uint8Array; readonly atMs: number } | undefined;
}

type Ask = Pick<ScriptedEvent, "act" | "node" | "value">;

export interface ClientsOptions<M extends Machine> {
  /** Told of all that clients do. */
  readonly onAsk: (event: Ask) => void;
  readonly world: SimWorld;
  readonly nodes: ReadonlyMap<NodeId, StackNode<M>>;
  readonly checker: Checker;
  readonly workload: StackWorkload<M>;
}

/** How the calls of a run ended, as clients saw it. */
export interface CallCounts {
  acknowledged: number;
  refused: number;
  lost: number;
  unknown: number;
  reads: number;
  submitted: number;
  /** Changes of members that were over within their time. */
  reconfigured: number;
}

/** Clients of all replicas: proposals, reads, submitted requests, and now and then the same request once more elsewhere. */
export class StackClients<M extends Machine> {
  readonly counts: CallCounts = {
    acknowledged: 0,
    refused: 0,
    lost: 0,
    unknown: 0,
    reads: 0,
    submitted: 0,
    reconfigured: 0,
  };
  readonly #options: ClientsOptions<M>;
  readonly #calls: Map<string, Call> = new Map<string, Call>();
  readonly #reads: ClientCall[] = [];
  readonly #submitted: Map<string, number> = new Map<string, number>();
  #sequence = 0;
  #nextProbe = firstProbe;
  #readCount = 0;

  constructor(options: ClientsOptions<M>) {
    this.#options = options;
  }

  /** Whoever asks for other members. */
  startReconfiguring(isOver: () => boolean): void {
    const { world, nodes } = this.#options;
    const ask = ({ act, node, value }: Ask): void => this.#told(act, nodes.get(node), value);
    startReconfiguring({ queue: world.queue, chance: world.chance(9), ids: [...nodes.keys()], isOver, ask });
  }

  start(isOver: () => boolean): void {
    const { world, nodes } = this.#options;
    const chance = world.chance(5);
    const meanMs = 1 + chance.nextUnit() * 20;
    const submitChance = chance.nextUnit() < 0.5 ? 0 : chance.nextUnit();
    const burstMax = chance.nextUnit() < 0.5 ? 1 : 1 + chance.nextBelow(8);
    const ids = [...nodes.keys()];
    const pick = (): StackNode<M> | undefined => nodes.get(ids[chance.nextBelow(ids.length)] ?? 1);
    const next = (): void => {
      if (isOver()) return;
      for (let left = 1 + chance.nextBelow(burstMax); left > 0; left -= 1) {
        const again = chance.nextUnit() < 0.1 ? pick() : undefined;
        this.#propose(pick(), again, chance.nextUnit() * 100, chance.nextUnit() < 0.1);
      }
      if (chance.nextUnit() < submitChance) {
        const submitter = pick();
        for (let left = 1 + chance.nextBelow(4); left > 0; left -= 1) this.#told("submit", submitter);
      }
      if (chance.nextUnit() < 0.5) {
        // Who believes to lead is asked more often: stale answers come from leaders that were replaced.
        const leading = [...nodes.values()].filter((one) => one.status?.role === "leading");
        const reader = chance.nextUnit() < 0.5 ? pick() : leading[chance.nextBelow(Math.max(1, leading.length))];
        this.#told("read", reader);
      }
      world.queue.at(world.nowMs - Math.log(1 - chance.nextUnit()) * meanMs, next);
    };
    world.queue.at(50, next);
  }

  /** Told of what each replica applies. */
  applied(entry: Entry, answer: Uint8Array): void {
    const call = this.#calls.get(nameOf(entry));
    if (call !== undefined) {
      call.ended ??= { position: entry.zxid, output: answer.slice(), atMs: this.#options.world.nowMs };
    }
  }

  /** All calls of which it is known how they ended. */
  history(): readonly ClientCall[] {
    const made = [...this.#calls.values()].flatMap(({ process, input: bytes, calledAt, ended }): ClientCall[] => {
      if (ended === undefined) return [];
      const { position, output, atMs: returnedAt } = ended;
      return [
        { process, position: position << readBits, input: { kind: "propose", bytes }, output, calledAt, returnedAt },
      ];
    });
    // Each has a place of its own: reads of one position in the order in which they were made.
    const reads = this.#reads
      .toSorted((left, right) => left.calledAt - right.calledAt)
      .map((call, index) => ({ ...call, position: (call.position << readBits) + BigInt(index + 1) }));
    return [...made, ...reads];
  }

  /** One proposal at each of these, which will say whether the ensemble is alive. */
  probe(nodes: readonly StackNode<M>[]): void {
    for (const { id: node } of nodes) this.ask({ act: "propose", node, value: (this.#nextProbe += 1) });
  }

  #propose(node: StackNode<M> | undefined, again: StackNode<M> | undefined, afterMs: number, isHurried: boolean): void {
    const { world, checker } = this.#options;
    if (node?.running === undefined) return;
    const sequence = (this.#sequence += 1);
    this.#told(isHurried ? "proposeInHaste" : "propose", node, sequence);
    if (again === undefined || again === node) return;
    checker.repeated(requestKey({ client: simulatedClient, sequence }));
    world.queue.at(world.nowMs + afterMs, () => this.#told("propose", again, sequence));
  }

  #told(act: string, node: StackNode<M> | undefined, value?: number): void {
    if (node === undefined) return;
    const event = { act, node: node.id, ...(value === undefined ? {} : { value }) };
    this.#options.onAsk(event);
    this.ask(event);
  }

  /** Does what one event of a client says. */
  ask({ act, node: id, value = 0 }: Ask): void {
    const node = this.#options.nodes.get(id);
    if (act === "submit") this.#submit(node);
    else if (act === "read") this.#read(node);
    else if (act === "reconfigure") this.#reconfigure(node, value);
    else if (node !== undefined) this.#send(node, value, act === "proposeInHaste" ? 20 : undefined);
  }

  #send(node: StackNode<M>, sequence: number, timeoutMs: number | undefined): void {
    const { running } = node;
    const { world, workload } = this.#options;
    const key = requestKey({ client: simulatedClient, sequence });
    if (running === undefined || node.open.has(key)) return;
    const call = this.#calls.get(key) ?? {
      process: node.id,
      input: workload.request(world.chance(9000 + sequence)),
      calledAt: world.nowMs,
      ended: undefined,
    };
    this.#calls.set(key, call);
    node.open.add(key);
    const request = { client: simulatedClient, sequence };
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    running.replica
      .propose(encodeRequest({ sequence }, call.input), { request, ...limit })
      .then(
        (result) => this.#seen(node, running, () => this.#acknowledged(key, call, result)),
        (error: unknown) => this.#seen(node, running, () => this.#refused(key, error)),
      )
      .then(
        () => {
          if (running.process.isAlive) node.open.delete(key);
        },
        (error: unknown) => world.fail(error),
      );
  }

  /** Nobody hears what a dead process would have said. */
  #seen(node: StackNode<M>, { process }: Running<M>, run: () => void): void {
    if (process.isAlive && node.isUp) run();
  }

  #acknowledged(key: string, call: Call, { position, answer }: ProposeResult): void {
    this.counts.acknowledged += 1;
    this.#options.checker.acknowledged(key, position);
    const isSame = call.ended !== undefined && isEqual(call.ended.output, answer);
    if (!isSame) throw new Error(`request ${key} is answered with what it was answered when it was applied`);
  }

  #refused(key: string, error: unknown): void {
    if (!(error instanceof ConsensusError)) throw error;
    if (error.code === "proposal-rejected") {
      this.counts.refused += 1;
    } else if (error.maybeApplied) {
      this.counts.unknown += 1;
    } else if (error.code === "proposal-lost" || error.code === "overloaded") {
      this.counts.lost += 1;
      this.#options.checker.lost(key);
    } else if (!isStop(error)) {
      throw error;
    }
  }

  /** Refused, lost or too late: all of that is an answer. */
  #reconfigure(node: StackNode<M> | undefined, value: number): void {
    const { running } = node ?? {};
    if (running === undefined) return;
    running.replica.reconfigure(readReconfigure(value).members, { timeoutMs: 500 }).then(
      () => void (this.counts.reconfigured += 1),
      (error: unknown) => {
        if (!(error instanceof ConsensusError)) this.#options.world.fail(error);
      },
    );
  }

  #submit(node: StackNode<M> | undefined): void {
    const { running } = node ?? {};
    if (node === undefined || running === undefined) return;
    const { world, workload } = this.#options;
    const input = workload.request(world.chance(5_000_000 + this.counts.submitted));
    const { life } = running.process;
    const source = `${node.id}.${life}`;
    const sequence = (this.#submitted.get(source) ?? 0) + 1;
    const submission = { node: node.id, life, sequence };
    const bytes = encodeRequest({ submission }, input);
    if (!running.replica.submit(bytes)) return;
    this.#submitted.set(source, sequence);
    this.counts.submitted += 1;
    const key = `submitted by ${source}/${sequence}`;
    this.#calls.set(key, { process: node.id, input, calledAt: world.nowMs, ended: undefined });
  }

  #read(node: StackNode<M> | undefined): void {
    const { running } = node ?? {};
    if (node === undefined || running === undefined) return;
    const { world, workload, checker } = this.#options;
    const read = `${(this.#readCount += 1)}`;
    const question = workload.question?.(world.chance(20_000_000 + this.#readCount)) ?? new Uint8Array(0);
    const calledAt = world.nowMs;
    checker.readAsked(read);
    const query = (): { position: bigint; output: Uint8Array } => ({
      position: running.witness.position,
      output: workload.answer?.(running.machine, question) ?? new Uint8Array(0),
    });
    running.replica
      .read(query, { timeoutMs: 500 })
      .then(
        ({ position, output }) =>
          this.#seen(node, running, () => {
            this.counts.reads += 1;
            checker.readAnswered(read, position);
            const { nowMs: returnedAt } = world;
            const input = { kind: "read", bytes: question } as const;
            this.#reads.push({ process: node.id, position, input, output, calledAt, returnedAt });
          }),
        (error: unknown) => {
          const isExpected = error instanceof ConsensusError && (error.code === "timeout" || isStop(error));
          if (!isExpected && running.process.isAlive) throw error;
        },
      )
      .catch((error: unknown) => world.fail(error));
  }
}

function isStop({ code }: ConsensusError): boolean {
  return code === "storage-failed" || code === "closed";
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
