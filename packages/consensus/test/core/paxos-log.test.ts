import { describe, expect, test } from "vitest";
import type { Heartbeat } from "../../src/core/messages.ts";
import { answerOf } from "./slot-rig.ts";
import { ZabRig, entryAt, zxid, type RigOptions } from "./zab-rig.ts";

const five = { voters: [1, 2, 3, 4, 5], observers: [] };

/** One replica of Paxos over a whole log; its links are up. */
function replica(options: RigOptions = {}): ZabRig {
  return new ZabRig({ protocol: "paxos", voteTicks: 4, ...options }).linkAll();
}

/** What a peer says of itself: it looks, is a voter, and nobody answered it yet. */
function heartbeat(rest: Partial<Heartbeat>): Heartbeat {
  return { ...answerOf(0), isAnswer: false, ...rest };
}

/** These answer all that it has asked them. */
function answer(rig: ZabRig, peers: readonly number[], rest: Partial<Heartbeat> = {}): void {
  for (const peer of peers) {
    for (const { round, isAnswer } of rig.take("heartbeat", peer)) {
      if (!isAnswer) rig.hear(peer, heartbeat({ ...rest, round, isAnswer: true }));
    }
  }
}

const leads = { state: "leading", settled: true } as const;

describe("a member that a quorum answers", () => {
  test("leads at once when all voters in sight have answered", () => {
    const rig = replica();
    answer(rig, [2]);
    expect(rig.status().role).toBe("looking");
    answer(rig, [2, 3]);
    expect(rig.status().role).toBe("leading");
  });

  test("waits for the others until its round is over", () => {
    const rig = replica();
    answer(rig, [2]);
    answer(rig, [2]);
    rig.tick(3);
    expect(rig.status().role).toBe("looking");
    rig.tick();
    expect(rig.status().role).toBe("leading");
  });

  test("does not wait for one that has said it has no vote", () => {
    const rig = replica();
    answer(rig, [3], { voting: false });
    answer(rig, [2]);
    answer(rig, [2]);
    expect(rig.status().role).toBe("leading");
  });

  test.each([
    ["an earlier epoch", { epoch: 1, zxid: zxid("1:9") }],
    ["a shorter log of the same epoch", { epoch: 2, zxid: zxid("1:9") }],
  ])("leads beside one that has %s, whatever its number", (_name, less) => {
    const rig = replica({ entries: [entryAt("2:1")], epochs: { accepted: 2, current: 2 } });
    for (const _ of [1, 2]) answer(rig, [2, 3], { ...less, connected: true });
    expect(rig.status().role).toBe("leading");
  });

  test.each([
    ["a later epoch", { epoch: 3, zxid: zxid("1:1") }],
    ["a longer log of the same epoch", { epoch: 2, zxid: zxid("2:2") }],
    ["the higher number where all else is equal", { epoch: 2, zxid: zxid("2:1") }],
  ])("follows one that has %s, and that a quorum answers too", (_name, more) => {
    const rig = replica({ entries: [entryAt("2:1")], epochs: { accepted: 2, current: 2 } });
    for (const _ of [1, 2]) {
      answer(rig, [2], { ...more, connected: true });
      answer(rig, [3], { epoch: 0, zxid: 0n });
    }
    expect(rig.take("followerInfo", 2)).not.toEqual([]);
  });

  test.each([
    ["that no quorum answers", { connected: false }],
    ["that may not lead", { connected: true, electable: false }],
    ["that follows somebody", { connected: true, state: "following" }],
  ] as const)("leads beside one that knows more, but %s", (_name, more) => {
    const rig = replica();
    for (const _ of [1, 2]) answer(rig, [2, 3], { epoch: 9, zxid: zxid("9:9"), ...more });
    expect(rig.status().role).toBe("leading");
  });

  test("leads beside one that knows more, but has not answered it in this round, or is out of sight", () => {
    for (const isCut of [false, true]) {
      const rig = replica();
      rig.hear(3, heartbeat({ epoch: 9, zxid: zxid("9:9"), connected: true }));
      if (isCut) rig.cut(3);
      answer(rig, [2]);
      answer(rig, [2]);
      rig.tick(4);
      expect(rig.status().role).toBe("leading");
    }
  });

  test("does not count answers to an earlier round, of those that have no vote, or whose link broke", () => {
    const rig = replica({ members: five });
    rig.hear(2, heartbeat({ round: 77, isAnswer: true }));
    answer(rig, [3, 4], { voting: false });
    answer(rig, [5]);
    rig.tick(8);
    expect(rig.status().role).toBe("looking");
    answer(rig, [2]);
    rig.cut(2);
    answer(rig, [5]);
    rig.tick(4);
    expect(rig.status().role).toBe("looking");
  });

  test("stays without a quorum for as long, and no longer", () => {
    const rig = replica();
    answer(rig, [2]);
    answer(rig, [2]);
    for (const state of ["leading", "leading"] as const) {
      rig.tick(4);
      expect(rig.status().role).toBe(state);
    }
    rig.take("heartbeat");
    rig.hear(2, heartbeat({}));
    expect(rig.take("heartbeat", 2)).toMatchObject([
      { isAnswer: true, connected: false, state: "leading", settled: false },
    ]);
  });
});

