import { describe, expect, test } from "vitest";
import { chosenBallot, type AcceptedEntry } from "../../src/core/accepted-entry.ts";
import { ballotOf, entryOf, SlotRig } from "./slot-rig.ts";

const [lower, ballot, higher] = [ballotOf(2, 1), ballotOf(3, 1), ballotOf(3, 2)];

function accept(rig: SlotRig, slot: number, { command = "a", in: of = ballot, committed = 0 } = {}): void {
  rig.hear(of % 256, { kind: "accept", ballot: of, committed: BigInt(committed), entry: entryOf(slot, command) });
}

function lead(rig: SlotRig, round: number, { of = ballot, committed = 0, barrier = 1, admit = 0 } = {}): void {
  const known = { committed: BigInt(committed), barrier: BigInt(barrier), admit: BigInt(admit) };
  rig.hear(of % 256, { kind: "lead", ballot: of, round, ...known });
}

function barrierEntry(slot: number, of: number): AcceptedEntry["entry"] {
  return { zxid: BigInt(slot), kind: "noop", client: 0n, sequence: of, payload: new Uint8Array(0) };
}

function accepted(rig: SlotRig): readonly string[] {
  return rig.take("accepted").map(({ first, last }) => `${first}-${last}`);
}

describe("what it has accepted or knows", () => {
  test("a slot of the known prefix is accepted: the leader may not know that it is chosen", () => {
    const rig = new SlotRig(1)
      .hold(
        [1, 2].map((slot) => ({ ballot: chosenBallot, entry: entryOf(slot, "a") })),
        2,
      )
      .start();
    accept(rig, 2);
    expect(accepted(rig)).toEqual(["2-2"]);
  });

  test("so is one that a snapshot covers", () => {
    const rig = new SlotRig(1).covered(3).start();
    for (const slot of [2, 3]) accept(rig, slot);
    expect(accepted(rig)).toEqual(["2-2", "3-3"]);
  });

  test("so is the chosen value of a slot behind a gap, whose disk is not asked again", () => {
    const rig = new SlotRig(1).start();
    rig.hear(2, { kind: "learn", entry: entryOf(3, "chosen") });
    accept(rig, 9);
    rig.writes.length = 0;
    accept(rig, 3, { command: "chosen" });
    expect(accepted(rig)).toEqual(["9-9", "3-3"]);
    expect(rig.writes).toEqual([]);
  });

  test("another value for a slot that is known to be chosen ends it: it says and writes nothing more", () => {
    const rig = new SlotRig(1).start();
    accept(rig, 9);
    rig.hear(2, { kind: "learn", entry: entryOf(3, "chosen") });
    rig.mayStop = true;
    accept(rig, 3, { command: "other" });
    expect(rig.fatal).toMatch("slot 0:3");
    for (const kind of ["accepted", "promise"] as const) rig.take(kind);
    rig.writes.length = 0;
    rig.hear(3, { kind: "prepare", ballot: higher, from: 1n });
    accept(rig, 4, { in: higher });
    expect([rig.take("promise"), rig.take("accepted"), rig.writes]).toEqual([[], [], []]);
  });

  test("to hear that another value is chosen ends it too", () => {
    const rig = new SlotRig(1).start();
    rig.hear(2, { kind: "learn", entry: entryOf(3, "chosen") });
    rig.mayStop = true;
    rig.hear(2, { kind: "learn", entry: entryOf(3, "other") });
    expect(rig.fatal).toMatch("slot 0:3");
    expect(rig.applied).toEqual([]);
  });

  test("the same value in the same ballot is told again and not written again", () => {
    const rig = new SlotRig(1).start();
    accept(rig, 1);
    rig.writes.length = 0;
    accept(rig, 1);
    expect(rig.writes).toEqual([]);
    expect(accepted(rig)).toEqual(["1-1", "1-1"]);
    accept(rig, 1, { in: higher });
    expect(rig.writes).toEqual(["epochs", "accept"]);
  });

  test("all that its leader knows to be chosen is, as far as it has accepted it in this ballot", () => {
    const rig = new SlotRig(1).start();
    accept(rig, 4, { in: lower });
    for (const slot of [1, 2, 3]) accept(rig, slot);
    rig.hear(3, { kind: "chosen", ballot, committed: 4n });
    expect(rig.applied).toEqual(["1 a", "2 a", "3 a"]);
  });

  test("the leader's round tells of it, too", () => {
    const rig = new SlotRig(1).start();
    for (const slot of [1, 2]) accept(rig, slot);
    lead(rig, 1, { committed: 2 });
    expect(rig.applied).toEqual(["1 a", "2 a"]);
  });

  test("a value that is told closes the gap before those that the leader knows", () => {
    const rig = new SlotRig(1).start();
    for (const slot of [2, 3]) accept(rig, slot);
    lead(rig, 1, { committed: 3 });
    expect(rig.applied).toEqual([]);
    rig.hear(3, { kind: "learn", entry: entryOf(1, "a") });
    expect(rig.applied).toEqual(["1 a", "2 a", "3 a"]);
  });

  test("who follows nobody takes in what is told as well", () => {
    const rig = new SlotRig(1).start();
    for (const slot of [2, 1]) rig.hear(2, { kind: "learn", entry: entryOf(slot, "a") });
    expect(rig.applied).toEqual(["1 a", "2 a"]);
  });

  test("what is told is taken in as far as the window goes", () => {
    const rig = new SlotRig(1, [1, 2, 3], { outstandingEntriesMax: 4 }).start();
    rig.hear(2, { kind: "learn", entry: entryOf(9, "a") });
    expect(rig.status().logged).toBe(0n);
    rig.hear(2, { kind: "learn", entry: entryOf(8, "a") });
    expect(rig.status().logged).toBe(8n);
  });
});

