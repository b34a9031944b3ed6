import { describe, expect, test } from "vitest";
import { answerProposer, createDecree, type DecreeTrace, formatBallot, newAcceptor } from "../../src/index.ts";
import { decreeFaults, simulateDecree } from "../../src/sim/index.ts";

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
    const at = (round: number) => ({ round, node: 1 });
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

const seedsMax = 30_000;

describe("under a network that loses, repeats and reorders, with crashes", { timeout: 30_000 }, () => {
  test("never more than one value is chosen, and mostly one is", () => {
    let decided = 0;
    for (let seed = 1; seed <= 1500; seed += 1) {
      const chosen = simulateDecree(seed, undefined);
      expect(chosen.size, `SEED=${seed}`).toBeLessThanOrEqual(1);
      decided += chosen.size;
    }
    expect(decided).toBeGreaterThan(750);
  });

  test.each(decreeFaults)("$name: two values are chosen", (fault) => {
    let seed = 1;
    while (seed <= seedsMax && simulateDecree(seed, fault).size < 2) seed += 1;
    expect(seed).toBeLessThanOrEqual(seedsMax);
  });
});