describe("a member of Paxos that looks", () => {
  test("follows whoever leads, as soon as it hears of it where it may not lead itself", () => {
    const rig = replica({ id: 4, members: { voters: [1, 2, 3], observers: [4] } });
    for (const peer of [1, 2]) rig.hear(peer, heartbeat({ connected: true }));
    rig.tick(8);
    expect(rig.status().role).toBe("looking");
    rig.hear(3, heartbeat(leads));
    expect(rig.status()).toMatchObject({ role: "observing", phase: "discovery" });
  });

  test("follows, of two that lead, the one that knows more, and none that only may", () => {
    const rig = replica({ members: five });
    rig.hear(4, heartbeat({ ...leads, epoch: 2 }));
    rig.hear(3, heartbeat({ ...leads, epoch: 1 }));
    rig.hear(5, heartbeat({ epoch: 9, connected: true }));
    rig.tick(4);
    expect(rig.take("followerInfo", 4)).not.toEqual([]);
  });

  test("does not hear peers that it cannot answer", () => {
    const rig = new ZabRig({ protocol: "paxos", id: 4, members: { voters: [1, 2, 3], observers: [4] } });
    rig.hear(3, heartbeat(leads));
    rig.tick(8);
    expect(rig.status().role).toBe("looking");
  });

  test("forgets what a peer said over a link that broke", () => {
    const rig = replica({ members: five });
    rig.hear(5, heartbeat(leads));
    rig.cut(5);
    rig.link(5);
    rig.tick(4);
    expect(rig.status().role).toBe("looking");
  });

  test("asks everybody in each round, whoever comes new at once, and answers what it is asked", () => {
    const rig = replica();
    rig.take("heartbeat");
    const asked: number[] = [];
    for (let tick = 1; tick <= 12; tick += 1) {
      rig.tick();
      if (rig.take("heartbeat", 2).length > 0) asked.push(tick);
    }
    expect(asked).toEqual([4, 8, 12]);
    rig.link(9);
    expect(rig.take("heartbeat", 9)).toMatchObject([{ isAnswer: false }]);
    rig.take("heartbeat");
    rig.hear(2, heartbeat({ round: 33 }));
    expect(rig.take("heartbeat")).toMatchObject([{ isAnswer: true, round: 33, state: "looking", electable: true }]);
    rig.hear(2, heartbeat({ round: 33, isAnswer: true }));
    expect(rig.take("heartbeat")).toEqual([]);
  });

  test("starts for the first time when all voters have shown themselves empty, and its vote counts when it is on its disk", () => {
    const rig = replica({ voting: false });
    rig.hear(2, heartbeat({ voting: false, fresh: true }));
    rig.cut(2);
    rig.hear(3, heartbeat({ voting: false, fresh: true }));
    expect(rig.disk.image.epochs.voting).toBe(false);
    rig.link(2);
    rig.hear(3, heartbeat({ voting: false, fresh: false }));
    rig.hear(2, heartbeat({ voting: false, fresh: true }));
    expect(rig.disk.image.epochs.voting).toBe(false);
    rig.writesHeld = true;
    rig.take("heartbeat");
    rig.hear(3, heartbeat({ voting: false, fresh: true, round: 5 }));
    rig.hear(2, heartbeat({ voting: false, fresh: true, round: 6 }));
    expect(rig.take("heartbeat", 2).at(-1)).toMatchObject({ isAnswer: true, voting: false, electable: false });
    rig.releaseWrites();
    rig.hear(2, heartbeat({ voting: false, fresh: true, round: 7 }));
    expect(rig.take("heartbeat", 2).at(-1)).toMatchObject({
      isAnswer: true,
      voting: true,
      electable: true,
      fresh: true,
    });
  });
});

