import type { Machine, NodeId, PrepareContext, PrepareResult, Replica } from "@tutti/consensus";
import type { CoordMachine } from "../core/coord-machine.ts";
import { Fifo } from "../core/fifo.ts";
import { membersOf, parseConfig } from "../core/ensemble-config.ts";
import type { Txn } from "../core/txn.ts";
import { readTxn, writeTxn } from "../core/txn-codec.ts";
import type { WriteRequest } from "../core/write-request.ts";
import { readWriteRequest, writeWriteRequest } from "../core/write-request-codec.ts";
import { specialPaths } from "../core/zookeeper-path.ts";
import type { CommitListener, ProposalToken, Replication } from "../ports/replication.ts";
import { JuteReader } from "../protocol/jute-reader.ts";
import { packedChunks, unpackedChunks } from "./packed-chunks.ts";
import type { ServerClock } from "./server-clock.ts";
import { JuteWriter } from "../protocol/jute-writer.ts";

/** Whose wait an entry of the log ends: this life of a server, and its token. */
interface Mark {
  readonly life: bigint;
  readonly token: ProposalToken;
}

function writeMark(writer: JuteWriter, { life, token }: Mark): void {
  writer.long(life);
  writer.long(BigInt(token));
}

function readMark(reader: JuteReader): Mark {
  return { life: reader.long(), token: Number(reader.long()) };
}

/** The members that a new content of the configuration's node names. */
function membersIn(data: Uint8Array | null): Pick<Extract<PrepareResult, { readonly txn: Uint8Array }>, "members"> {
  return { members: membersOf(parseConfig(new TextDecoder().decode(data ?? nothing)).servers) };
}

/** Of this server to itself. */
interface LocalRequest {
  readonly place: Uint8Array;
  readonly request: WriteRequest;
  readonly token: ProposalToken;
}

export interface ReplicatedMachineOptions {
  readonly clock: Pick<ServerClock, "drawName">;
  /** Hears of every other configuration of the ensemble, at its place in the log. */
  readonly onConfig: (text: string) => void;
  /** What is encoded in one turn while a snapshot is drawn. Default 256 KiB, a few milliseconds' work. */
  readonly viewChunkBytes?: number | undefined;
}

const nothing = new Uint8Array(0);
const viewChunkBytesDefault = 256 * 1024;

/**
 * ZooKeeper's machine behind consensus, and consensus as the pipeline's way of a write: bytes on one side, requests,
 * transactions and tokens on the other. An entry of the log is a mark and a transaction.
 */
export class ReplicatedMachine implements Machine, Replication {
  /** A change of a node is checked against those before it, applied or not. */
  readonly needsPrimaryOrder: boolean = true;
  readonly #machine: CoordMachine;
  /** Nobody else has it, and this server has another after each start: a token of an earlier life wakes nobody. */
  readonly #life: bigint;
  /** Requests of this server to itself as the leader, in their order: they are never bytes, an empty array stands for each. */
  readonly #local = new Fifo<LocalRequest>();
  #isLeading = false;
  /** What this server prepared as the leader, in its order, so that it need not be read again from its bytes. */
  readonly #prepared = new Fifo<{ readonly position: bigint; readonly txn: Txn }>();
  readonly #options: ReplicatedMachineOptions;
  #listener: CommitListener | undefined;
  #replica: Replica | undefined;

  constructor(machine: CoordMachine, options: ReplicatedMachineOptions) {
    this.#machine = machine;
    this.#options = options;
    this.#life = BigInt.asIntN(64, options.clock.drawName());
  }

  /** Wires the listener and the replica, which are made of this. */
  connect(listener: CommitListener, replica: Replica): void {
    this.#listener = listener;
    this.#replica = replica;
    const { id } = replica.status();
    const tell = ({ leader }: { readonly leader: number | undefined }): void => {
      this.#isLeading = leader === id;
      listener.ledBy(leader === undefined ? "none" : leader === id ? "self" : "other");
    };
    replica.events.on("leader", tell);
    this.#tellConfig();
    tell(replica.status());
  }

