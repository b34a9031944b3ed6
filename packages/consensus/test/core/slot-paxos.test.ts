import { describe, expect, test } from "vitest";
import { chosenBallot, type AcceptedEntry } from "../../src/core/accepted-entry.ts";
import { answerOf, ballotOf, commandOf, entryOf, SlotRig } from "./slot-rig.ts";

/** A leader's first entry. */
function barrier(slot: number, ballot: number): AcceptedEntry {
  const payload = new Uint8Array(0);
  return { ballot, entry: { zxid: BigInt(slot), kind: "noop", client: 0n, sequence: ballot, payload } };
}

function proposed(rig: SlotRig, to: number): readonly string[] {
  return rig.take("accept", to).map(({ entry }) => `${entry.zxid} ${commandOf(entry)}`);
}

describe("what a new leader takes over", () => {
  test("what a lower ballot left behind the barrier of a higher one is void, and its slot free", () => {
    const rig = new SlotRig(1).start().heardOf(ballotOf(3, 9));
    rig.becomeCandidate();
    const [old, newer] = [ballotOf(3, 1), ballotOf(2, 2)];
    const records = [
      { ballot: newer, entry: entryOf(1, "taken over") },
      barrier(2, newer),
      { ballot: old, entry: entryOf(3, "void") },
      { ballot: newer, entry: entryOf(4, "of the newer") },
      { ballot: old, entry: entryOf(5, "void") },
    ];
    rig.promise(2, records);
    rig.confirm(2);
    expect(proposed(rig, 2)).toEqual(["1 taken over", "2 no-op", "3 no-op", "4 of the newer", "5 no-op"]);
    rig.accept(2, 1, 5);
    rig.propose("mine");
    expect(proposed(rig, 2)).toEqual(["6 mine"]);
  });

  test("a barrier in the prefix of one of the quorum is known by the ballot that it has entered", () => {
    const rig = new SlotRig(1).start().heardOf(ballotOf(3, 9));
    rig.becomeCandidate();
    const old = ballotOf(3, 1);
    rig.hear(2, { kind: "learn", entry: barrier(1, ballotOf(2, 2)).entry });
    // Member 3 was away: it neither knows the barrier nor that its values are void.
    rig.promise(3, [{ ballot: old, entry: entryOf(2, "void") }]);
    rig.promise(2, [], { committed: 1, entered: ballotOf(2, 2) });
    for (const other of [2, 3]) rig.confirm(other);
    expect(rig.status().phase).not.toBe("discovery");
    expect(proposed(rig, 2)).toEqual(["2 no-op"]);
  });

  test("half a promise says nothing, not even what was entered, and is not waited for (SEED=172)", () => {
    const rig = new SlotRig(1, [1, 2, 3])
      .hold([{ ballot: ballotOf(3, 1), entry: entryOf(1, "mine to save") }], 0)
      .start();
    rig.becomeCandidate();
    const records = [7, 8].map((slot) => ({ ballot: ballotOf(2, 9), entry: entryOf(slot, "late") }));
    rig.promise(2, records, { committed: 6, entered: ballotOf(2, 9), partsMax: 1 });
    rig.promise(3);
    rig.confirm(3);
    expect(proposed(rig, 3)).toEqual(["1 mine to save", "2 no-op"]);
  });

  test("what its quorum knows to be chosen it fetches first", () => {
    const rig = new SlotRig(1).start().heardOf(ballotOf(2, 1));
    rig.becomeCandidate();
    rig.promise(2, [{ ballot: ballotOf(2, 1), entry: entryOf(3, "accepted") }], { committed: 2 });
    rig.confirm(2);
    expect(rig.take("accept")).toEqual([]);
    expect(rig.take("ask", 2)).toEqual([{ kind: "ask", after: 0n }]);
    for (const slot of [1, 2]) rig.hear(2, { kind: "learn", entry: entryOf(slot, `chosen ${slot}`) });
    rig.hear(2, { kind: "told", committed: 2n });
    expect(proposed(rig, 2)).toEqual(["3 accepted", "4 no-op"]);
    expect(rig.applied).toEqual(["1 chosen 1", "2 chosen 2"]);
  });
});

