import type { Machine, NodeId, PrepareContext, PrepareResult, Replica } from "@tutti/consensus";
import { randomBytes } from "node:crypto";
import type { CoordMachine } from "../core/coord-machine.ts";
import type { Txn } from "../core/txn.ts";
import { readTxn, writeTxn } from "../core/txn-codec.ts";
import type { WriteRequest } from "../core/write-request.ts";
import { readWriteRequest, writeWriteRequest } from "../core/write-request-codec.ts";
import type { CommitListener, ProposalToken, Replication } from "../ports/replication.ts";
import { JuteReader } from "../protocol/jute-reader.ts";
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

const nothing = new Uint8Array(0);

/**
 * ZooKeeper's machine behind consensus, and consensus as the pipeline's way of a write: bytes on one side, requests,
 * transactions and tokens on the other. An entry of the log is a mark and a transaction.
 */
export class ReplicatedMachine implements Machine, Replication {
  readonly #machine: CoordMachine;
  /** Nobody else has it, and this server has another after each start: a token of an earlier life wakes nobody. */
  readonly #life: bigint = randomBytes(8).readBigInt64BE(0);
  /** What this server prepared as the leader, by position, so that it need not be read again from its bytes. */
  readonly #prepared = new Map<bigint, Txn>();
  #listener: CommitListener | undefined;
  #replica: Replica | undefined;

  constructor(machine: CoordMachine) {
    this.#machine = machine;
  }

  /** Wires the listener and the replica, which are made of this. */
  connect(listener: CommitListener, replica: Replica): void {
    this.#listener = listener;
    this.#replica = replica;
    const { id } = replica.status();
    const tell = ({ leader }: { readonly leader: number | undefined }): void => {
      listener.ledBy(leader === undefined ? "none" : leader === id ? "self" : "other");
    };
    replica.events.on("leader", tell);
    tell(replica.status());
  }

  propose(request: WriteRequest, token: ProposalToken): void {
    const writer = new JuteWriter();
    writeMark(writer, { life: this.#life, token });
    writeWriteRequest(writer, request);
    // Not taken means that the leader was just lost, of which the listener hears, and then nobody waits.
    this.#replica?.submit(writer.finish());
  }

  sync(token: ProposalToken): void {
    const listener = this.#listener;
    this.#replica?.read(() => listener?.synced(token)).catch(() => undefined);
  }

  tellHeard(sessionIds: readonly bigint[]): void {
    this.#replica?.toLeader(new Uint8Array(BigInt64Array.from(sessionIds).buffer));
  }

  prepare(request: Uint8Array, { position, epoch, nowMs }: PrepareContext): PrepareResult {
    const reader = new JuteReader(request);
    const mark = readMark(reader);
    const moment = { position, epoch: BigInt(epoch), nowMs: BigInt(nowMs) };
    const txn = this.#machine.prepare(readWriteRequest(reader), moment);
    this.#prepared.set(position, txn);
    const writer = new JuteWriter();
    writeMark(writer, mark);
    writeTxn(writer, txn);
    return { txn: writer.finish() };
  }

  apply(position: bigint, bytes: Uint8Array): Uint8Array {
    const reader = new JuteReader(bytes);
    const { life, token } = readMark(reader);
    const txn = this.#prepared.get(position) ?? readTxn(reader);
    this.#prepared.delete(position);
    const result = this.#machine.apply(position, txn);
    this.#listener?.committed({ token: life === this.#life ? token : 0, txn, result });
    return nothing;
  }

  snapshot(): Iterable<Uint8Array> {
    return this.#machine.snapshot();
  }

  restore(chunks: readonly Uint8Array[]): void {
    this.#machine.restore(chunks);
    this.#prepared.clear();
    this.#listener?.restored();
  }

  leadershipLost(): void {
    this.#prepared.clear();
    this.#machine.leadershipLost();
  }

  reported(_from: NodeId, bytes: Uint8Array): void {
    const whole = bytes.slice(0, bytes.length - (bytes.length % BigInt64Array.BYTES_PER_ELEMENT));
    this.#listener?.heard([...new BigInt64Array(whole.buffer)]);
  }
}
