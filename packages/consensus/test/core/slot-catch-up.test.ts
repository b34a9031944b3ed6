import { describe, expect, test } from "vitest";
import { chosenBallot, type AcceptedEntry } from "../../src/core/accepted-entry.ts";
import type { Zxid } from "../../src/core/zxid.ts";
import { ballotOf, entryOf, SlotRig } from "./slot-rig.ts";

const [lower, ballot] = [ballotOf(2, 1), ballotOf(3, 1)];

function lead(rig: SlotRig, round: number, committed: number, barrier = 1): void {
  const known = { committed: BigInt(committed), barrier: BigInt(barrier), admit: 0n };
  rig.hear(3, { kind: "lead", ballot, round, ...known });
}

function learn(rig: SlotRig, ...slots: readonly number[]): void {
  for (const slot of slots) rig.hear(3, { kind: "learn", entry: entryOf(slot, "a") });
}

/** The pieces of a snapshot, one byte each. */
function tellState(rig: SlotRig, position: number, bytes: readonly number[], from = 3): void {
  for (const [part, byte] of bytes.entries()) {
    const last = part === bytes.length - 1;
    const chunk = Uint8Array.of(byte);
    rig.hear(from, { kind: "state", position: BigInt(position), part, configuration: undefined, chunk, last });
  }
}

function asked(rig: SlotRig, of = 3): readonly Zxid[] {
  return rig.take("ask", of).map(({ after }) => after);
}

/** It follows, lacks what its leader knows, and asks for it. */
function lacking(committed = 9): SlotRig {
  const rig = new SlotRig(1, [1, 2, 3], { silenceTicks: 10 }).start();
  lead(rig, 1, committed);
  expect(asked(rig)).toEqual([0n]);
  return rig;
}

describe("who lacks chosen slots", () => {
  test("asks its leader when its prefix stands still between two rounds, and not while it grows", () => {
    const rig = new SlotRig(1).start();
    learn(rig, 1);
    lead(rig, 1, 1);
    learn(rig, 2);
    lead(rig, 2, 4);
    expect(asked(rig)).toEqual([]);
    lead(rig, 3, 4);
    expect(asked(rig)).toEqual([2n]);
  });

  test("asks once, and again when so many ticks brought nothing of the answer", () => {
    const rig = lacking();
    for (let round = 2; round < 11; round += 1) {
      rig.tick();
      lead(rig, round, 9);
    }
    learn(rig, 1);
    for (let round = 11; round < 20; round += 1) {
      rig.tick();
      lead(rig, round, 9);
    }
    expect(asked(rig)).toEqual([]);
    rig.tick();
    lead(rig, 20, 9);
    expect(asked(rig)).toEqual([1n]);
  });

  test("asks for the rest at once when it is told that there is more", () => {
    const rig = lacking();
    learn(rig, 1, 2);
    rig.hear(2, { kind: "told", committed: 9n });
    expect(asked(rig, 2)).toEqual([]);
    rig.hear(3, { kind: "told", committed: 9n });
    expect(asked(rig)).toEqual([2n]);
    learn(rig, 3, 4, 5, 6, 7, 8, 9);
    rig.hear(3, { kind: "told", committed: 9n });
    expect(asked(rig)).toEqual([]);
    // That was the end of it: the next time it asks at once.
    lead(rig, 2, 11);
    lead(rig, 3, 11);
    expect(asked(rig)).toEqual([9n]);
  });
});

