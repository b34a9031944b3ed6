import { describe, expect, test } from "vitest";
import { chosenBallot } from "../../src/core/accepted-entry.ts";
import type { Write } from "../../src/core/effects.ts";
import type { Entry } from "../../src/core/entry.ts";
import { SlotLog } from "../../src/core/slot-paxos/slot-log.ts";
import { entryOf } from "./slot-rig.ts";

const members = { voters: [1, 2, 3], observers: [], outgoing: undefined };
const epochs = { accepted: 7, current: 7, voting: true };

function createLog({ position = 0, retainedEntriesMax = 2, held = [] as readonly number[], chosen = 0 } = {}): {
  readonly log: SlotLog;
  readonly writes: readonly Write[];
} {
  const writes: Write[] = [];
  const snapshot = { position: BigInt(position), chunks: [] };
  const accepted = held.map((slot) => ({ ballot: 1, entry: entryOf(slot, "held") }));
  const recovered = { snapshot, base: snapshot.position, entries: [], slots: { accepted, chosen: BigInt(chosen) } };
  const initial = { ...members, position: 0n };
  const log = new SlotLog({ recovered, initial, out: { write: (write) => writes.push(write) }, retainedEntriesMax });
  return { log, writes };
}

function slotsOf(held: Iterable<{ readonly entry: Entry }>): readonly number[] {
  return [...held].map(({ entry }) => Number(entry.zxid));
}

describe("what a slot holds", () => {
  test("once chosen it is never another value, and the same again is the same", () => {
    const { log } = createLog();
    log.accept(1, entryOf(2, "a"));
    expect(log.learn(entryOf(2, "a"))).toBe(true);
    expect(log.learn(entryOf(2, "b"))).toBe(false);
    expect(log.holds(entryOf(2, "a"))).toBe(true);
    expect(log.learn(entryOf(2, "a"))).toBe(true);
  });

  test("what a snapshot covers is chosen and not held: learning it again writes nothing", () => {
    const { log, writes } = createLog({ position: 3 });
    for (const slot of [2, 3]) expect(log.learn(entryOf(slot, "any"))).toBe(true);
    expect([writes.length, log.durableEnd, log.end]).toEqual([0, 3n, 3n]);
  });

  test("what the disk holds of slots that its snapshot covers is none of the history", () => {
    const { log } = createLog({ position: 3, held: [2, 3, 4, 6], chosen: 4 });
    expect(slotsOf(log.held(0n))).toEqual([4, 6]);
    expect([2n, 3n].map((slot) => log.get(slot))).toEqual([undefined, undefined]);
    expect([log.base, log.committed, log.durableEnd, log.end]).toEqual([3n, 4n, 4n, 6n]);
  });

  const entry: Entry = { ...entryOf(1, "value"), configuration: { voters: [1, 2], observers: [3], outgoing: [2] } };
  test.each<readonly [string, Partial<Entry>]>([
    ["kind", { kind: "noop" }],
    ["client", { client: 8n }],
    ["number", { sequence: 2 }],
    ["payload", { payload: new TextEncoder().encode("valve") }],
    ["payload, which goes on", { payload: new TextEncoder().encode("values") }],
    ["payload, which ends before", { payload: new TextEncoder().encode("valu") }],
    ["voters", { configuration: { voters: [1], observers: [3], outgoing: [2] } }],
    ["observers", { configuration: { voters: [1, 2], observers: [], outgoing: [2] } }],
    ["outgoing voters", { configuration: { voters: [1, 2], observers: [3], outgoing: undefined } }],
  ])("it is another value if it has another %s", (_what, change) => {
    const { log } = createLog();
    log.accept(1, entry);
    expect(log.holds({ ...entry, payload: new TextEncoder().encode("value") })).toBe(true);
    expect(log.holds({ ...entry, ...change })).toBe(false);
  });

  test("an entry that changes the members is not the same one without", () => {
    const { configuration, ...plain } = entry;
    const { log } = createLog();
    log.accept(1, entry);
    log.accept(1, { ...plain, zxid: 2n });
    expect([log.holds(plain), log.holds({ ...plain, zxid: 2n, ...(configuration && { configuration }) })]).toEqual([
      false,
      false,
    ]);
    expect([log.holds({ ...entry }), log.holds({ ...plain, zxid: 2n })]).toEqual([true, true]);
  });
});

