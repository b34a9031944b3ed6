import { describe, expect, test } from "vitest";
import { chosenBallot, type AcceptedEntry } from "../../src/core/accepted-entry.ts";
import { ballotOf, commandOf, entryOf, SlotRig } from "./slot-rig.ts";

function barrier(slot: number, ballot: number): AcceptedEntry {
  return {
    ballot,
    entry: { zxid: BigInt(slot), kind: "noop", client: 0n, sequence: ballot, payload: new Uint8Array(0) },
  };
}

function proposed(rig: SlotRig, to: number): readonly string[] {
  return rig.take("accept", to).map(({ entry }) => `${entry.zxid} ${commandOf(entry)}`);
}

/** `from` answers a round of the leader. */
function follow(rig: SlotRig, from: number, round: number, { voting = true, committed = 0 } = {}): void {
  const ballot = rig.status().epoch;
  rig.hear(from, { kind: "followed", ballot, round, voting, committed: BigInt(committed) });
}

/** The last round that it has sent to this member. */
function roundTo(rig: SlotRig, to: number): number {
  return rig.take("lead", to).at(-1)?.round ?? 0;
}

function forward(rig: SlotRig, from: number, { session = 1, client = 7n, sequence = 1, mark = 0 } = {}): void {
  const ballot = rig.status().epoch;
  rig.hear(from, { kind: "forward", ballot, session, client, sequence, payload: Uint8Array.of(mark) });
}

/** Of five voters, with three of them. */
function leadingFive(): SlotRig {
  const rig = new SlotRig(1, [1, 2, 3, 4, 5]).start();
  rig.becomeCandidate();
  for (const other of [2, 3]) rig.promise(other);
  for (const other of [2, 3]) rig.confirm(other);
  for (const other of [2, 3]) rig.accept(other, 1);
  for (const kind of ["accept", "chosen", "lead"] as const) rig.take(kind);
  return rig;
}

