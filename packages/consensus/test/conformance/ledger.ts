import type { Machine } from "../../src/index.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytesOf = (text: string): Uint8Array => encoder.encode(text);
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

/**
 * An account that may not be overdrawn: `prepare` refuses with a reason, and must see what is under way. A request is
 * a signed amount; a transaction is the new balance, so that applying it out of order or twice would show.
 */
export class Ledger implements Machine {
  balance = 0;
  readonly history: number[] = [];
  #prepared: number | undefined;
  lostLeadership = 0;
  reported: (from: number, bytes: Uint8Array) => void = () => undefined;

  prepare(request: Uint8Array): { txn: Uint8Array } | { reject: Uint8Array } {
    const next = (this.#prepared ?? this.balance) + Number(textOf(request));
    if (next < 0) return { reject: bytesOf(`only ${this.#prepared ?? this.balance} left`) };
    this.#prepared = next;
    return { txn: bytesOf(String(next)) };
  }

  apply(_position: bigint, txn: Uint8Array): Uint8Array {
    this.balance = Number(textOf(txn));
    this.history.push(this.balance);
    return bytesOf(`balance ${this.balance}`);
  }

  leadershipLost(): void {
    this.lostLeadership += 1;
    this.#prepared = undefined;
  }

  snapshot(): Iterable<Uint8Array> {
    return [bytesOf(String(this.balance)), bytesOf(JSON.stringify(this.history))];
  }

  restore(chunks: readonly Uint8Array[]): void {
    const [balance, history] = chunks;
    this.#prepared = undefined;
    this.balance = balance === undefined ? 0 : Number(textOf(balance));
    this.history.length = 0;
    for (const one of history === undefined ? [] : (JSON.parse(textOf(history)) as number[])) this.history.push(one);
  }
}
