// Sentences of "Paxos Made Simple" (Lamport, 2001), sections 2 and 3, in its order, each tried on a replica as shipped.
import { describe, expect, test } from "vitest";
import { chosenBallot, type AcceptedEntry } from "../../src/core/accepted-entry.ts";
import { ballotOf, commandOf, entryOf, SlotRig } from "./slot-rig.ts";

const [first, second, third] = [ballotOf(2, 1), ballotOf(3, 1), ballotOf(2, 2)];

function accept(rig: SlotRig, ballot: number, slot: number, command: string): void {
  rig.hear(ballot % 256, { kind: "accept", ballot, committed: 0n, entry: entryOf(slot, command) });
}

function prepare(rig: SlotRig, ballot: number, from = 1): void {
  rig.hear(ballot % 256, { kind: "prepare", ballot, from: BigInt(from) });
}

function chosen(last: number): readonly AcceptedEntry[] {
  return Array.from({ length: last }, (_, index) => ({
    ballot: chosenBallot,
    entry: entryOf(index + 1, `c${index + 1}`),
  }));
}

/** Member 1 leads, and has told its barrier; everything before it is applied. */
function leading(options: ConstructorParameters<typeof SlotRig>[2] = {}): SlotRig {
  const rig = new SlotRig(1, [1, 2, 3], options).start();
  rig.becomeCandidate();
  rig.promise(2);
  rig.confirm(2);
  rig.accept(2, 1);
  expect(rig.status().phase).toBe("broadcast");
  rig.take("accept");
  return rig;
}

describe("2.2 choosing a value: acceptors", () => {
  test("an acceptor accepts the first proposal that it receives", () => {
    const rig = new SlotRig(1).start();
    accept(rig, first, 1, "a");
    expect(rig.take("accepted")).toEqual([{ kind: "accepted", ballot: first, first: 1n, last: 1n }]);
  });

  test("an acceptor accepts a proposal numbered n unless it has answered a prepare with a number above n", () => {
    const rig = new SlotRig(1).start();
    prepare(rig, second);
    accept(rig, first, 1, "a");
    expect(rig.take("accepted")).toEqual([]);
    accept(rig, second, 1, "b");
    accept(rig, third, 2, "c");
    expect(rig.take("accepted").map(({ ballot }) => ballot)).toEqual([second, third]);
  });

  test("it answers a prepare with the promise, and the proposal with the highest number that it has accepted", () => {
    const rig = new SlotRig(1).start();
    accept(rig, first, 1, "a");
    accept(rig, second, 1, "b");
    prepare(rig, third);
    const [promise, ...more] = rig.take("promise");
    expect(more).toEqual([]);
    expect(promise).toMatchObject({ ballot: third, record: { ballot: second } });
    expect(promise?.record === undefined ? "" : commandOf(promise.record.entry)).toBe("b");
  });

  test("it need not answer a prepare whose number is below one that it has promised, and says so", () => {
    const rig = new SlotRig(1).start();
    prepare(rig, third);
    rig.take("promise");
    prepare(rig, first);
    expect(rig.take("promise")).toEqual([]);
    expect(rig.take("preempted")).toEqual([{ kind: "preempted", ballot: third, leader: 2 }]);
  });

  test("it remembers promise and proposal even if it fails and restarts", () => {
    const rig = new SlotRig(1).start();
    accept(rig, first, 1, "a");
    prepare(rig, second);
    rig.restart();
    accept(rig, first, 2, "b");
    expect(rig.take("accepted")).toEqual([]);
    prepare(rig, third);
    expect(rig.take("promise")).toMatchObject([{ ballot: third, record: { ballot: first, entry: { zxid: 1n } } }]);
  });

  test("it ignores any request without harm: what is far ahead of what it knows is not taken in", () => {
    const rig = new SlotRig(1, [1, 2, 3], { outstandingEntriesMax: 4 }).start();
    accept(rig, first, 9, "a");
    expect(rig.take("accepted")).toEqual([]);
    accept(rig, first, 8, "a");
    expect(rig.take("accepted")).toMatchObject([{ first: 8n, last: 8n }]);
  });
});