describe("a candidate", () => {
  test("leads at once where it decides alone", () => {
    expect(new SlotRig(1, [1]).start().status().role).toBe("leading");
  });

  test.each([[[2, 3]], [[3, 2]]])("fetches from whoever knows most, in whichever order they promise: %s", (others) => {
    const rig = new SlotRig(1).start();
    rig.becomeCandidate();
    for (const other of others) rig.promise(other, [], { committed: other });
    for (const other of others) rig.confirm(other);
    expect([rig.take("ask", 2).length, rig.take("ask", 3).length]).toEqual([0, 1]);
  });

  test("fetches from the next one when the link breaks, and from nobody twice when another link does", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4]).only([1, 2, 3]).start();
    rig.becomeCandidate([2, 3]);
    for (const other of [2, 3]) rig.promise(other, [], { committed: 2 });
    rig.tick(2);
    for (const other of [2, 3]) rig.confirm(other);
    expect([rig.take("ask", 2).length, rig.take("ask", 3).length]).toEqual([1, 0]);
    rig.cut(4);
    expect(rig.take("ask")).toEqual([]);
    rig.cut(2);
    expect([rig.take("ask", 2).length, rig.take("ask", 3).length]).toEqual([0, 1]);
  });

  test("does not count what was promised to an earlier ballot of its own", () => {
    const rig = new SlotRig(1).start();
    const earlier = rig.becomeCandidate();
    rig.hear(2, { kind: "preempted", ballot: ballotOf(2, 7), leader: 2 });
    rig.becomeCandidate();
    const promise = { kind: "promise", committed: 0n, entered: 0, part: 0, parts: 1, record: undefined } as const;
    rig.hear(2, { ...promise, ballot: earlier });
    rig.tick(4);
    rig.confirm(2);
    expect(rig.status().phase).toBe("discovery");
    rig.promise(2);
    rig.confirm(2);
    expect(rig.status().phase).toBe("synchronization");
  });

  test.each([[1], [2]])("begins behind what it has learned since, whatever a promise tells of slot %i", (slot) => {
    const rig = new SlotRig(1).start();
    rig.becomeCandidate();
    const configuration = { voters: [2, 3], observers: [], outgoing: [1, 2, 3] };
    rig.promise(2, [{ ballot: ballotOf(2, 0), entry: { ...entryOf(slot, "void"), configuration } }]);
    for (const known of [1, 2]) rig.hear(2, { kind: "learn", entry: entryOf(known, "a") });
    rig.confirm(2);
    expect(proposed(rig, 2)).toEqual(["3 no-op"]);
  });

  test("knows at once what its quorum knows to be chosen", () => {
    const rig = new SlotRig(1).start();
    rig.becomeCandidate();
    rig.promise(2, [{ ballot: chosenBallot, entry: entryOf(1, "chosen") }]);
    rig.confirm(2);
    expect(rig.applied).toEqual(["1 chosen"]);
    expect(proposed(rig, 2)).toEqual(["2 no-op"]);
  });

  test("gives up when its quorum knows the barrier of a higher ballot", () => {
    const rig = new SlotRig(1).start();
    const ballot = rig.becomeCandidate();
    rig.promise(2, [{ ...barrier(1, ballot + 256), ballot: chosenBallot }]);
    rig.confirm(2);
    expect(rig.status().role).toBe("looking");
    expect(proposed(rig, 2)).toEqual([]);
  });

  test("gives up when it learns that somebody has led in a higher ballot", () => {
    const rig = new SlotRig(1).start();
    const ballot = rig.becomeCandidate();
    rig.hear(2, { kind: "learn", entry: barrier(1, ballot + 256).entry });
    expect(rig.status().role).toBe("looking");
  });

  test("waits for a quorum so many ticks and not one more", () => {
    const rig = new SlotRig(1, [1, 2, 3], { joinTicks: 10 }).start();
    rig.becomeCandidate();
    // It was one before the last tick that made it one.
    rig.tick(8);
    expect(rig.status().role).toBe("leading");
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });

  test("takes a late answer to the round that it began when all had promised, though a later one is under way", () => {
    const rig = new SlotRig(1).start();
    rig.becomeCandidate();
    rig.promise(2);
    const round = roundTo(rig, 2);
    rig.tick(2);
    expect(roundTo(rig, 2)).toBe(round + 1);
    follow(rig, 2, round);
    expect(rig.status().phase).toBe("synchronization");
  });

  test("asks nobody to follow who need not promise, before it has a barrier", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4]).only([1, 2, 3]).start();
    rig.becomeCandidate([2, 3]);
    rig.tick(2);
    expect([rig.take("lead", 2).length, rig.take("lead", 4).length]).toEqual([1, 0]);
    rig.promise(2);
    rig.confirm(2);
    expect([rig.take("lead", 3).length > 0, rig.take("lead", 4).length]).toEqual([true, 1]);
  });
});

describe("a leader that hears of higher ballots", () => {
  test("goes on when the ballot is not higher than its own", () => {
    const rig = new SlotRig(1).start().lead();
    const ballot = rig.status().epoch;
    for (const one of [ballot, ballot - 1]) rig.hear(2, { kind: "preempted", ballot: one, leader: 0 });
    expect(rig.status()).toMatchObject({ role: "leading", phase: "broadcast", epoch: ballot });
  });

  test("takes a higher one when nobody leads in it, so that whoever promised it can follow", () => {
    const rig = new SlotRig(1).start().lead();
    const ballot = rig.status().epoch + 512;
    rig.hear(3, { kind: "preempted", ballot, leader: 0 });
    expect(rig.status()).toMatchObject({ role: "leading", phase: "discovery" });
    expect(rig.status().epoch).toBeGreaterThan(ballot);
  });

  test("leads no more when somebody else does", () => {
    const rig = new SlotRig(1).start().lead();
    rig.hear(3, { kind: "preempted", ballot: rig.status().epoch + 512, leader: 3 });
    expect(rig.status().role).toBe("looking");
  });

  test("does not tell that its values are chosen when it hears that another is", () => {
    const rig = new SlotRig(1).start().lead();
    rig.propose("mine");
    rig.hear(2, { kind: "learn", entry: entryOf(2, "of a later ballot") });
    expect(rig.status().role).toBe("looking");
    expect(rig.take("chosen")).toEqual([]);
    expect(rig.applied).toEqual(["1 no-op", "2 of a later ballot"]);
  });

  test("goes on when it hears that its own value is, or of slots that it has known for long", () => {
    const rig = new SlotRig(1, [1, 2, 3], { retainedEntriesMax: 0 }).covered(3).start().lead();
    rig.propose("mine");
    const [sent] = rig.take("accept", 2);
    if (sent !== undefined) rig.hear(2, { kind: "learn", entry: sent.entry });
    for (const slot of [2, 3]) rig.hear(2, { kind: "learn", entry: entryOf(slot, "old") });
    expect(rig.status()).toMatchObject({ role: "leading", committed: 5n });
    rig.saveSnapshot(5);
    rig.hear(2, { kind: "learn", entry: entryOf(5, "mine") });
    expect(rig.status().role).toBe("leading");
  });
});