describe("what is on its way", () => {
  test("acceptances of an older ballot of the same leader do not count", () => {
    const rig = new SlotRig(1).start().heardOf(ballotOf(3, 9));
    const ballot = rig.becomeCandidate();
    rig.promise(2);
    rig.confirm(2);
    rig.hear(2, { kind: "accepted", ballot: ballot - 256, first: 1n, last: 1n });
    expect(rig.status().committed).toBe(0n);
    rig.accept(2, 1);
    expect(rig.status().committed).toBe(1n);
  });

  test("what got lost is sent again, and not what is known to be chosen meanwhile (SEED=1907)", () => {
    const known = { ballot: chosenBallot, entry: entryOf(2, "chosen out of order") };
    const rig = new SlotRig(1).hold([known], 0).start();
    rig.becomeCandidate();
    rig.promise(2, [{ ballot: ballotOf(2, 0), entry: entryOf(1, "a") }]);
    rig.confirm(2);
    expect(proposed(rig, 2)).toEqual(["1 a", "2 chosen out of order", "3 no-op"]);
    rig.accept(2, 1);
    expect(rig.applied).toEqual(["1 a", "2 chosen out of order"]);
    for (let round = 0; round < 12; round += 1) {
      rig.tick(2);
      rig.confirm(2);
    }
    expect(new Set(proposed(rig, 2))).toEqual(new Set(["3 no-op"]));
  });
});

describe("reads", () => {
  test("a leader answers when a quorum has answered a round that began after the question, and not before", () => {
    const rig = new SlotRig(1).start();
    const ballot = rig.becomeCandidate();
    rig.promise(2);
    rig.confirm(2);
    rig.accept(2, 1);
    rig.tick(2);
    const [before] = rig.take("lead", 2).slice(-1);
    rig.read();
    const round = before?.round ?? 0;
    rig.hear(2, { kind: "followed", ballot, round, voting: true, committed: 1n });
    expect(rig.reads).toEqual([]);
    // A member whose disk is not trusted confirms nothing.
    const [after] = rig.take("lead", 3).slice(-1);
    rig.hear(3, { kind: "followed", ballot, round: after?.round ?? 0, voting: false, committed: 1n });
    expect(rig.reads).toEqual([]);
    rig.confirm(2);
    expect(rig.reads).toEqual([1n]);
  });

  test("a leader that has taken over and not yet chosen it all again answers no read", () => {
    const rig = new SlotRig(1).start();
    rig.becomeCandidate();
    rig.promise(2, [{ ballot: ballotOf(2, 0), entry: entryOf(1, "perhaps chosen") }]);
    rig.confirm(2);
    rig.read();
    rig.tick(4);
    rig.confirm(2);
    expect(rig.reads).toEqual([]);
    rig.accept(2, 1, 2);
    rig.tick(4);
    rig.confirm(2);
    expect(rig.reads).toEqual([2n]);
  });
});

describe("members that change", () => {
  const change = { voters: [1, 2, 4], observers: [], outgoing: [1, 2, 3] };

  function changing(slot: number, ballot: number): AcceptedEntry {
    const { entry } = barrier(slot, ballot);
    return { ballot, entry: { ...entry, kind: "config", client: 9n, sequence: 1, configuration: change } };
  }

  test("a leader that takes over a change ends with it, and asks the new voters for their promises", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4]).only([1, 2, 3]).start().heardOf(ballotOf(3, 2));
    const first = rig.becomeCandidate([2, 3]);
    expect(rig.take("prepare", 4)).toEqual([]);
    rig.promise(2, [changing(1, ballotOf(3, 1)), { ballot: ballotOf(3, 1), entry: entryOf(2, "of the new voters") }]);
    rig.confirm(2);
    expect(rig.take("accept", 2).map(({ entry }) => `${entry.zxid} ${entry.kind}`)).toEqual(["1 config"]);
    rig.accept(2, 1);
    expect(rig.status().epoch).toBeGreaterThan(first);
    expect(rig.take("prepare", 4)).toMatchObject([{ from: 2n }]);
    expect(rig.take("prepare", 3).filter(({ ballot }) => ballot > first)).toEqual([]);
  });

  test("from the change on the new voters decide, and the old one that is left out does not count", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4])
      .only([1, 2, 3])
      .hold([changing(1, chosenBallot)], 1)
      .start();
    rig.becomeCandidate([2, 4]);
    rig.promise(2);
    rig.confirm(2);
    rig.accept(3, 2);
    expect(rig.status().committed).toBe(1n);
    rig.accept(4, 2);
    expect(rig.status().committed).toBe(2n);
  });
});

