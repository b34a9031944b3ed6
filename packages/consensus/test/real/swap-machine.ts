import type { Model } from "../../src/check/index.ts";
import type { Machine } from "../../src/index.ts";

/** A text under a key, and where in the log it was put there. */
export interface Kept {
  readonly value: string;
  readonly position: bigint;
}

export type SwapInput =
  | { readonly kind: "swap"; readonly key: string; readonly value: string }
  | { readonly kind: "read"; readonly key: string };

/**
 * Texts by key. Whoever puts one there is told which one it replaced: so that every write bears witness to the one before it,
 * and a write whose own end nobody knows is found by what was put over it.
 */
export class SwapMachine implements Machine {
  readonly #kept = new Map<string, Kept>();

  get(key: string): Kept | undefined {
    return this.#kept.get(key);
  }

  apply(position: bigint, txn: Uint8Array): Uint8Array {
    const { key, value } = JSON.parse(Buffer.from(txn).toString()) as { readonly key: string; readonly value: string };
    const replaced = this.#kept.get(key);
    this.#kept.set(key, { value, position });
    return Buffer.from(JSON.stringify(replaced === undefined ? null : toJson(replaced)));
  }

  *snapshot(): Generator<Uint8Array> {
    for (const [key, kept] of this.#kept) yield Buffer.from(JSON.stringify([key, toJson(kept)]));
  }

  restore(chunks: readonly Uint8Array[]): void {
    this.#kept.clear();
    for (const chunk of chunks) {
      const [key, kept] = JSON.parse(Buffer.from(chunk).toString()) as [string, KeptJson];
      this.#kept.set(key, fromJson(kept));
    }
  }
}

/** As it travels between processes. */
export interface KeptJson {
  readonly value: string;
  readonly position: string;
}

export function toJson({ value, position }: Kept): KeptJson {
  return { value, position: String(position) };
}

export function fromJson({ value, position }: KeptJson): Kept {
  return { value, position: BigInt(position) };
}

/** `null` where nothing was under the key, `undefined` where nobody knows what was answered. */
export function swapModel(): Model<string | null, SwapInput, string | null | undefined> {
  return {
    name: "swaps",
    initial: null,
    step: (state, input, output) => {
      if (output !== undefined && output !== state) return undefined;
      return { next: input.kind === "swap" ? input.value : state };
    },
    identify: (state) => state ?? "nothing",
    partition: ({ key }) => key,
  };
}
