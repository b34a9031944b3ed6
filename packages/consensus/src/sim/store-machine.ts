import { assert, type Prng } from "@tutti/stdx";
import { keyValueModel, type KeyValueInput } from "../check/models.ts";
import { replayWitness, type PositionedOperation } from "../check/witness.ts";
import type { Machine, PrepareResult } from "../driver/machine.ts";
import type { Zxid } from "../core/zxid.ts";
import type { ClientCall, StackWorkload } from "./stack-workload.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const keysMax = 12;

function parse(txn: Uint8Array): readonly [key: string, value: string] {
  const [key = "", value = ""] = decoder.decode(txn).split("=");
  return [key, value];
}

/**
 * Texts by key. Refusing variants never give a key two values in a row that end in the same digit: which `prepare` can
 * only keep if it sees what is under way, and `apply` only finds kept if nothing was left out or came in another order.
 */
class Store implements Machine {
  readonly needsPrimaryOrder: boolean;
  readonly prepare?: NonNullable<Machine["prepare"]>;
  readonly view?: NonNullable<Machine["view"]>;
  readonly values: Map<string, string> = new Map<string, string>();
  readonly #refuses: boolean;
  readonly #prepared: Map<string, string> = new Map<string, string>();

  constructor(refuses: boolean, isDrawn: boolean) {
    this.#refuses = refuses;
    this.needsPrimaryOrder = refuses;
    if (refuses) this.prepare = (request) => this.#prepareOne(request);
    if (isDrawn) this.view = () => [...this.values].map(([key, value]) => encoder.encode(`${key}=${value}`));
  }

  #prepareOne(request: Uint8Array): PrepareResult {
    const [key, value] = parse(request);
    const current = this.#prepared.get(key) ?? this.values.get(key);
    if (current?.at(-1) === value.at(-1)) return { reject: encoder.encode(`${key} has ${current}`) };
    this.#prepared.set(key, value);
    return { txn: request };
  }

  apply(_position: Zxid, txn: Uint8Array): Uint8Array {
    const [key, value] = parse(txn);
    const current = this.values.get(key);
    const isAllowed = !this.#refuses || current?.at(-1) !== value.at(-1);
    assert(isAllowed, `${key}=${value} is prepared behind ${current}`);
    if (this.#prepared.get(key) === value) this.#prepared.delete(key);
    this.values.set(key, value);
    return encoder.encode(`behind ${current?.slice(-8)}`);
  }

  snapshot(): Iterable<Uint8Array> {
    return [encoder.encode(JSON.stringify([...this.values]))];
  }

  restore(chunks: readonly Uint8Array[]): void {
    this.values.clear();
    this.#prepared.clear();
    if (this.view === undefined) {
      const entries = chunks.flatMap((chunk) => JSON.parse(decoder.decode(chunk)) as [string, string][]);
      for (const [key, value] of entries) this.values.set(key, value);
    } else {
      for (const chunk of chunks) this.values.set(...parse(chunk));
    }
  }

  leadershipLost(): void {
    this.#prepared.clear();
  }
}

/**
 * What is replicated when nobody brings a machine: keys and values, whose clients' histories must be linearizable. Without
 * primary order it does not refuse, for that builds on what is under way.
 */
export function storeWorkload(shape: Prng, primaryOrder: boolean): StackWorkload<Store> {
  const refuses = shape.nextUnit() < 0.4 && primaryOrder;
  const isDrawn = shape.nextUnit() < 0.5;
  let count = 0;
  const key = (chance: Prng): string => `k${chance.nextBelow(keysMax)}`;
  return {
    machine: () => new Store(refuses, isDrawn),
    request: (chance) => {
      count += 1;
      // Now and then one that no segment has room for.
      const length = chance.nextUnit() < 0.004 ? chance.nextBelow(20_000) : chance.nextBelow(100);
      return encoder.encode(`${key(chance)}=${"x".repeat(length)}${count}`);
    },
    question: (chance) => encoder.encode(key(chance)),
    answer: (machine, question) => encoder.encode(machine.values.get(decoder.decode(question)) ?? ""),
    judge,
  };
}

function judge(calls: readonly ClientCall[]): string | undefined {
  const history = calls.map((call): PositionedOperation<KeyValueInput, string | null> => {
    const [key, value] = parse(call.input.bytes);
    if (call.input.kind === "read")
      return { ...call, input: { kind: "get", key }, output: decoder.decode(call.output) };
    return { ...call, input: { kind: "put", key, value }, output: null };
  });
  const verdict = replayWitness(keyValueModel(), history);
  if (verdict.kind === "ok") return undefined;
  return `what clients saw is not what the log says: ${verdict.reason}, ${JSON.stringify(verdict.operation.input)}`;
}