  propose(request: WriteRequest, token: ProposalToken): void {
    // Not taken means that the leader was just lost, of which the listener hears, and then nobody waits.
    if (this.#isLeading) {
      const place = new Uint8Array(0);
      this.#local.push({ place, request, token });
      this.#replica?.submit(place);
      return;
    }
    const writer = new JuteWriter();
    writeMark(writer, { life: this.#life, token });
    writeWriteRequest(writer, request);
    this.#replica?.submit(writer.finish());
  }

  sync(token: ProposalToken): void {
    const listener = this.#listener;
    this.#replica?.read(() => listener?.synced(token)).catch(() => undefined);
  }

  /** What is asked of the leader later comes to it later, or the leader has changed. */
  report(sessionIds: readonly bigint[], ended: (isConfirmed: boolean) => void): void {
    const words = BigInt64Array.from([this.#life, ...sessionIds]);
    if (!this.#isLeading) this.#replica?.toLeader(new Uint8Array(words.buffer));
    this.#replica?.read(() => ended(true)).catch(() => ended(false));
  }

  prepare(bytes: Uint8Array, { position, epoch, nowMs, membership }: PrepareContext): PrepareResult {
    const { mark, request } = this.#requestOf(bytes);
    const moment = { position, epoch: BigInt(epoch), nowMs: BigInt(nowMs), membership };
    const txn = this.#machine.prepare(request, moment);
    this.#prepared.push({ position, txn });
    const writer = new JuteWriter();
    writeMark(writer, mark);
    writeTxn(writer, txn);
    const change = request.op.type === "reconfig" && txn.body.type === "setData" ? membersIn(txn.body.data) : {};
    return { txn: writer.finish(), ...change };
  }

  #requestOf(bytes: Uint8Array): { readonly mark: Mark; readonly request: WriteRequest } {
    const local = bytes.length === 0 ? this.#takeLocal(bytes) : undefined;
    if (local !== undefined) {
      return { mark: { life: this.#life, token: local.token }, request: local.request };
    }
    const reader = new JuteReader(bytes);
    const mark = readMark(reader);
    return { mark, request: readWriteRequest(reader) };
  }

  /** Those before it were not taken, and never will be. */
  #takeLocal(place: Uint8Array): LocalRequest | undefined {
    for (let first = this.#local.shift(); first !== undefined; first = this.#local.shift()) {
      if (first.place === place) return first;
    }
    return undefined;
  }

  #takePrepared(position: bigint): Txn | undefined {
    while ((this.#prepared.first?.position ?? position) < position) this.#prepared.shift();
    return this.#prepared.first?.position === position ? this.#prepared.shift()?.txn : undefined;
  }

  apply(position: bigint, bytes: Uint8Array): Uint8Array {
    const reader = new JuteReader(bytes);
    const { life, token } = readMark(reader);
    const txn = this.#takePrepared(position) ?? readTxn(reader);
    const result = this.#machine.apply(position, txn);
    if (result.changes.some(({ path }) => path === specialPaths.config)) this.#tellConfig();
    this.#listener?.committed({ token: life === this.#life ? token : 0, txn, result });
    return nothing;
  }

  snapshot(): Iterable<Uint8Array> {
    return packedChunks(this.#machine.snapshot());
  }

  view(): Iterable<Uint8Array> {
    return packedChunks(this.#machine.snapshot(this.#options.viewChunkBytes ?? viewChunkBytesDefault));
  }

  restore(chunks: readonly Uint8Array[]): void {
    this.#machine.restore(unpackedChunks(chunks));
    this.#tellConfig();
    this.#prepared.clear();
    this.#listener?.restored();
  }

  #tellConfig(): void {
    // While the replica is being opened there is nobody to tell; `connect` does it then.
    if (this.#replica === undefined) return;
    this.#options.onConfig(
      new TextDecoder().decode(this.#machine.tree.get(specialPaths.config)?.data ?? new Uint8Array(0)),
    );
  }

  leadershipLost(): void {
    this.#isLeading = false;
    this.#local.clear();
    this.#prepared.clear();
    this.#machine.leadershipLost();
  }

  reported(from: NodeId, bytes: Uint8Array): void {
    const whole = bytes.slice(0, bytes.length - (bytes.length % BigInt64Array.BYTES_PER_ELEMENT));
    const [life, ...sessionIds] = new BigInt64Array(whole.buffer);
    if (life !== undefined) this.#listener?.reported({ serverId: from, life, sessionIds });
  }
}