describe("disks that forget", () => {
  test("a promise counts when its member answers a round that began after a quorum had promised", () => {
    const rig = new SlotRig(1).start();
    const ballot = rig.becomeCandidate();
    rig.tick(4);
    const early = rig.take("lead", 2).at(-1);
    rig.promise(2);
    // It answers a round of before: since then its disk may have been lost.
    if (early !== undefined) {
      rig.hear(2, { kind: "followed", ballot, round: early.round, voting: true, committed: 0n });
    }
    expect(rig.status().phase).toBe("discovery");
    rig.confirm(2);
    expect(rig.status().phase).toBe("synchronization");
  });

  test("a member without a vote promises and accepts nothing, and learns all the same", () => {
    const rig = new SlotRig(1, [1, 2, 3], { voting: false }).start();
    const ballot = ballotOf(2, 1);
    rig.hear(2, { kind: "prepare", ballot, from: 1n });
    rig.hear(2, { kind: "lead", ballot, round: 1, barrier: 1n, committed: 1n, admit: 0n });
    rig.hear(2, { kind: "accept", ballot, committed: 1n, entry: entryOf(2, "a") });
    rig.hear(2, { kind: "learn", entry: barrier(1, ballot).entry });
    expect([...rig.take("promise"), ...rig.take("accepted")]).toEqual([]);
    expect(rig.take("followed")).toMatchObject([{ voting: false }]);
    expect(rig.applied).toEqual(["1 no-op"]);
  });

  test("its vote comes back when it knows all that its leader had proposed, and counts when that is durable", () => {
    const rig = new SlotRig(1, [1, 2, 3], { voting: false }).start();
    const ballot = ballotOf(2, 1);
    const lead = (round: number, committed: bigint): void =>
      rig.hear(2, { kind: "lead", ballot, round, barrier: 1n, committed, admit: 2n });
    lead(1, 1n);
    rig.hear(2, { kind: "learn", entry: barrier(1, ballot).entry });
    lead(2, 1n);
    expect(rig.status().voting).toBe(false);
    rig.hear(2, { kind: "learn", entry: entryOf(2, "a") });
    rig.writesHeld = true;
    lead(3, 2n);
    expect(rig.status().voting).toBe(false);
    rig.releaseWrites();
    expect(rig.status()).toMatchObject({ voting: true, role: "following", phase: "broadcast" });
    expect(rig.disk.image.epochs).toEqual({ accepted: ballot, current: ballot, voting: true });
  });

  test("a leader names what a member must know only when a quorum without it has answered since it came back", () => {
    const rig = new SlotRig(1).start();
    const ballot = rig.becomeCandidate();
    rig.promise(2);
    rig.confirm(2);
    rig.accept(2, 1);
    rig.tick(4);
    const [asked] = rig.take("lead", 3);
    rig.hear(3, { kind: "followed", ballot, round: asked?.round ?? 0, voting: false, committed: 0n });
    rig.tick(4);
    expect(rig.take("lead", 3).every(({ admit }) => admit === 0n)).toBe(true);
    rig.confirm(2);
    rig.tick(4);
    expect(rig.take("lead", 3).at(-1)?.admit).toBe(1n);
  });
});