describe("the known prefix", () => {
  test("takes in what is chosen without a gap, and tells what it took", () => {
    const { log } = createLog();
    for (const slot of [1, 2, 4]) log.learn(entryOf(slot, "chosen"));
    expect(log.advance().map(({ zxid }) => zxid)).toEqual([1n, 2n]);
    expect(log.committed).toBe(2n);
    log.learn(entryOf(3, "chosen"));
    expect(log.advance().map(({ zxid }) => zxid)).toEqual([3n, 4n]);
  });

  test("is on the disk as far as every write before is", () => {
    const { log } = createLog();
    const tokens = [1, 2, 3].map((slot) => log.accept(1, entryOf(slot, "a")));
    for (const slot of [1, 2]) log.learn(entryOf(slot, "a"));
    log.advance();
    log.persisted(tokens[0] ?? 0);
    expect([log.durableEnd, log.durablePrefix]).toEqual([1n, 1n]);
    log.persisted(tokens[2] ?? 0);
    expect([log.durableEnd, log.durablePrefix]).toEqual([3n, 2n]);
    // A slot that is written again is on the disk when that write is.
    const again = log.accept(2, entryOf(3, "b"));
    expect(log.durableEnd).toBe(2n);
    log.persisted(again);
    expect(log.durableEnd).toBe(3n);
  });

  test("slots are told in their order, from one on and up to another, without those that hold nothing", () => {
    const { log } = createLog({ position: 1 });
    for (const slot of [6, 3, 2]) log.accept(1, entryOf(slot, "a"));
    expect([slotsOf(log.held(0n)), slotsOf(log.held(2n)), slotsOf(log.held(2n, 5n))]).toEqual([[2, 3, 6], [3, 6], [3]]);
    expect([slotsOf(log.held(1n, 6n)), slotsOf(log.held(6n, 9n)), log.get(4n)]).toEqual([[2, 3, 6], [], undefined]);
  });
});

describe("snapshots", () => {
  test("count when they are on the disk, and of what they cover the last entries stay", () => {
    const { log } = createLog();
    for (const slot of [1, 2, 3, 4, 5]) log.learn(entryOf(slot, "a"));
    log.advance();
    const token = log.saveSnapshot({ position: 4n, chunks: [] });
    log.persisted(token - 1);
    expect([log.snapshot.position, log.base]).toEqual([0n, 0n]);
    log.persisted(token);
    expect([log.snapshot.position, log.base, log.end]).toEqual([4n, 2n, 5n]);
    expect(slotsOf(log.held(0n))).toEqual([3, 4, 5]);
    log.persisted(log.saveSnapshot({ position: 5n, chunks: [] }));
    expect([log.base, slotsOf(log.held(0n))]).toEqual([3n, [4, 5]]);
  });

  test("a short history loses nothing to one", () => {
    const { log } = createLog({ retainedEntriesMax: 3 });
    for (const slot of [1, 2]) log.learn(entryOf(slot, "a"));
    log.advance();
    log.persisted(log.saveSnapshot({ position: 2n, chunks: [] }));
    expect([log.base, slotsOf(log.held(0n))]).toEqual([0n, [1, 2]]);
  });

  test("its own one that comes to the disk before that of another does not take the place of it", () => {
    const { log } = createLog();
    for (const slot of [1, 2, 9]) log.learn(entryOf(slot, "a"));
    log.advance();
    const own = log.saveSnapshot({ position: 2n, chunks: [] });
    const token = log.install({ position: 8n, chunks: [] }, epochs);
    log.persisted(own);
    expect([log.snapshot.position, log.base]).toEqual([8n, 8n]);
    log.persisted(token);
    expect([log.snapshot.position, log.durableEnd]).toEqual([8n, 9n]);
  });

  test("that of another takes the place of all that it covers, and what is held behind it stays as it is", () => {
    const { log, writes } = createLog();
    for (const slot of [1, 3, 5]) log.accept(4, entryOf(slot, "a"));
    log.learn(entryOf(6, "chosen"));
    const token = log.install({ position: 3n, chunks: [] }, epochs);
    const [install] = writes.slice(-1);
    const kept = install?.kind === "install" ? install.accepted : [];
    expect(kept.map(({ ballot, entry }) => [ballot, entry.zxid])).toEqual([
      [4, 5n],
      [chosenBallot, 6n],
    ]);
    expect([log.committed, slotsOf(log.held(0n))]).toEqual([3n, [5, 6]]);
    // Nobody is told that the disk knows what is still on its way to it.
    expect([log.durableEnd, log.durablePrefix]).toEqual([0n, 0n]);
    log.persisted(token);
    expect(log.durableEnd).toBe(3n);
    expect([log.get(5n)?.chosen, log.get(6n)?.chosen]).toEqual([false, true]);
  });
});
