import { describe, expect, test } from "vitest";
import { chosenBallot, type AcceptedEntry } from "../../src/core/accepted-entry.ts";
import type { Configuration } from "../../src/core/configuration.ts";
import type { MembershipView } from "../../src/core/replica-core.ts";
import { ballotOf, entryOf, SlotRig } from "./slot-rig.ts";

/** Three voters, and a fourth member that is to be one in place of 3. */
const change: Configuration = { voters: [1, 2, 4], observers: [], outgoing: [1, 2, 3] };

function changing(slot: number, ballot: number, configuration: Configuration = change): AcceptedEntry {
  return { ballot, entry: { ...entryOf(slot, ""), kind: "config", configuration } };
}

function rigOf(id = 1): SlotRig {
  return new SlotRig(id, [1, 2, 3, 4]).only([1, 2, 3]);
}

function follow(rig: SlotRig, from: number, committed: number, voting = true): void {
  const ballot = rig.status().epoch;
  rig.hear(from, { kind: "followed", ballot, round: 1, voting, committed: BigInt(committed) });
}

/** What was given out, and who decides it from then on. */
function proposed(rig: SlotRig, to: number): readonly string[] {
  return rig.take("accept", to).map(({ entry: { zxid, kind, configuration } }) => {
    if (configuration === undefined) return `${zxid} ${kind}`;
    return `${zxid} ${configuration.voters.join()}${configuration.outgoing === undefined ? "" : " for others"}`;
  });
}

describe("a change of voters", () => {
  test("takes two entries: nothing is given out behind one that is not chosen, and the second when new voters know the first", () => {
    const rig = rigOf().start().lead();
    rig.change([1, 2, 4]);
    rig.propose("a");
    expect([2, 3, 4].map((to) => proposed(rig, to))).toEqual([["2 1,2,4 for others"], ["2 1,2,4 for others"], []]);
    rig.accept(2, 2);
    // What comes next is for the new voters, and the second entry waits for a quorum of them.
    expect([2, 3, 4].map((to) => proposed(rig, to))).toEqual([["3 txn"], [], ["3 txn"]]);
    follow(rig, 4, 2, false);
    follow(rig, 2, 1);
    follow(rig, 3, 2);
    expect(rig.take("accept")).toEqual([]);
    follow(rig, 2, 2);
    expect([2, 3, 4].map((to) => proposed(rig, to))).toEqual([["4 1,2,4"], [], ["4 1,2,4"]]);
    rig.propose("b");
    rig.accept(2, 3, 4);
    expect([2, 3, 4].map((to) => proposed(rig, to))).toEqual([["5 txn"], [], ["5 txn"]]);
    follow(rig, 2, 4);
    rig.accept(2, 5);
    expect(rig.take("accept")).toEqual([]);
    expect(rig.status()).toMatchObject({ role: "leading", committed: 5n });
  });

  test("counts its leader among those who know when its own disk does, and not before", () => {
    const rig = rigOf().start().lead();
    rig.writesHeld = true;
    rig.change([1, 2, 4]);
    for (const other of [2, 3]) rig.accept(other, 2);
    rig.take("accept");
    follow(rig, 2, 2);
    expect(rig.take("accept")).toEqual([]);
    rig.releaseWrites();
    expect(proposed(rig, 2)).toEqual(["3 1,2,4"]);
  });

  test("counts a member that answers with all of it, and not one whose disk has forgotten", () => {
    const rig = rigOf().start().lead();
    rig.change([2, 4, 5]);
    rig.accept(2, 2);
    rig.take("accept");
    follow(rig, 2, 2);
    follow(rig, 4, 2, false);
    expect(rig.take("accept")).toEqual([]);
    follow(rig, 4, 2);
    expect(proposed(rig, 2)).toEqual(["3 2,4,5"]);
  });

  test("lets a leader that it leaves out lead to its end, and no longer", () => {
    const rig = rigOf().start().lead();
    rig.change([2, 3, 4]);
    rig.accept(2, 2);
    for (const other of [2, 3]) follow(rig, other, 2);
    for (const other of [2, 3]) rig.accept(other, 3);
    expect(rig.status().role).toBe("looking");
    expect(rig.take("heartbeat", 2).at(-1)?.electable).toBe(false);
  });

  test("may be led by one that it leaves out", () => {
    const rig = rigOf(3)
      .hold([changing(1, chosenBallot)], 1)
      .start();
    expect(rig.becomeCandidate([1, 2])).toBeGreaterThan(0);
  });

  test("is what a request is prepared with: the members, whether they change, and who is in step", () => {
    const views: string[] = [];
    const rig = rigOf().start().lead();
    const { prepare } = rig;
    const quorums = (view: MembershipView): string =>
      [[1, 2, 4], [2, 4], [2]].filter((voters) => view.hasQuorumInStep(voters)).join(" and ");
    rig.prepare = (request, position, view, epoch) => {
      views.push(`${view.configuration.voters.join()} ${view.isChanging ? "changing" : "settled"}: ${quorums(view)}`);
      return prepare(request, position, view, epoch);
    };
    rig.propose("a");
    rig.accept(2, 2);
    follow(rig, 2, 1);
    follow(rig, 4, 1, false);
    rig.change([1, 2, 4]);
    rig.accept(2, 3);
    rig.propose("b");
    follow(rig, 2, 3);
    rig.accept(2, 4, 5);
    rig.propose("c");
    expect(views).toEqual([
      "1,2,3 settled: ",
      "1,2,3 settled: 1,2,4 and 2",
      "1,2,4 changing: 1,2,4 and 2",
      "1,2,4 settled: 1,2,4 and 2",
    ]);
  });

  test("asked for at a follower is its leader's to make", () => {
    const rig = rigOf().start().lead();
    const request = { client: 7n, sequence: 1, payload: new Uint8Array(0) };
    const members = { voters: [1, 2, 4], observers: [] };
    rig.hear(2, { kind: "forward", ballot: rig.status().epoch, session: 1, ...request, members });
    expect(proposed(rig, 2)).toEqual(["2 1,2,4 for others"]);
  });
});