describe("2.2 choosing a value: proposers", () => {
  test("a proposal's value is that of the highest-numbered proposal among the answers of a majority", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4, 5]).hold([{ ballot: ballotOf(2, 1), entry: entryOf(1, "old") }], 0).start();
    rig.becomeCandidate();
    rig.promise(2, [{ ballot: ballotOf(4, 3), entry: entryOf(1, "highest") }]);
    rig.promise(3, [{ ballot: ballotOf(5, 2), entry: entryOf(1, "last heard") }]);
    rig.confirm(2);
    rig.confirm(3);
    const [proposal] = rig.take("accept", 2);
    expect(proposal === undefined ? "" : commandOf(proposal.entry)).toBe("highest");
  });

  test("without a majority of promises it proposes nothing", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4, 5]).start();
    rig.becomeCandidate();
    rig.promise(2);
    rig.tick(4);
    rig.confirm(2);
    expect(rig.take("accept")).toEqual([]);
  });

  test("where a majority reports no proposal it may propose any value", () => {
    const rig = leading();
    rig.propose("mine");
    expect(rig.take("accept", 2).map(({ entry }) => commandOf(entry))).toEqual(["mine"]);
  });

  test("it abandons a proposal when it hears of a higher number, and never uses its own again", () => {
    const rig = new SlotRig(1).start();
    const ballot = rig.becomeCandidate();
    rig.hear(2, { kind: "preempted", ballot: ballotOf(2, 7), leader: 0 });
    expect(rig.status().role).toBe("looking");
    const next = rig.becomeCandidate();
    expect(next).toBeGreaterThan(ballotOf(2, 7));
    rig.restart();
    expect(rig.becomeCandidate()).toBeGreaterThan(Math.max(next, ballot));
  });
});

describe("2.3 learning a chosen value", () => {
  test("a value is chosen when a majority has accepted it in one ballot, and one acceptor twice is one", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4, 5]).start();
    rig.becomeCandidate();
    for (const other of [2, 3]) rig.promise(other);
    for (const other of [2, 3]) rig.confirm(other);
    rig.accept(2, 1);
    rig.accept(2, 1);
    expect(rig.status().committed).toBe(0n);
    rig.accept(3, 1);
    expect(rig.status().committed).toBe(1n);
  });

  test("where nobody learned that a value was chosen, the next proposal tells, since it proposes the same", () => {
    const rig = new SlotRig(1).hold([{ ballot: first, entry: entryOf(1, "chosen by 1 and 2") }], 0).start();
    rig.becomeCandidate();
    rig.promise(3);
    rig.confirm(3);
    rig.accept(3, 1, 2);
    expect(rig.applied).toEqual(["1 chosen by 1 and 2", "2 no-op"]);
  });

  test("a learner hears of chosen values from a distinguished one", () => {
    const rig = new SlotRig(1).start();
    accept(rig, first, 1, "a");
    rig.hear(2, { kind: "chosen", ballot: first, committed: 1n });
    expect(rig.applied).toEqual(["1 a"]);
  });

  test("what it accepted in a lower ballot is not what the leader of a higher one says is chosen", () => {
    const rig = new SlotRig(1).start();
    accept(rig, first, 1, "a");
    rig.hear(3, { kind: "chosen", ballot: second, committed: 1n });
    expect(rig.applied).toEqual([]);
    accept(rig, second, 1, "b");
    expect(rig.applied).toEqual(["1 b"]);
  });
});

describe("2.4 progress", () => {
  test("two proposers do not outbid each other: who is preempted looks who leads before it tries again", () => {
    const rig = new SlotRig(1).start();
    rig.becomeCandidate();
    rig.take("prepare");
    rig.hear(2, { kind: "preempted", ballot: ballotOf(2, 7), leader: 2 });
    expect(rig.take("prepare")).toEqual([]);
    rig.hear(2, { kind: "lead", ballot: ballotOf(2, 7), round: 1, barrier: 1n, committed: 0n, admit: 0n });
    expect(rig.status()).toMatchObject({ role: "following", epoch: ballotOf(2, 7) });
  });
});

describe("2.5 the implementation", () => {
  test("an acceptor records its answer in stable storage before it sends it", () => {
    const rig = new SlotRig(1).start();
    rig.writesHeld = true;
    accept(rig, first, 1, "a");
    prepare(rig, second);
    expect([...rig.take("accepted"), ...rig.take("promise")]).toEqual([]);
    rig.releaseWrites();
    expect([...rig.take("accepted"), ...rig.take("promise")].map(({ kind }) => kind)).toEqual(["accepted", "promise"]);
  });

  test("no two proposals have one number: those of two proposers come from disjoint sets", () => {
    const ballots = [1, 2, 3].map((id) => new SlotRig(id).start().becomeCandidate());
    expect(new Set(ballots).size).toBe(3);
  });

  test("a proposer has the number that it tries in stable storage before it begins", () => {
    const rig = new SlotRig(1).start();
    rig.writesHeld = true;
    const ballot = rig.becomeCandidate();
    expect(rig.take("prepare")).toEqual([]);
    rig.restart();
    // Nobody has heard of it: it is free to try it again.
    expect(rig.becomeCandidate()).toBe(ballot);
    expect(rig.take("prepare").length).toBe(2);
  });
});

