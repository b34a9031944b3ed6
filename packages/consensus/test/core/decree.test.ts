import { describe, expect, test } from "vitest";
import {
  answerProposer,
  createDecree,
  createProposer,
  majority,
  newAcceptor,
  type DecreeTrace,
  formatBallot,
} from "../../src/index.ts";

const at = (round: number, node = 1) => ({ round, node });

describe("single-decree Paxos", () => {
  test("a value that may be chosen is taken over by every later leader", () => {
    const decree = createDecree<string>({ members: [1, 2, 3] });
    decree.cut(3);
    const first = decree.proposer(1);
    expect(first.electLeader()).toEqual({ ballot: { round: 1, node: 1 }, adopted: undefined });
    expect(first.propose("red")).toBe("red");
    expect(first.confirm()).toBe("red");
    decree.mend(3);
    decree.cut(1);
    const third = decree.proposer(3);
    expect(third.electLeader()).toMatchObject({ adopted: "red" });
    expect(third.propose("blue")).toBe("red");
    expect(third.confirm()).toBe("red");
  });

  test("a leader whose promises were overtaken gets no quorum, and learns what it must exceed", () => {
    const nacks: DecreeTrace<string>[] = [];
    const onEvent = (event: DecreeTrace<string>): void => {
      if (event.kind === "nack") nacks.push(event);
    };
    const decree = createDecree<string>({ members: [1, 2, 3], onEvent });
    const [first, second] = [decree.proposer(1), decree.proposer(2)];
    first.electLeader();
    second.electLeader();
    first.propose("red");
    expect(first.confirm()).toBeUndefined();
    expect(nacks.map((nack) => nack.kind === "nack" && formatBallot(nack.promised))).toEqual(["1.2", "1.2", "1.2"]);
    expect(first.electLeader()?.ballot).toEqual({ round: 2, node: 1 });
    expect(first.propose("red")).toBe("red");
    expect(first.confirm()).toBe("red");
  });

  test("without a quorum nobody is elected and nothing is proposed", () => {
    const decree = createDecree<string>({ members: [1, 2, 3] });
    decree.cut(2);
    decree.cut(3);
    const alone = decree.proposer(1);
    expect(alone.electLeader()).toBeUndefined();
    expect(alone.propose("red")).toBeUndefined();
    expect(alone.confirm()).toBeUndefined();
  });

  test("a restart keeps promise, acceptance and round, so that no ballot is used twice", () => {
    const decree = createDecree<string>({ members: [1, 2, 3] });
    decree.proposer(1).electLeader();
    decree.restart(1);
    expect(decree.proposer(1).propose("red")).toBeUndefined();
    expect(decree.proposer(1).electLeader()?.ballot).toEqual({ round: 2, node: 1 });
    expect(decree.acceptor(2).promised).toEqual({ round: 2, node: 1 });
  });

  test("an acceptance at the promised ballot counts, and one above it is a promise too", () => {
    const promised = answerProposer<string>(newAcceptor, { kind: "prepare", ballot: at(3) }).state;
    expect(answerProposer(promised, { kind: "accept", ballot: at(3), value: "red" }).reply.kind).toBe("accepted");
    const { state } = answerProposer(promised, { kind: "accept", ballot: at(5), value: "red" });
    expect(answerProposer(state, { kind: "accept", ballot: at(4), value: "blue" }).reply).toEqual({
      kind: "nack",
      ballot: at(4),
      promised: at(5),
    });
  });
});

describe("an acceptor", () => {
  test("answers the same question again with the same promise, and a lower one with what it has promised", () => {
    const { state, reply } = answerProposer<string>(newAcceptor, { kind: "prepare", ballot: at(3) });
    expect(answerProposer<string>(state, { kind: "prepare", ballot: at(3) })).toEqual({ state, reply });
    const refused = { kind: "nack", ballot: at(2), promised: at(3) };
    expect(answerProposer<string>(state, { kind: "prepare", ballot: at(2) })).toEqual({ state, reply: refused });
  });
});

describe("a proposer", () => {
  const red = { ballot: at(1, 2), value: "red" };
  const blue = { ballot: at(2, 3), value: "blue" };

  test.each([[[red, blue]], [[blue, red]]])(
    "takes over the value of the highest ballot, in any order: %j",
    (accepted) => {
      const proposer = createProposer<string>({ id: 1, quorum: majority([1, 2, 3]), round: 2 });
      const { ballot } = proposer.begin();
      for (const [index, one] of accepted.entries())
        proposer.receive(index + 2, { kind: "promise", ballot, accepted: one });
      expect(proposer.elected?.adopted).toEqual(blue);
      expect(proposer.propose("mine")?.value).toBe("blue");
    },
  );

  test("proposes what it proposed, whatever a late promise reports", () => {
    const proposer = createProposer<string>({ id: 1, quorum: majority([1, 2, 3]) });
    const { ballot } = proposer.begin();
    for (const from of [1, 2]) proposer.receive(from, { kind: "promise", ballot, accepted: undefined });
    expect(proposer.propose("mine")?.value).toBe("mine");
    proposer.receive(3, { kind: "promise", ballot, accepted: red });
    expect(proposer.propose("other")?.value).toBe("mine");
    expect(proposer.elected?.adopted).toBeUndefined();
  });

  test("hears no answer to an earlier ballot of its own", () => {
    const proposer = createProposer<string>({ id: 1, quorum: majority([1, 2, 3]) });
    const { ballot: earlier } = proposer.begin();
    proposer.begin();
    for (const from of [1, 2]) proposer.receive(from, { kind: "promise", ballot: earlier, accepted: undefined });
    expect(proposer.elected).toBeUndefined();
  });

  test("knows that a value is chosen when a quorum has accepted it, and tells so once", () => {
    const told: string[] = [];
    const onEvent = ({ kind }: { readonly kind: string }): void => void told.push(kind);
    const proposer = createProposer<string>({ id: 1, quorum: majority([1, 2, 3]), onEvent });
    const { ballot } = proposer.begin();
    for (const from of [1, 2]) proposer.receive(from, { kind: "promise", ballot, accepted: undefined });
    proposer.propose("mine");
    proposer.receive(1, { kind: "accepted", ballot, value: "mine" });
    expect(proposer.chosen).toBeUndefined();
    for (const from of [2, 3]) proposer.receive(from, { kind: "accepted", ballot, value: "mine" });
    expect(proposer.chosen).toBe("mine");
    expect(told.slice(2)).toEqual(["accepted", "accepted", "learned", "accepted"]);
  });

  test("begins above all that it began and all that was promised to others", () => {
    const proposer = createProposer<string>({ id: 1, quorum: majority([1, 2, 3]), round: 3 });
    const { ballot } = proposer.begin();
    for (const round of [7, 2]) proposer.receive(2, { kind: "nack", ballot, promised: at(round, 2) });
    expect(proposer.begin().ballot).toEqual(at(8));
  });
});

describe("a decree in memory", () => {
  test("a member that is cut off is so from the others alone", () => {
    const decree = createDecree<string>({ members: [1, 2, 3] });
    decree.cut(1);
    decree.proposer(1).electLeader();
    expect([1, 2].map((id) => formatBallot(decree.acceptor(id).promised))).toEqual(["1.1", "0.0"]);
  });

  test("who is none of its members has no proposer", () => {
    const decree = createDecree<string>({ members: [1, 2, 3] });
    expect(() => decree.proposer(9)).toThrow("9 is none of the members 1, 2, 3");
  });
});