describe("requests whose fate is known", () => {
  test("what was handed to an older leader is lost when the barrier of the new one is applied, and not before", () => {
    const rig = new SlotRig(1).start();
    const [old, newer] = [ballotOf(2, 1), ballotOf(3, 2)];
    rig.hear(2, { kind: "lead", ballot: old, round: 1, barrier: 1n, committed: 1n, admit: 0n });
    rig.hear(2, { kind: "accept", ballot: old, committed: 1n, entry: barrier(1, old).entry });
    rig.propose("a");
    expect(rig.take("forward", 2)).toMatchObject([{ ballot: old }]);
    rig.hear(3, { kind: "lead", ballot: newer, round: 1, barrier: 2n, committed: 1n, admit: 0n });
    expect(rig.outcomes).toEqual([]);
    rig.hear(3, { kind: "accept", ballot: newer, committed: 2n, entry: barrier(2, newer).entry });
    expect(rig.outcomes).toEqual(["lost"]);
  });

  test("a request that is meant for another ballot is dropped by the leader: there its fate is settled", () => {
    const rig = new SlotRig(1).start();
    const ballot = rig.becomeCandidate();
    rig.promise(2);
    rig.confirm(2);
    rig.accept(2, 1);
    rig.take("accept");
    const request = { kind: "forward", session: 1, client: 7n, payload: new Uint8Array(0) } as const;
    rig.hear(2, { ...request, ballot: ballot - 256, sequence: 1 });
    rig.hear(2, { ...request, ballot, sequence: 2 });
    expect(rig.take("accept", 2).map(({ entry }) => entry.sequence)).toEqual([2]);
  });
});

test("of requests without a name none is left out while later ones of its session are taken", () => {
  const rig = new SlotRig(1, [1, 2, 3], { outstandingEntriesMax: 1, waitingRequestsMax: 1 }).start();
  const ballot = rig.becomeCandidate();
  rig.promise(2);
  rig.confirm(2);
  rig.accept(2, 1);
  rig.take("accept");
  const submit = (session: number, mark: number): void =>
    rig.hear(2, { kind: "forward", ballot, session, client: 0n, sequence: 0, payload: Uint8Array.of(mark) });
  for (const mark of [1, 2, 3]) submit(1, mark);
  expect(rig.take("refuse", 2)).toEqual([{ kind: "refuse", session: 1 }]);
  for (const slot of [2, 3]) rig.accept(2, slot);
  // There is room again, but the third was left out: so is the fourth, until its replica has begun anew.
  submit(1, 4);
  submit(2, 5);
  rig.accept(2, 4);
  expect(rig.take("accept", 2).map(({ entry }) => entry.payload[0])).toEqual([1, 2, 5]);
});

test("a request that was sent again is not told lost when one of the two is refused", () => {
  const rig = new SlotRig(1).start();
  const ballot = ballotOf(2, 1);
  const lead = (round: number): void =>
    rig.hear(2, { kind: "lead", ballot, round, barrier: 1n, committed: 1n, admit: 0n });
  lead(1);
  rig.hear(2, { kind: "learn", entry: barrier(1, ballot).entry });
  rig.propose("a");
  rig.linkAgain(2);
  lead(2);
  const [one, again, ...more] = rig.take("forward", 2);
  expect([one?.session, again?.session, more.length]).toEqual([1, 2, 0]);
  const { client = 0n, sequence = 0 } = again ?? {};
  rig.hear(2, { kind: "answered", session: 2, client, sequence, position: 0n, refused: true });
  expect(rig.outcomes).toEqual([]);
  rig.hear(2, { kind: "answered", session: 2, client, sequence, position: 1n, refused: false });
  expect(rig.outcomes).toEqual(["answered"]);
});

test("a request that has a slot already is not answered with it: the slot may come to nothing when the leader goes", () => {
  const rig = new SlotRig(1).start();
  const ballot = rig.becomeCandidate();
  rig.promise(2);
  rig.confirm(2);
  rig.accept(2, 1);
  rig.take("accept");
  const request = { kind: "forward", ballot, client: 7n, sequence: 1, payload: new Uint8Array(0) } as const;
  rig.hear(2, { ...request, session: 1 });
  rig.hear(2, { ...request, session: 2 });
  expect(rig.take("accept", 2).length).toBe(1);
  expect(rig.take("answered", 2)).toEqual([]);
  // It is answered when it is applied, once, in the session that asked last.
  rig.accept(2, 2);
  expect(rig.take("answered", 2)).toMatchObject([{ session: 2, position: 2n, refused: false }]);
});

