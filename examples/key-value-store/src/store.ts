import type { Machine } from "@tutti/consensus";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What is replicated: keys with values, changed by commands, the same on every replica. */
export class Store implements Machine {
  #values = new Map<string, string>();

  get(key: string): string | undefined {
    return this.#values.get(key);
  }
  apply(_position: bigint, command: Uint8Array): Uint8Array {
    const { key, value, expected } = JSON.parse(decoder.decode(command)) as Command;
    const present = this.#values.get(key);
    // Decided where it is applied, in the one order that all replicas share.
    if (expected !== undefined && expected !== present) return encoder.encode(`no, it is ${present}`);
    this.#values.set(key, value);
    return encoder.encode("done");
  }
  *snapshot(): Iterable<Uint8Array> {
    yield encoder.encode(JSON.stringify([...this.#values]));
  }
  restore([chunk]: readonly Uint8Array[]): void {
    this.#values = new Map(chunk === undefined ? [] : (JSON.parse(decoder.decode(chunk)) as [string, string][]));
  }
}

export interface Command {
  readonly key: string;
  readonly value: string;
  /** Set only where this is the value. */
  readonly expected?: string;
}

export function encodeCommand(command: Command): Uint8Array {
  return encoder.encode(JSON.stringify(command));
}

export function decodeAnswer(answer: Uint8Array): string {
  return decoder.decode(answer);
}