describe("a member of Paxos that waits for its leader", () => {
  test("looks again when that has not begun to lead in two rounds", () => {
    const rig = replica();
    for (const _ of [1, 2]) {
      answer(rig, [3], { connected: true });
      answer(rig, [2]);
    }
    expect(rig.status()).toMatchObject({ role: "following", phase: "discovery" });
    rig.tick(8);
    expect(rig.status().role).toBe("following");
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });

  test("stays where that leads, or its promise is asked for", () => {
    for (const hasBegun of [false, true]) {
      const rig = replica();
      rig.choosePaxos(3, heartbeat(leads));
      if (hasBegun) rig.say(3, { kind: "leaderInfo", epoch: 259 });
      rig.hear(3, heartbeat(hasBegun ? {} : leads));
      rig.tick(12);
      expect(rig.status().role).toBe("following");
    }
  });

  test.each(["following", "observing"] as const)("looks again when that is %s", (state) => {
    const rig = replica();
    rig.choosePaxos(3, heartbeat(leads));
    rig.hear(2, heartbeat({ state }));
    rig.hear(3, heartbeat({ ...leads, settled: false }));
    rig.hear(3, heartbeat({ state: "looking" }));
    expect(rig.status().role).toBe("following");
    rig.hear(3, heartbeat({ state }));
    expect(rig.status().role).toBe("looking");
  });

  test("does not look again for what its leader says when it has promised", () => {
    const rig = replica();
    rig.choosePaxos(3, heartbeat(leads));
    rig.say(3, { kind: "leaderInfo", epoch: 259 });
    rig.hear(3, heartbeat({ state: "following" }));
    expect(rig.status().role).toBe("following");
  });
});