describe("a candidate that comes to know of a change", () => {
  test("asks the new voters for their promises, in a higher ballot", () => {
    const rig = rigOf().start();
    const ballot = rig.becomeCandidate([2, 3]);
    rig.hear(2, { kind: "learn", entry: changing(1, 0).entry });
    expect(rig.status().epoch).toBeGreaterThan(ballot);
    expect(rig.take("prepare", 4)).toMatchObject([{ from: 2n }]);
  });

  test("by a promise as well, and proposes nothing before", () => {
    const rig = rigOf().start();
    const ballot = rig.becomeCandidate([2, 3]);
    rig.promise(2, [changing(1, chosenBallot), { ballot: ballotOf(2, 0), entry: entryOf(2, "a") }]);
    rig.confirm(2);
    expect(rig.take("accept")).toEqual([]);
    expect(rig.status().epoch).toBeGreaterThan(ballot);
    expect(rig.take("prepare", 4)).toMatchObject([{ from: 2n }]);
  });

  test("gives up when it is over and has left it out", () => {
    const rig = rigOf().start();
    rig.becomeCandidate([2, 3]);
    rig.take("prepare");
    rig.hear(2, {
      kind: "learn",
      entry: changing(1, 0, { voters: [2, 3, 4], observers: [], outgoing: undefined }).entry,
    });
    expect(rig.status().role).toBe("looking");
    expect(rig.take("prepare")).toEqual([]);
  });

  test("does not end a change before a quorum has promised, though the new voters know its beginning", () => {
    const rig = rigOf()
      .hold([changing(1, chosenBallot)], 1)
      .start();
    rig.becomeCandidate([2, 4]);
    rig.tick(2);
    follow(rig, 2, 1);
    expect(rig.take("accept")).toEqual([]);
  });

  test("and takes it over, calls nobody who comes to follow before the new voters have promised", () => {
    const rig = rigOf().start().heardOf(ballotOf(3, 2));
    rig.becomeCandidate([2, 3]);
    rig.promise(2, [changing(1, ballotOf(3, 1))]);
    rig.confirm(2);
    expect(rig.status().phase).toBe("synchronization");
    rig.take("lead");
    rig.linkAgain(4);
    expect(rig.take("lead", 4)).toEqual([]);
  });
});

describe("a member that wants its vote back", () => {
  test("must know the newest change of members, too", () => {
    const rig = rigOf().start().lead();
    follow(rig, 3, 0, false);
    rig.change([1, 2, 3], []);
    rig.accept(2, 2);
    for (let round = 0; round < 3; round += 1) {
      rig.tick(2);
      rig.confirm(2);
    }
    expect(rig.take("lead", 3).at(-1)?.admit).toBe(2n);
  });

  test("gets none where it takes no part: a guest has other members in mind", () => {
    const rig = rigOf().only([1, 2, 3], []).start().lead();
    for (const other of [3, 4]) follow(rig, other, 0, false);
    for (let round = 0; round < 3; round += 1) {
      rig.tick(2);
      rig.confirm(2);
    }
    expect([3, 4].map((to) => rig.take("lead", to).at(-1)?.admit)).toEqual([1n, 0n]);
  });
});