describe("whom a leader counts", () => {
  test("itself when its own disk holds the value, and not before", () => {
    const rig = new SlotRig(1).start().lead();
    rig.writesHeld = true;
    rig.propose("a");
    rig.accept(2, 2);
    expect(rig.status().committed).toBe(1n);
    rig.releaseWrites();
    expect(rig.status().committed).toBe(2n);
  });

  test("a quorum that is silent for so many ticks is lost, and not one tick before", () => {
    const rig = new SlotRig(1, [1, 2, 3], { silenceTicks: 10 }).start().lead();
    rig.tick(9);
    expect(rig.status().role).toBe("leading");
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });

  test("whose links are gone at once", () => {
    const rig = new SlotRig(1).start().lead();
    rig.cut(2);
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });

  test("no member whose disk is not trusted", () => {
    const rig = new SlotRig(1, [1, 2, 3], { silenceTicks: 10 }).start().lead();
    for (let tick = 0; tick < 10; tick += 1) {
      follow(rig, 3, 1, { voting: false });
      rig.tick();
    }
    expect(rig.status().role).toBe("looking");
  });

  test("no answer to an earlier ballot of its own", () => {
    const rig = new SlotRig(1).start().heardOf(ballotOf(3, 9)).lead();
    rig.read();
    const followed = { kind: "followed", round: 99, voting: true, committed: 1n } as const;
    rig.hear(2, { ...followed, ballot: rig.status().epoch - 256 });
    expect(rig.reads).toEqual([]);
    rig.hear(2, { ...followed, ballot: rig.status().epoch });
    expect(rig.reads).toEqual([1n]);
  });
});

describe("what a leader sends again", () => {
  /** Until the number of its round is one more than a multiple of four, or as many more. */
  function tickToRound(rig: SlotRig, more: number): void {
    for (let tick = 0; tick < 8; tick += 1) {
      rig.tick();
      const round = roundTo(rig, 2);
      if (round > 0 && round % 4 === more) return;
    }
  }

  test("every fourth round, what was sent four rounds before to those that have not accepted it", () => {
    const rig = leadingFive();
    tickToRound(rig, 0);
    rig.propose("a");
    tickToRound(rig, 1);
    rig.propose("b");
    rig.accept(2, 2);
    rig.take("accept");
    for (const round of [2, 3]) {
      tickToRound(rig, round);
      expect(rig.take("accept")).toEqual([]);
    }
    tickToRound(rig, 0);
    // 4 and 5 have never answered: they get it all when they do.
    expect([2, 3, 4, 5].map((to) => proposed(rig, to))).toEqual([[], ["2 a"], [], []]);
    for (const other of [2, 3]) follow(rig, other, 1);
    for (const round of [1, 2, 3]) {
      tickToRound(rig, round);
      expect(rig.take("accept")).toEqual([]);
    }
    tickToRound(rig, 0);
    expect([2, 3].map((to) => proposed(rig, to))).toEqual([["3 b"], ["2 a", "3 b"]]);
  });

  test("at most 64 at a time", () => {
    const rig = new SlotRig(1).start().lead();
    tickToRound(rig, 0);
    for (let left = 70; left > 0; left -= 1) rig.propose("a");
    rig.take("accept");
    for (const round of [1, 2, 3, 0]) tickToRound(rig, round);
    expect(rig.take("accept", 2).length).toBe(64);
  });

  test("nothing to those that learn: observers, and voters whose disk is not trusted", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4]).only([1, 2, 3]).start().lead();
    follow(rig, 3, 1, { voting: false });
    follow(rig, 4, 1);
    tickToRound(rig, 0);
    rig.propose("a");
    rig.take("accept");
    for (const round of [1, 2, 3, 0]) tickToRound(rig, round);
    expect([2, 3, 4].map((to) => proposed(rig, to))).toEqual([["2 a"], [], []]);
  });

  test("to a voter that comes all that is on its way, once", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4]).only([1, 2, 3]).start().lead();
    for (const command of ["a", "b"]) rig.propose(command);
    rig.take("accept");
    for (const _ of [1, 2]) for (const other of [3, 4]) follow(rig, other, 1);
    expect([2, 3, 4].map((to) => proposed(rig, to))).toEqual([[], ["2 a", "3 b"], []]);
  });

  test("nothing of what is chosen, though a gap before it is not", () => {
    const rig = new SlotRig(1).start().lead();
    for (const command of ["a", "b"]) rig.propose(command);
    rig.accept(2, 3);
    rig.take("accept");
    follow(rig, 3, 1);
    expect(proposed(rig, 3)).toEqual(["2 a"]);
  });
});