describe("a leader of Paxos that gathers promises", () => {
  function gathering(): ZabRig {
    const rig = replica({ id: 2, entries: [entryAt("2:1")], epochs: { accepted: 2, current: 2 } });
    for (const _ of [1, 2]) answer(rig, [1, 3]);
    expect(rig.status()).toMatchObject({ role: "leading", phase: "discovery" });
    return rig;
  }

  test.each([
    ["has all that it needs", { ...leads, epoch: 0 }],
    ["knows more", { state: "leading", epoch: 3 }],
  ] as const)("gives way to one that leads and %s", (_name, other) => {
    const rig = gathering();
    rig.hear(3, heartbeat(other));
    expect(rig.status().role).not.toBe("leading");
  });

  test.each([
    ["leads and knows less", { state: "leading", epoch: 1, zxid: zxid("2:9") }],
    ["knows more and only looks", { state: "looking", epoch: 3 }],
  ] as const)("does not give way to one that %s", (_name, other) => {
    const rig = gathering();
    rig.hear(3, heartbeat(other));
    expect(rig.status().role).toBe("leading");
  });

  test("and gives way to nobody when it has them", () => {
    const rig = gathering();
    rig.ask(1);
    rig.promise(1, { last: zxid("2:1"), currentEpoch: 2 });
    rig.hear(3, heartbeat({ ...leads, epoch: 9 }));
    expect(rig.status().role).toBe("leading");
  });

  test("numbers its ballot above all it heard of, so that no other member can have the same", () => {
    const rig = gathering();
    rig.ask(1, { acceptedEpoch: 259 });
    expect(rig.take("leaderInfo", 1)).toMatchObject([{ epoch: 514 }]);
  });

  test("takes over the best history of those that promised, whole, and only then asks to accept it", () => {
    const rig = replica({
      id: 2,
      members: five,
      entries: [entryAt("2:1"), entryAt("2:2")],
      epochs: { accepted: 2, current: 2 },
    });
    for (const _ of [1, 2]) answer(rig, [1, 3, 4, 5]);
    for (const learner of [1, 3, 4, 5]) rig.ask(learner);
    rig.promise(1, { last: zxid("3:1"), currentEpoch: 3 });
    rig.promise(5, { last: zxid("9:9"), currentEpoch: -1 });
    expect(rig.take("pull")).toEqual([]);
    rig.promise(3, { last: zxid("3:2"), currentEpoch: 3 });
    expect(rig.take("pull", 3)).toMatchObject([{ zxid: zxid("2:2") }]);
    rig.takeKinds();
    rig.promise(4, { last: zxid("4:9"), currentEpoch: 4 });
    rig.takeWrites();
    rig.say(1, { kind: "offerEntry", entry: entryAt("3:1") });
    rig.say(3, { kind: "offerCut", zxid: zxid("2:1") });
    rig.say(3, { kind: "offerEntry", entry: entryAt("3:1") });
    rig.say(3, { kind: "offerEntry", entry: entryAt("3:2") });
    expect(rig.takeWrites()).toBe("");
    rig.say(3, { kind: "offerEnd", zxid: zxid("3:2") });
    // Somebody who knows more promised meanwhile.
    expect(rig.takeWrites()).toBe("truncate append");
    expect(rig.take("pull", 4)).toMatchObject([{ zxid: zxid("3:2") }]);
    expect(rig.status()).toMatchObject({ phase: "discovery", logged: zxid("3:2") });
    rig.cut(4);
    rig.tick();
    expect(rig.status().phase).toBe("synchronization");
    expect(rig.takeKinds()).toContain("newLeader>3");
  });

  test.each([
    [
      "the later epoch, though it is shorter",
      { last: zxid("3:1"), currentEpoch: 4 },
      { last: zxid("3:9"), currentEpoch: 3 },
    ],
    [
      "the longer one of the same epoch",
      { last: zxid("3:9"), currentEpoch: 3 },
      { last: zxid("3:1"), currentEpoch: 3 },
    ],
  ])("takes over the history of %s", (_name, best, other) => {
    for (const order of [
      [1, 3],
      [3, 1],
    ]) {
      const rig = replica({ id: 2, members: five });
      for (const _ of [1, 2]) answer(rig, [1, 3, 4, 5]);
      for (const learner of order) rig.ask(learner);
      for (const learner of order) rig.promise(learner, learner === 1 ? best : other);
      expect(rig.take("pull", 1)).toHaveLength(1);
      expect(rig.take("pull")).toEqual([]);
    }
  });

  test("asks nobody that has not promised", () => {
    const rig = replica({ id: 2, members: five });
    for (const _ of [1, 2]) answer(rig, [1, 3, 4, 5]);
    for (const learner of [4, 1, 3]) rig.ask(learner);
    for (const learner of [1, 3]) rig.promise(learner);
    expect(rig.status().phase).toBe("synchronization");
    expect(rig.take("pull")).toEqual([]);
  });

  test("asks another one when the donor leaves", () => {
    const rig = replica({ id: 2, members: five });
    for (const _ of [1, 2]) answer(rig, [1, 3, 4, 5]);
    for (const learner of [1, 3]) rig.ask(learner);
    rig.promise(1, { last: zxid("3:1"), currentEpoch: 3 });
    rig.promise(3, { last: zxid("3:2"), currentEpoch: 3 });
    expect(rig.take("pull", 3)).toHaveLength(1);
    rig.ask(4);
    rig.promise(4);
    expect(rig.take("pull")).toEqual([]);
    rig.cut(3);
    rig.tick();
    expect(rig.take("pull", 1)).toHaveLength(1);
  });

  test.each([
    ["a hole", [entryAt("2:2"), entryAt("2:4")], "2:4"],
    ["another end than was promised", [entryAt("2:2")], "2:3"],
  ] as const)("begins anew when what is offered has %s", (_name, entries, last) => {
    const rig = gathering();
    rig.ask(1);
    rig.promise(1, { last: zxid(last), currentEpoch: 2 });
    rig.say(1, { kind: "offerCut", zxid: zxid("2:1") });
    for (const entry of entries) rig.say(1, { kind: "offerEntry", entry });
    rig.say(1, { kind: "offerEnd", zxid: zxid(last) });
    expect(rig.status()).toMatchObject({ logged: zxid("2:1") });
    expect(rig.take("pull")).toHaveLength(1);
    expect(rig.forgotten).toBe(1);
  });

  test("begins anew when an end is offered before its beginning, or before all of a snapshot", () => {
    for (const hasBegun of [false, true]) {
      const rig = gathering();
      rig.ask(1);
      rig.promise(1, { last: zxid("3:1"), currentEpoch: 3 });
      const snap = { kind: "offerSnap", position: zxid("3:1"), configuration: undefined, chunk: undefined } as const;
      if (hasBegun) rig.say(1, { ...snap, last: false });
      rig.say(1, { kind: "offerEnd", zxid: zxid("3:1") });
      expect(rig.forgotten).toBe(1);
      expect(rig.status().logged).toBe(zxid("2:1"));
    }
  });

  test("serves when its own disk holds the snapshot that it took over, whoever else does: it must know what it was asked", () => {
    const rig = replica({ id: 2, members: five });
    rig.propose("a");
    for (const _ of [1, 2]) answer(rig, [1, 3, 4, 5]);
    for (const learner of [1, 3, 4]) rig.ask(learner, { acceptedEpoch: 3 });
    const more = { last: zxid("3:1"), currentEpoch: 3 };
    for (const learner of [1, 3, 4]) rig.promise(learner, more);
    rig.writesHeld = true;
    const chunk = new TextEncoder().encode("a");
    rig.say(1, { kind: "offerSnap", position: zxid("3:1"), configuration: undefined, chunk, last: true });
    rig.say(1, { kind: "offerEnd", zxid: zxid("3:1") });
    expect(rig.status()).toMatchObject({ phase: "synchronization", logged: zxid("3:1") });
    for (const learner of [1, 3, 4]) rig.inStep(learner);
    expect(rig.isInStep).toBe(false);
    rig.releaseWrites();
    expect(rig.isInStep).toBe(true);
    expect(rig.applied).toEqual(["3:1 restored"]);
    expect(rig.disk.image.snapshot.chunks).toEqual([chunk]);
    expect(rig.outcomes).toEqual([]);
  });
});

