import { assert } from "@tutti/stdx";
import type { Configuration } from "./configuration.ts";
import type { Entry } from "./entry.ts";
import type { Zxid } from "./zxid.ts";

const chunkBytesMin = 1024;
const chunkBytesMax = 64 * 1024;

/** Where a field is in the head of a record; the payload follows. */
const offsets = { zxid: 0, client: 8, sequence: 16, payloadBytes: 24, kind: 28 } as const;
const headBytes = 29;
const kinds: readonly Entry["kind"][] = ["txn", "reject", "config", "noop"];

/** Bytes that are written once, so that a payload that was given out stays what it is. */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Number of its first entry. */
  readonly first: number;
  /** Where its records begin. */
  readonly starts: number[];
  usedBytes: number;
}

/**
 * Entries one behind the other as bytes: a log holds a hundred thousand of them for a while, and as objects they are what
 * most of the time of a garbage collector goes to. What is read is made anew each time; its payload is a view.
 */
export class EntryList {
  #chunks: Chunk[] = [];
  /** Entries are numbered from the first that was ever added; those before this one were dropped. */
  #begin = 0;
  #end = 0;
  #last: Zxid | undefined;
  /** By number: few entries have one. */
  readonly #configurations = new Map<number, Configuration>();

  constructor(entries: Iterable<Entry>) {
    for (const entry of entries) this.push(entry);
  }

  get length(): number {
    return this.#end - this.#begin;
  }

  /** Position of the last one. */
  get last(): Zxid | undefined {
    return this.#last;
  }

  push({ zxid, kind, client, sequence, payload, configuration }: Entry): void {
    const chunk = this.#chunkFor(headBytes + payload.length);
    const start = chunk.usedBytes;
    chunk.view.setBigUint64(start + offsets.zxid, zxid);
    chunk.view.setBigUint64(start + offsets.client, client);
    chunk.view.setFloat64(start + offsets.sequence, sequence);
    chunk.view.setUint32(start + offsets.payloadBytes, payload.length);
    chunk.view.setUint8(start + offsets.kind, kinds.indexOf(kind));
    chunk.bytes.set(payload, start + headBytes);
    chunk.usedBytes += headBytes + payload.length;
    chunk.starts.push(start);
    if (configuration !== undefined) this.#configurations.set(this.#end, configuration);
    this.#end += 1;
    this.#last = zxid;
  }

  zxidAt(index: number): Zxid {
    const { chunk, start } = this.#find(index);
    return chunk.view.getBigUint64(start + offsets.zxid);
  }

  at(index: number): Entry {
    const { chunk, start } = this.#find(index);
    const { bytes, view } = chunk;
    const payloadAt = start + headBytes;
    const entry: Entry = {
      zxid: view.getBigUint64(start + offsets.zxid),
      kind: kinds[view.getUint8(start + offsets.kind)] ?? "noop",
      client: view.getBigUint64(start + offsets.client),
      sequence: view.getFloat64(start + offsets.sequence),
      payload: bytes.subarray(payloadAt, payloadAt + view.getUint32(start + offsets.payloadBytes)),
    };
    const configuration = this.#configurations.get(this.#begin + index);
    return configuration === undefined ? entry : { ...entry, configuration };
  }

  slice(from: number, to: number = this.length): Entry[] {
    const entries: Entry[] = [];
    for (let index = from; index < to; index += 1) entries.push(this.at(index));
    return entries;
  }

  dropFirst(count: number): void {
    assert(count <= this.length, "only entries that are there are dropped");
    for (const number of this.#configurations.keys()) {
      if (number < this.#begin + count) this.#configurations.delete(number);
    }
    this.#begin += count;
    const kept = this.#chunks.findIndex(({ first, starts }) => first + starts.length > this.#begin);
    this.#chunks.splice(0, kept < 0 ? this.#chunks.length : kept);
    if (this.length === 0) this.#last = undefined;
  }

  /** Keeps so many, the first ones. */
  truncate(length: number): void {
    assert(length <= this.length, "a cut leaves less than there was");
    this.#end = this.#begin + length;
    while ((this.#chunks.at(-1)?.first ?? -1) >= this.#end) this.#chunks.pop();
    const last = this.#chunks.at(-1);
    if (last !== undefined) last.starts.length = this.#end - last.first;
    for (const number of this.#configurations.keys()) if (number >= this.#end) this.#configurations.delete(number);
    this.#last = length === 0 ? undefined : this.zxidAt(length - 1);
  }

  #chunkFor(bytes: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.usedBytes + bytes <= last.bytes.length) return last;
    const usual = last === undefined ? chunkBytesMin : Math.min(2 * last.bytes.length, chunkBytesMax);
    const buffer = new ArrayBuffer(Math.max(usual, bytes));
    const view = new DataView(buffer);
    const chunk: Chunk = { bytes: new Uint8Array(buffer), view, first: this.#end, starts: [], usedBytes: 0 };
    this.#chunks.push(chunk);
    return chunk;
  }

  #find(index: number): { readonly chunk: Chunk; readonly start: number } {
    const number = this.#begin + index;
    const chunk = this.#chunkOf(number);
    const start = chunk?.starts[number - chunk.first];
    assert(chunk !== undefined && start !== undefined, "only entries that are there are read");
    return { chunk, start };
  }

  #chunkOf(number: number): Chunk | undefined {
    // Most of what is read was just added.
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.first <= number) return last;
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#chunks[middle]?.first ?? 0) <= number) low = middle;
      else high = middle - 1;
    }
    return this.#chunks[low];
  }
}