describe("a snapshot", () => {
  test("takes the place of what it covers when all of it is there, and the machine has it when the disk does", () => {
    const rig = lacking();
    rig.writesHeld = true;
    tellState(rig, 5, [7, 8]);
    expect(rig.applied).toEqual([]);
    rig.releaseWrites();
    expect(rig.applied).toEqual(["5 snapshot"]);
    expect(rig.disk.image.snapshot).toMatchObject({ position: 5n, chunks: [Uint8Array.of(7), Uint8Array.of(8)] });
  });

  test("leads on to what was accepted or chosen behind it", () => {
    const rig = new SlotRig(1).start();
    for (const slot of [6, 7]) rig.hear(3, { kind: "accept", ballot, committed: 0n, entry: entryOf(slot, "a") });
    rig.hear(2, { kind: "learn", entry: entryOf(8, "a") });
    lead(rig, 1, 7);
    expect(asked(rig)).toEqual([0n]);
    tellState(rig, 5, [7]);
    expect(rig.applied).toEqual(["5 snapshot", "6 a", "7 a", "8 a"]);
  });

  test("leads on for who follows nobody, too", () => {
    const rig = new SlotRig(1).start().heardOf(lower);
    rig.becomeCandidate();
    rig.hear(3, { kind: "learn", entry: entryOf(6, "a") });
    rig.promise(2, [], { committed: 6 });
    rig.confirm(2);
    expect(asked(rig, 2)).toEqual([0n]);
    tellState(rig, 5, [7], 2);
    expect(rig.applied).toEqual(["5 snapshot", "6 a"]);
  });

  test("that covers the barrier of its leader enters the ballot, at the barrier as behind it", () => {
    for (const barrier of [4, 5]) {
      const rig = new SlotRig(1).start();
      lead(rig, 1, 5, barrier);
      tellState(rig, 5, [7]);
      expect(rig.disk.image.epochs).toEqual({ accepted: ballot, current: ballot, voting: true });
    }
    const before = new SlotRig(1).start();
    lead(before, 1, 6, 6);
    tellState(before, 5, [7]);
    expect(before.disk.image.epochs.current).toBe(0);
    expect(before.applied).toEqual(["5 snapshot"]);
  });

  test("keeps of the slots that go the barriers: what they made void stays so", () => {
    const barrier: AcceptedEntry["entry"] = { ...entryOf(3, ""), kind: "noop", sequence: lower };
    const rig = new SlotRig(1).hold([{ ballot: lower, entry: barrier }], 0).start();
    lead(rig, 1, 9, 9);
    tellState(rig, 5, [7]);
    expect(rig.disk.image.epochs.current).toBe(lower);
  });

  test("does not take the place of what has come to be known meanwhile", () => {
    const rig = lacking();
    learn(rig, 1, 2, 3, 4, 5);
    tellState(rig, 5, [7]);
    lead(rig, 2, 9);
    tellState(rig, 4, [7]);
    expect(rig.status()).toMatchObject({ committed: 5n, snapshot: 0n });
  });

  test("is not made of the end of one and the beginning of another", () => {
    const rig = lacking();
    const piece = { kind: "state", configuration: undefined } as const;
    rig.hear(3, { ...piece, position: 5n, part: 1, chunk: Uint8Array.of(8), last: true });
    rig.hear(3, { ...piece, position: 6n, part: 0, chunk: Uint8Array.of(1), last: false });
    rig.hear(3, { ...piece, position: 5n, part: 2, chunk: Uint8Array.of(9), last: true });
    rig.hear(2, { ...piece, position: 6n, part: 1, chunk: Uint8Array.of(9), last: true });
    expect(rig.status().snapshot).toBe(0n);
    rig.hear(3, { ...piece, position: 6n, part: 1, chunk: Uint8Array.of(2), last: true });
    expect(rig.disk.image.snapshot.chunks).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  });

  test("may hold what was handed to an earlier leader: only the table of answers can tell", () => {
    const rig = new SlotRig(1).start().follow(lower);
    rig.propose("a");
    lead(rig, 1, 9, 5);
    lead(rig, 2, 9, 5);
    tellState(rig, 9, [7]);
    expect(rig.outcomes).toEqual(["answered"]);
  });

  test("of its own is asked of the disk once, and not when an older one is there", () => {
    const rig = new SlotRig(1).start();
    learn(rig, 1, 2, 3);
    rig.writes.length = 0;
    for (const position of [3, 3, 2]) rig.saveSnapshot(position);
    expect(rig.writes).toEqual(["snapshot"]);
    expect(rig.status().snapshot).toBe(3n);
  });
});

describe("who is asked", () => {
  function knowing(count: number, bytes = 1): SlotRig {
    const held = Array.from({ length: count }, (_, index) => {
      return { ballot: chosenBallot, entry: { ...entryOf(index + 1, ""), payload: new Uint8Array(bytes) } };
    });
    return new SlotRig(1).hold(held, count).start();
  }

  test("tells a megabyte at most", () => {
    const rig = knowing(3, 512 * 1024);
    rig.hear(2, { kind: "ask", after: 0n });
    expect([rig.take("learn").length, rig.take("told")]).toEqual([2, [{ kind: "told", committed: 3n }]]);
  });

  test("tells 1024 entries at most, however small they are", () => {
    const rig = knowing(1030);
    rig.hear(2, { kind: "ask", after: 1n });
    expect([rig.take("learn").length, rig.take("told")]).toEqual([1024, [{ kind: "told", committed: 1030n }]]);
  });

  test("tells what is chosen alone", () => {
    const rig = new SlotRig(1).start();
    learn(rig, 1, 2, 4);
    rig.hear(2, { kind: "ask", after: 1n });
    expect(rig.take("learn").map(({ entry }) => entry.zxid)).toEqual([2n]);
    expect(rig.take("told")).toEqual([{ kind: "told", committed: 2n }]);
  });

  test("gives its snapshot to those alone who lack what is no longer held, and be it empty", () => {
    const rig = new SlotRig(1).covered(3).start();
    learn(rig, 4);
    rig.hear(2, { kind: "ask", after: 3n });
    expect(rig.take("state")).toEqual([]);
    rig.hear(2, { kind: "ask", after: 2n });
    expect(rig.take("state")).toMatchObject([{ position: 3n, part: 0, chunk: undefined, last: true }]);
    expect(rig.take("learn").map(({ entry }) => entry.zxid)).toEqual([4n, 4n]);
  });
});