describe("a member of Paxos that promised", () => {
  test("offers what its leader lacks, from where the two part", () => {
    const rig = replica({
      entries: [entryAt("1:1"), entryAt("1:2"), entryAt("2:1")],
      epochs: { accepted: 2, current: 2 },
    });
    rig.choosePaxos(3, heartbeat(leads));
    rig.say(3, { kind: "pull", zxid: zxid("1:1") });
    expect(rig.takeKinds()).toBe("");
    rig.say(3, { kind: "leaderInfo", epoch: 259 });
    rig.takeKinds();
    rig.say(3, { kind: "pull", zxid: zxid("1:1") });
    expect(rig.take("offerCut")).toMatchObject([{ zxid: zxid("1:1") }]);
    expect(rig.take("offerEntry").map(({ entry }) => entry.zxid)).toEqual([zxid("1:2"), zxid("2:1")]);
    expect(rig.take("offerEnd")).toMatchObject([{ zxid: zxid("2:1") }]);
    rig.say(3, { kind: "pull", zxid: zxid("1:7") });
    expect(rig.take("offerCut")).toMatchObject([{ zxid: zxid("1:2") }]);
    rig.say(3, { kind: "newLeader", epoch: 259, committed: 0n });
    rig.takeKinds();
    rig.say(3, { kind: "pull", zxid: zxid("1:1") });
    expect(rig.takeKinds()).toBe("");
  });

  test.each([
    ["in its pieces", [Uint8Array.of(1), Uint8Array.of(2)], [false, true]],
    ["as one where it is empty", [], [true]],
  ])("offers a snapshot %s where its log does not reach back, and what is behind it", (_name, chunks, last) => {
    const snapshot = { position: zxid("1:2"), chunks };
    const rig = replica({ snapshot, entries: [entryAt("1:3")], epochs: { accepted: 1, current: 1 } });
    rig.choosePaxos(3, heartbeat(leads));
    rig.say(3, { kind: "leaderInfo", epoch: 259 });
    rig.say(3, { kind: "pull", zxid: 0n });
    const offered = rig.take("offerSnap");
    expect(offered.map((piece) => piece.last)).toEqual(last);
    expect(offered.flatMap(({ chunk }) => (chunk === undefined ? [] : [chunk]))).toEqual(chunks);
    expect(rig.take("offerEntry").map(({ entry }) => entry.zxid)).toEqual([zxid("1:3")]);
    expect(rig.take("offerEnd")).toHaveLength(1);
  });
});