describe("what a leader tells", () => {
  test("acceptors how far all is chosen, and whoever does not accept the values", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4, 5]).only([1, 2, 3, 5]).start();
    rig.becomeCandidate([2, 3]);
    for (const other of [2, 3]) rig.promise(other);
    for (const other of [2, 3]) rig.confirm(other);
    for (const other of [2, 3]) rig.accept(other, 1);
    follow(rig, 3, 1, { voting: false });
    rig.linkAgain(3);
    follow(rig, 3, 1, { voting: false });
    follow(rig, 4, 1);
    for (const kind of ["accept", "chosen", "learn"] as const) rig.take(kind);
    rig.propose("a");
    for (const other of [2, 5]) rig.accept(other, 2);
    expect([2, 3, 4, 5].map((to) => rig.take("chosen", to).length)).toEqual([1, 0, 0, 1]);
    expect([2, 3, 4, 5].map((to) => rig.take("learn", to).length)).toEqual([0, 1, 1, 0]);
  });

  test("its rounds to whoever comes", () => {
    const rig = new SlotRig(1).start().lead();
    rig.take("lead");
    rig.linkAgain(3);
    expect(rig.take("lead").length).toBe(1);
  });

  test("what a member must know to vote again when a quorum has answered a round that began after it asked", () => {
    const rig = new SlotRig(1).start().lead();
    rig.tick(2);
    const round = roundTo(rig, 2);
    rig.take("lead");
    follow(rig, 3, round, { voting: false });
    follow(rig, 2, round);
    rig.tick(2);
    expect(rig.take("lead", 3)).toMatchObject([{ round: round + 1, admit: 0n }]);
    rig.take("lead");
    follow(rig, 2, round + 1);
    rig.tick(2);
    expect(rig.take("lead", 2)).toMatchObject([{ admit: 0n }]);
    expect(rig.take("lead", 3)).toMatchObject([{ round: round + 2, admit: 1n }]);
    // That is true for the life in which it asked: it goes over that link alone, and a round over any.
    rig.tick(2);
    expect(rig.takeLinks("lead")).toEqual(["any", 3]);
  });

  test("whom it hears report, and itself", () => {
    const rig = new SlotRig(1).start();
    rig.report(1);
    rig.becomeCandidate();
    rig.report(2);
    rig.hear(2, { kind: "report", session: 1, bytes: Uint8Array.of(3) });
    expect(rig.reported).toEqual([]);
    rig.promise(2);
    rig.confirm(2);
    rig.accept(2, 1);
    rig.report(4);
    rig.hear(2, { kind: "report", session: 1, bytes: Uint8Array.of(5) });
    expect(rig.reported).toEqual(["1: 4", "2: 5"]);
  });
});