describe("what it promises", () => {
  test("it tells of the slots behind what the candidate knows, and behind what it knows itself", () => {
    const rig = new SlotRig(1).hold(
      [1, 2, 3, 4, 5, 6].map((slot) => ({ ballot: slot > 3 ? lower : chosenBallot, entry: entryOf(slot, "a") })),
      3,
    );
    rig.start();
    const toldFrom = (of: number, from: bigint): readonly (bigint | undefined)[] => {
      rig.hear(3, { kind: "prepare", ballot: of, from });
      return rig.take("promise").map(({ record, committed }) => (committed === 3n ? record?.entry.zxid : undefined));
    };
    expect(toldFrom(ballot, 1n)).toEqual([4n, 5n, 6n]);
    expect(toldFrom(higher, 6n)).toEqual([6n]);
    expect(toldFrom(ballotOf(3, 3), 7n)).toEqual([undefined]);
  });

  test("a promise is made durable once, however often it is asked for", () => {
    const rig = new SlotRig(1).start();
    for (const _ of [1, 2]) rig.hear(3, { kind: "prepare", ballot, from: 1n });
    accept(rig, 1);
    lead(rig, 1);
    expect(rig.writes).toEqual(["epochs", "accept"]);
  });

  test("to answer the round of a leader is a promise, and durable before", () => {
    const rig = new SlotRig(1).start();
    rig.writesHeld = true;
    lead(rig, 1);
    expect(rig.take("followed")).toEqual([]);
    rig.releaseWrites();
    expect(rig.take("followed")).toMatchObject([{ ballot, voting: true }]);
    expect(rig.disk.image.epochs.accepted).toBe(ballot);
  });

  test("a ballot is its owner's: it is not followed when another brings it", () => {
    const rig = new SlotRig(1).start();
    rig.hear(2, { kind: "prepare", ballot, from: 1n });
    expect(rig.take("promise")).toEqual([]);
    expect(rig.status().role).toBe("looking");
  });

  test("what a link brings that is not the present one is not heard", () => {
    const rig = new SlotRig(1).start();
    rig.hear(3, { kind: "prepare", ballot, from: 1n }, 99);
    rig.cut(2);
    rig.hear(2, { kind: "prepare", ballot: lower, from: 1n });
    expect(rig.take("promise")).toEqual([]);
    expect(rig.status().role).toBe("looking");
  });

  test("a later ballot of the same leader begins anew with it", () => {
    const rig = new SlotRig(1).start().follow(ballot);
    rig.propose("a");
    expect(rig.take("forward")).toMatchObject([{ ballot, session: 1 }]);
    lead(rig, 1, { of: higher, barrier: 2, committed: 1 });
    expect(rig.status()).toMatchObject({ role: "following", epoch: higher, phase: "synchronization" });
  });

  test("it says to whom it owes the higher promise: to the one it follows, to itself, or to nobody", () => {
    const told = (rig: SlotRig): readonly number[] => {
      rig.hear(2, { kind: "prepare", ballot: ballotOf(2, 0), from: 1n });
      return rig.take("preempted", 2).map(({ leader }) => leader);
    };
    const following = new SlotRig(1).start();
    lead(following, 1);
    const alone = new SlotRig(1).start();
    lead(alone, 1);
    alone.cut(3);
    const leading = new SlotRig(1).start().heardOf(lower).lead();
    expect([told(following), told(alone), told(leading)]).toEqual([[3], [0], [1]]);
  });
});

