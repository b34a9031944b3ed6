import { ChurningMap } from "@tutti/stdx";
import type { Zxid } from "../core/zxid.ts";

/** How a request ended: applied, or refused by the machine. */
export interface Answer {
  readonly position: Zxid;
  readonly rejected: boolean;
  readonly answer: Uint8Array;
}

interface Client {
  newestSequence: number;
  readonly answers: ChurningMap<number, Answer>;
}

const answerHeaderBytes = 8 + 8 + 8 + 1 + 4;

/**
 * The answers to recent requests by client and sequence, so that a retry is answered and not applied again.
 *
 * It is a function of the applied log, and so equal on all replicas, and part of every snapshot. Both bounds are part
 * of that function: replicas of one ensemble must agree on them.
 */
export class AnswerTable {
  readonly #clients: ChurningMap<bigint, Client> = new ChurningMap<bigint, Client>();
  readonly #perClientMax: number;
  readonly #clientsMax: number;

  constructor(perClientMax: number = 4096, clientsMax: number = 4096) {
    this.#perClientMax = perClientMax;
    this.#clientsMax = clientsMax;
  }

  /** `expired`: so far behind its client's newest request that its answer may have been dropped. */
  lookup(client: bigint, sequence: number): Answer | "expired" | undefined {
    const known = this.#clients.get(client);
    if (known === undefined) return undefined;
    const answer = known.answers.get(sequence);
    if (answer !== undefined) return answer;
    return sequence <= known.newestSequence - this.#perClientMax ? "expired" : undefined;
  }

  record(client: bigint, sequence: number, answer: Answer): void {
    const known = this.#clients.get(client) ?? { newestSequence: 0, answers: new ChurningMap<number, Answer>() };
    // The least recently active client goes first.
    this.#clients.delete(client);
    this.#clients.set(client, known);
    known.answers.set(sequence, answer);
    known.newestSequence = Math.max(known.newestSequence, sequence);
    for (const old of known.answers.keys()) {
      if (old > known.newestSequence - this.#perClientMax) break;
      known.answers.delete(old);
    }
    if (this.#clients.size <= this.#clientsMax) return;
    for (const oldest of this.#clients.keys()) {
      this.#clients.delete(oldest);
      return;
    }
  }

  encode(): Uint8Array {
    let length = 0;
    for (const { answers } of this.#clients.values()) {
      for (const { answer } of answers.values()) length += answerHeaderBytes + answer.length;
    }
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    let offset = 0;
    for (const [client, { answers }] of this.#clients) {
      for (const [sequence, { position, rejected, answer }] of answers) {
        view.setBigUint64(offset, BigInt.asUintN(64, client), true);
        view.setBigUint64(offset + 8, BigInt(sequence), true);
        view.setBigUint64(offset + 16, position, true);
        view.setUint8(offset + 24, rejected ? 1 : 0);
        view.setUint32(offset + 25, answer.length, true);
        bytes.set(answer, offset + answerHeaderBytes);
        offset += answerHeaderBytes + answer.length;
      }
    }
    return bytes;
  }

  /** Becomes what was encoded. The order of clients and answers, on which eviction depends, is kept. */
  decode(bytes: Uint8Array): void {
    this.#clients.clear();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let offset = 0;
    while (offset < bytes.length) {
      const start = offset + answerHeaderBytes;
      const end = start + view.getUint32(offset + 25, true);
      const answer: Answer = {
        position: view.getBigUint64(offset + 16, true),
        rejected: view.getUint8(offset + 24) === 1,
        answer: bytes.slice(start, end),
      };
      this.record(view.getBigUint64(offset, true), Number(view.getBigUint64(offset + 8, true)), answer);
      offset = end;
    }
  }
}