test("a leader that goes tells its followers, and its machine to forget what it prepared", () => {
  const rig = new SlotRig(1).start().lead();
  expect(rig.forgotten).toBe(0);
  rig.hear(3, { kind: "preempted", ballot: rig.status().epoch + 512, leader: 3 });
  expect(rig.take("refuse")).toEqual([{ kind: "refuse", session: 0 }]);
  expect(rig.forgotten).toBe(1);
});

describe("requests at their leader", () => {
  test("are prepared when its machine has applied all that it took over", () => {
    const rig = new SlotRig(1).start();
    rig.appliesHeld = true;
    rig.becomeCandidate();
    rig.promise(2);
    rig.confirm(2);
    rig.accept(2, 1);
    rig.take("accept");
    rig.propose("a");
    expect(proposed(rig, 2)).toEqual([]);
    rig.releaseApplied();
    expect(proposed(rig, 2)).toEqual(["2 a"]);
  });

  test("those with a name are refused one by one where there is no room, and taken again as soon as there is", () => {
    const rig = new SlotRig(1, [1, 2, 3], { outstandingEntriesMax: 1, waitingRequestsMax: 1 }).start().lead();
    for (const sequence of [1, 2, 3]) forward(rig, 2, { sequence });
    const refused = { kind: "answered", session: 1, client: 7n, sequence: 3, position: 0n, refused: true };
    expect(rig.take("answered")).toEqual([refused]);
    expect(rig.take("refuse")).toEqual([]);
    for (const slot of [2, 3]) rig.accept(2, slot);
    forward(rig, 2, { sequence: 3 });
    rig.accept(2, 4);
    expect(rig.applied.length).toBe(4);
  });

  test("those with a name are taken from a session whose others were left out", () => {
    const rig = new SlotRig(1, [1, 2, 3], { outstandingEntriesMax: 1, waitingRequestsMax: 1 }).start().lead();
    for (const mark of [1, 2, 3]) forward(rig, 2, { client: 0n, sequence: 0, mark });
    for (const slot of [2, 3]) rig.accept(2, slot);
    rig.take("accept");
    forward(rig, 2, { mark: 4 });
    expect(rig.take("accept", 2).map(({ entry }) => entry.payload[0])).toEqual([4]);
  });

  test("one that is on its way is answered to each that asked, once, when it is applied", () => {
    const rig = new SlotRig(1).start().lead();
    forward(rig, 2);
    for (const session of [2, 3]) forward(rig, 2, { session });
    forward(rig, 3, { session: 9 });
    expect(rig.take("accept", 2).length).toBe(1);
    rig.accept(2, 2);
    const answered = rig.take("answered").map(({ session, position, refused }) => [session, position, refused]);
    expect(answered).toEqual([
      [3, 2n, false],
      [9, 2n, false],
    ]);
    // What comes next is for the machine to recognise.
    rig.prepare = () => ({ kind: "known" });
    forward(rig, 3, { session: 9 });
    expect(rig.take("answered", 3)).toMatchObject([{ session: 9, position: 2n, refused: false }]);
  });

  test("that one before it is applied does not let it be prepared twice", () => {
    const rig = new SlotRig(1).start().lead();
    for (const sequence of [1, 2]) forward(rig, 2, { sequence });
    rig.accept(2, 2);
    rig.take("accept");
    forward(rig, 2, { session: 2, sequence: 2 });
    expect(rig.take("accept")).toEqual([]);
  });

  test("one of its own that was applied before is answered, not lost", () => {
    const rig = new SlotRig(1).start().lead();
    rig.prepare = () => ({ kind: "known" });
    rig.propose("a");
    expect(rig.outcomes).toEqual(["answered"]);
  });
});