describe("ballots that were entered", () => {
  test("to know a barrier is to have entered its ballot, and the disk knows the prefix up to there", () => {
    const rig = new SlotRig(1).start();
    accept(rig, 1);
    rig.hear(3, { kind: "accept", ballot, committed: 1n, entry: barrierEntry(2, ballot) });
    expect(rig.disk.image.epochs.current).toBe(0);
    rig.hear(3, { kind: "chosen", ballot, committed: 2n });
    expect(rig.disk.image.epochs.current).toBe(ballot);
    expect(rig.disk.image.chosen).toBe(2n);
  });

  test("a crash before that write changes nothing: the next start enters it, once", () => {
    const entry = barrierEntry(1, ballot);
    const rig = new SlotRig(1).hold([{ ballot: chosenBallot, entry }], 0).start();
    expect(rig.disk.image).toMatchObject({ chosen: 1n, epochs: { accepted: ballot, current: ballot, voting: true } });
    expect(rig.status().epoch).toBe(ballot);
    rig.writes.length = 0;
    rig.restart();
    expect(rig.writes).toEqual([]);
  });

  test("a promise above it is kept when it is entered", () => {
    const rig = new SlotRig(1).hold([{ ballot: chosenBallot, entry: barrierEntry(1, ballot) }], 0);
    rig.disk.image.epochs = { accepted: higher, current: 0, voting: true };
    rig.start();
    expect(rig.disk.image.epochs).toEqual({ accepted: higher, current: ballot, voting: true });
    const again = new SlotRig(1).start();
    again.hear(3, { kind: "prepare", ballot: higher, from: 1n });
    again.hear(2, { kind: "learn", entry: barrierEntry(1, lower) });
    expect(again.disk.image.epochs).toEqual({ accepted: higher, current: lower, voting: true });
  });
});

describe("a member without a vote", () => {
  function without(): SlotRig {
    return new SlotRig(1, [1, 2, 3], { voting: false }).start();
  }

  test("follows who leads, not who tries", () => {
    const rig = without();
    rig.hear(3, { kind: "prepare", ballot, from: 1n });
    lead(rig, 1, { barrier: 0 });
    expect(rig.status().phase).toBe("election");
    expect(rig.take("followed")).toEqual([]);
    lead(rig, 2, { barrier: 1 });
    expect(rig.status().phase).toBe("synchronization");
  });

  test("and promises that leader nothing either", () => {
    const rig = without();
    lead(rig, 1);
    rig.hear(3, { kind: "prepare", ballot, from: 1n });
    accept(rig, 2);
    expect([rig.take("promise"), rig.take("accepted")]).toEqual([[], []]);
    expect(rig.disk.image.epochs.accepted).toBe(0);
  });

  test("stays with a leader when one of a lower ballot, who leads no more, calls", () => {
    const rig = without();
    lead(rig, 1);
    lead(rig, 7, { of: lower });
    expect(rig.status().epoch).toBe(ballot);
  });

  test("gets none as long as its leader does not say what it must know", () => {
    const rig = without();
    lead(rig, 1);
    rig.hear(3, { kind: "learn", entry: barrierEntry(1, ballot) });
    lead(rig, 2, { committed: 1 });
    expect(rig.disk.image.epochs.voting).toBe(false);
    lead(rig, 3, { committed: 1, admit: 1 });
    expect(rig.disk.image.epochs.voting).toBe(true);
    // The leader says so until it hears: that it has one already changes nothing.
    rig.writes.length = 0;
    lead(rig, 4, { committed: 1, admit: 1 });
    expect(rig.writes).toEqual([]);
  });

  test("answers over the link on which it was asked, since what it says is true for this life alone", () => {
    const rig = without();
    lead(rig, 1);
    expect(rig.takeLinks("followed")).toEqual([3]);
    const voter = new SlotRig(1).start();
    lead(voter, 1);
    expect(voter.takeLinks("followed")).toEqual(["any"]);
  });
});

describe("how long it follows", () => {
  test("as long as it hears its leader: so many ticks of silence end it, and not one less", () => {
    const rig = new SlotRig(1, [1, 2, 3], { silenceTicks: 10 }).start();
    lead(rig, 1);
    rig.tick(9);
    lead(rig, 2);
    rig.tick(9);
    expect(rig.status().role).toBe("following");
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });

  test("and as long as the link holds; the same link told twice is one", () => {
    const rig = new SlotRig(1).start();
    lead(rig, 1);
    rig.linkUp(3);
    rig.cut(2);
    // That one broke long ago.
    rig.cut(3, 99);
    rig.take("followed");
    lead(rig, 2);
    expect(rig.take("followed", 3)).toMatchObject([{ round: 2 }]);
    rig.cut(3);
    expect(rig.status().role).toBe("looking");
  });

  test("it tells people what it does when that is something else, and whom it follows", () => {
    const rig = new SlotRig(1).start().follow(lower).follow(ballot);
    rig.cut(3);
    const followed = ["leader 2", "leader none", "leader 3", "leader none"];
    expect(rig.events).toEqual(["looking > following", ...followed, "following > looking"]);
  });
});