describe("3 a state machine", () => {
  /** The leader knows 1 to 134, 138 and 139; others have accepted proposals for 135 and 140. */
  function example(): SlotRig {
    const known = [
      ...chosen(134),
      ...[138, 139].map((slot) => ({ ballot: chosenBallot, entry: entryOf(slot, `c${slot}`) })),
    ];
    const rig = new SlotRig(1).hold(known, 134).start();
    rig.becomeCandidate();
    expect(rig.take("prepare", 2)).toMatchObject([{ from: 135n }]);
    rig.take("accept");
    const records = [135, 140].map((slot) => ({ ballot: first, entry: entryOf(slot, `c${slot}`) }));
    rig.promise(2, records, { committed: 134 });
    rig.confirm(2);
    return rig;
  }

  test("a new leader executes phase 2 for what phase 1 determined, and no-ops fill the gap that it left", () => {
    const rig = example();
    expect(rig.take("accept", 2).map(({ entry }) => `${entry.zxid} ${commandOf(entry)}`)).toEqual([
      "135 c135",
      "136 no-op",
      "137 no-op",
      "138 c138",
      "139 c139",
      "140 c140",
      "141 no-op",
    ]);
  });

  test("commands 138 to 140 cannot be executed before 136 and 137 are chosen; then all are, in order", () => {
    const rig = example();
    rig.applied.length = 0;
    rig.accept(2, 138, 141);
    rig.accept(2, 135);
    expect(rig.applied).toEqual(["135 c135"]);
    rig.accept(2, 137);
    expect(rig.applied.length).toBe(1);
    rig.accept(2, 136);
    expect(rig.applied.slice(1)).toEqual(["136 no-op", "137 no-op", "138 c138", "139 c139", "140 c140", "141 no-op"]);
  });

  test("the leader proposes the next command before it learns that the one before was chosen, and gaps may arise", () => {
    const rig = leading();
    for (const command of ["a", "b", "c"]) rig.propose(command);
    expect(rig.take("accept", 2).map(({ entry }) => entry.zxid)).toEqual([2n, 3n, 4n]);
    rig.accept(2, 4);
    expect(rig.status().committed).toBe(1n);
    rig.accept(2, 2, 3);
    expect(rig.applied).toEqual(["1 no-op", "2 a", "3 b", "4 c"]);
  });

  test("it gets at most alpha commands ahead", () => {
    const rig = leading({ outstandingEntriesMax: 2 });
    for (const command of ["a", "b", "c"]) rig.propose(command);
    expect(rig.take("accept", 2).length).toBe(2);
    rig.accept(2, 2);
    expect(rig.take("accept", 2).map(({ entry }) => commandOf(entry))).toEqual(["c"]);
  });

  test("one prepare covers infinitely many instances, and its answer tells only of those that were touched", () => {
    const rig = new SlotRig(1).start();
    accept(rig, first, 5, "a");
    prepare(rig, second, 1);
    expect(rig.take("promise")).toMatchObject([{ part: 0, parts: 1, record: { entry: { zxid: 5n } } }]);
    accept(rig, first, 1000, "late");
    expect(rig.take("accepted").filter(({ last }) => last === 1000n)).toEqual([]);
  });

  test("in normal operation there is only phase 2", () => {
    const rig = leading();
    rig.take("prepare");
    for (let slot = 2; slot < 30; slot += 1) {
      rig.propose(`c${slot}`);
      rig.accept(2, slot);
    }
    expect(rig.applied.length).toBe(29);
    expect(rig.take("prepare")).toEqual([]);
  });

  test("two that think they lead cannot both have a value chosen for one instance", () => {
    const [acceptor, rig] = [new SlotRig(3).start(), leading()];
    const old = rig.status().epoch;
    rig.propose("old leader");
    const [late] = rig.take("accept", 3);
    // A later leader has the promise of 3 by now.
    acceptor.hear(2, { kind: "prepare", ballot: ballotOf(2, 9), from: 1n });
    if (late !== undefined) acceptor.hear(1, late);
    expect(acceptor.take("accepted")).toEqual([]);
    const [refusal] = acceptor.take("preempted", 1);
    expect(refusal).toMatchObject({ ballot: ballotOf(2, 9) });
    if (refusal !== undefined) rig.hear(3, refusal);
    expect(rig.status().epoch === old && rig.status().role === "leading").toBe(false);
  });
});