describe("reads at their leader", () => {
  test("begin a round when none is under way, and wait for the next one when one is", () => {
    const rig = new SlotRig(1).start().lead();
    rig.tick(2);
    rig.confirm(2);
    rig.take("lead");
    rig.read();
    const [first, ...more] = rig.take("lead", 2);
    expect(more).toEqual([]);
    rig.read();
    expect(rig.take("lead", 2)).toEqual([]);
    follow(rig, 2, first?.round ?? 0);
    expect(rig.reads).toEqual([1n]);
    rig.confirm(2);
    expect(rig.reads).toEqual([1n, 1n]);
  });

  test("those of others are answered to them", () => {
    const rig = new SlotRig(1).start().lead();
    rig.hear(2, { kind: "readRequest", session: 3, read: 5 });
    rig.tick(2);
    rig.confirm(2);
    expect(rig.take("readAnswer", 2)).toEqual([{ kind: "readAnswer", session: 3, read: 5, position: 1n }]);
  });
});

describe("reads when the leader changes", () => {
  test("those that are open are asked again, and those that were answered are not", () => {
    const rig = new SlotRig(1).start().follow(ballotOf(3, 1));
    for (const _ of [1, 2]) rig.read();
    const [first, second] = rig.take("readRequest", 3);
    rig.hear(3, { kind: "readAnswer", session: 1, read: first?.read ?? 0, position: 1n });
    rig.follow(ballotOf(2, 2));
    expect(rig.take("readRequest", 2).map(({ read }) => read)).toEqual([second?.read]);
  });

  test("nor are those that it has answered itself", () => {
    const rig = new SlotRig(1).start().lead();
    rig.confirm(2);
    rig.read();
    rig.confirm(2);
    expect(rig.reads).toEqual([1n]);
    rig.follow(ballotOf(2, 2));
    expect(rig.take("readRequest")).toEqual([]);
  });
});

describe("a follower and its leader", () => {
  const ballot = ballotOf(3, 1);

  function following(): SlotRig {
    return new SlotRig(1).start().follow(ballot);
  }

  test("only answers in its present session count", () => {
    const rig = following();
    rig.propose("a");
    rig.read();
    const [{ client, sequence } = { client: 0n, sequence: 0 }] = rig.take("forward");
    const answered = { kind: "answered", client, sequence, position: 1n, refused: false } as const;
    const readAnswer = { kind: "readAnswer", read: 2, position: 1n } as const;
    rig.hear(3, { ...answered, session: 7 });
    rig.hear(3, { ...readAnswer, session: 7 });
    rig.hear(2, { ...answered, session: 1 });
    expect([rig.outcomes, rig.reads]).toEqual([[], []]);
    rig.hear(3, { ...answered, session: 1 });
    rig.hear(3, { ...readAnswer, session: 1 });
    expect([rig.outcomes, rig.reads]).toEqual([["answered"], [1n]]);
  });

  test("a refusal of its session, or of all, ends it; one of another session or member does not", () => {
    const rig = following();
    rig.hear(3, { kind: "refuse", session: 7 });
    rig.hear(2, { kind: "refuse", session: 0 });
    expect(rig.status().role).toBe("following");
    rig.hear(3, { kind: "refuse", session: 1 });
    expect(rig.status().role).toBe("looking");
    const again = following();
    again.hear(3, { kind: "refuse", session: 0 });
    expect(again.status().role).toBe("looking");
  });

  test("requests without a name that were not handed over are given up with the leader", () => {
    const rig = new SlotRig(1).start();
    rig.hear(3, { kind: "lead", ballot, round: 1, barrier: 1n, committed: 0n, admit: 0n });
    rig.submit(1);
    rig.cut(3);
    rig.follow(ballotOf(2, 2));
    rig.submit(2);
    expect(rig.take("forward").map(({ payload }) => payload[0])).toEqual([2]);
  });

  test("reports go to the leader, when it is in step with it", () => {
    const rig = new SlotRig(1).start();
    rig.report(1);
    rig.hear(3, { kind: "lead", ballot, round: 1, barrier: 1n, committed: 0n, admit: 0n });
    rig.report(2);
    expect(rig.take("report")).toEqual([]);
    rig.follow(ballot);
    rig.report(3);
    expect(rig.take("report")).toEqual([{ kind: "report", session: 1, bytes: Uint8Array.of(3) }]);
    expect(rig.reported).toEqual([]);
  });
});