describe("who lacks chosen slots", () => {
  test("is told of a megabyte at a time, and by what comes last how much there is", () => {
    const large = (slot: number): AcceptedEntry => {
      return { ballot: chosenBallot, entry: { ...entryOf(slot, ""), payload: new Uint8Array(600_000) } };
    };
    const rig = new SlotRig(1).hold([1, 2, 3].map(large), 3).start();
    rig.hear(2, { kind: "ask", after: 0n });
    expect(rig.take("learn").map(({ entry }) => entry.zxid)).toEqual([1n, 2n]);
    expect(rig.take("told")).toEqual([{ kind: "told", committed: 3n }]);
  });
});

describe("who may lead", () => {
  test("is told by answers to the present round alone: older ones come from who may be gone", () => {
    const rig = new SlotRig(1).start();
    const rounds = rig.take("heartbeat", 2).map(({ round }) => round);
    rig.tick(4);
    for (const round of [...rounds, ...rounds]) rig.hear(2, answerOf(round));
    rig.tick(4);
    expect(rig.status().role).toBe("looking");
    expect(rig.becomeCandidate([2])).toBeGreaterThan(0);
  });
});

describe("what a member says of itself", () => {
  test("it has accepted what came at once in as few ranges as there are, however it came", () => {
    const rig = new SlotRig(1).start();
    const ballot = ballotOf(2, 1);
    rig.hearAtOnce(
      2,
      [3, 1, 5, 2].map((slot) => ({ kind: "accept", ballot, committed: 0n, entry: entryOf(slot, "value") })),
    );
    expect(rig.take("accepted").map(({ first, last }) => [first, last])).toEqual([
      [1n, 3n],
      [5n, 5n],
    ]);
  });

  test("it makes its promise durable once for a ballot, not with every value", () => {
    const rig = new SlotRig(1).start();
    const ballot = ballotOf(2, 1);
    rig.hear(2, { kind: "accept", ballot, committed: 0n, entry: entryOf(1, "value") });
    const { epochs } = rig.disk.image;
    rig.hear(2, { kind: "accept", ballot, committed: 0n, entry: entryOf(2, "value") });
    expect(rig.disk.image.epochs).toBe(epochs);
  });

  test("it knows a prefix as far as its disk does", () => {
    const rig = new SlotRig(1).start();
    const ballot = ballotOf(2, 1);
    const lead = { kind: "lead", ballot, barrier: 1n, admit: 0n } as const;
    rig.hear(2, { ...lead, round: 1, committed: 0n });
    rig.writesHeld = true;
    rig.hear(2, { kind: "learn", entry: entryOf(1, "chosen") });
    rig.hear(2, { ...lead, round: 2, committed: 1n });
    rig.releaseWrites();
    rig.hear(2, { ...lead, round: 3, committed: 1n });
    const told = rig.take("followed").map(({ round, committed }) => `${round}: ${committed}`);
    // In step when its disk holds the barrier, and says so at once.
    expect(told).toEqual(["1: 0", "2: 0", "2: 1", "3: 1"]);
  });

  test("it is in discovery until its leader has a barrier, then behind it, then in step", () => {
    const rig = new SlotRig(1).start();
    const ballot = ballotOf(2, 1);
    const phases = [0n, 2n].map((known) => {
      rig.hear(2, { kind: "lead", ballot, round: 1, barrier: known, committed: 0n, admit: 0n });
      return rig.status().phase;
    });
    for (const slot of [1, 2]) rig.hear(2, { kind: "learn", entry: entryOf(slot, "chosen") });
    expect([...phases, rig.status().phase]).toEqual(["discovery", "synchronization", "broadcast"]);
  });

  test("it forgets no barrier over an older word of its leader that comes late", () => {
    const rig = new SlotRig(1).start();
    const lead = { kind: "lead", ballot: ballotOf(2, 1), committed: 0n, admit: 0n } as const;
    rig.hear(2, { ...lead, round: 2, barrier: 2n });
    rig.hear(2, { ...lead, round: 1, barrier: 0n });
    expect(rig.status().phase).toBe("synchronization");
  });

  test("without a vote it observes", () => {
    const rig = new SlotRig(1, [1, 2, 3], { voting: false }).start();
    rig.hear(2, { kind: "lead", ballot: ballotOf(2, 1), round: 1, barrier: 1n, committed: 0n, admit: 0n });
    expect(rig.status()).toMatchObject({ role: "observing", voting: false });
  });
});
