import { describe, expect, test } from "vitest";
import { chosenBallot } from "../../src/core/accepted-entry.ts";
import type { Heartbeat } from "../../src/core/messages.ts";
import { answerOf, entryOf, SlotRig } from "./slot-rig.ts";

/** The present round of its heartbeats. */
function roundOf(rig: SlotRig): number {
  return rig.take("heartbeat").findLast(({ isAnswer }) => !isAnswer)?.round ?? 0;
}

function answer(rig: SlotRig, from: number, round: number, change: Partial<Heartbeat> = {}): void {
  rig.hear(from, { ...answerOf(round), ...change });
}

/** What they answer, and what it does when a round is over. */
function roleAfter(rig: SlotRig, answers: ReadonlyMap<number, Partial<Heartbeat>>): string {
  for (let ticks = 0; ticks < 8 && rig.status().role === "looking"; ticks += 1) {
    const round = roundOf(rig);
    if (round > 0) for (const [from, change] of answers) answer(rig, from, round, change);
    rig.tick();
  }
  return rig.status().role;
}

/** A quorum has answered it once: it has begun another round, which says so. */
function connected(): SlotRig {
  const rig = new SlotRig(1).start();
  answer(rig, 2, roundOf(rig));
  return rig;
}

describe("who tries to lead", () => {
  test("at once when every voter that it reaches has answered or has no vote, and without a tick", () => {
    const rig = connected();
    answer(rig, 2, roundOf(rig));
    expect(rig.status().role).toBe("looking");
    rig.hear(3, { ...answerOf(0), isAnswer: false, voting: false });
    expect(rig.status().role).toBe("leading");
  });

  test("at the end of the round else, when a quorum has answered", () => {
    const rig = connected();
    answer(rig, 2, roundOf(rig));
    rig.tick(3);
    expect(rig.status().role).toBe("looking");
    rig.tick();
    expect(rig.status().role).toBe("leading");
  });

  test("as soon as its own vote is on the disk, where it decides alone", () => {
    const rig = new SlotRig(1, [1], { voting: false });
    rig.writesHeld = true;
    rig.start();
    expect(rig.status().role).toBe("looking");
    rig.releaseWrites();
    expect(rig.status().role).toBe("leading");
  });

  test("nobody while a quorum is in step with a leader, though it does not reach that one", () => {
    const settled: Partial<Heartbeat> = { state: "following", settled: true };
    const five = [1, 2, 3, 4, 5];
    const answers = new Map([2, 3, 4].map((id) => [id, settled]));
    expect(roleAfter(new SlotRig(1, five).start(), answers)).toBe("looking");
    expect(roleAfter(new SlotRig(1, five).start(), answers.set(3, {}).set(4, {}))).toBe("leading");
  });

  test("nobody while somebody leads whom it hears", () => {
    const rig = new SlotRig(1).start();
    expect(
      roleAfter(
        rig,
        new Map([
          [2, {}],
          [3, { state: "leading" }],
        ] as const),
      ),
    ).toBe("looking");
  });

  test("of those that look the one that knows most, and of equals the one with the highest number", () => {
    const held = [{ ballot: chosenBallot, entry: entryOf(1, "a") }];
    const rival: Partial<Heartbeat> = { connected: true };
    const roleBeside = (id: number, change: Partial<Heartbeat>): string =>
      roleAfter(new SlotRig(2).hold(held, 1).start(), new Map([[id, { ...rival, ...change }]]));
    // 2 knows one slot.
    expect([roleBeside(3, { zxid: 0n }), roleBeside(3, { zxid: 1n }), roleBeside(3, { zxid: 2n })]).toEqual([
      "leading",
      "looking",
      "looking",
    ]);
    expect([roleBeside(1, { zxid: 0n }), roleBeside(1, { zxid: 1n }), roleBeside(1, { zxid: 2n })]).toEqual([
      "leading",
      "leading",
      "looking",
    ]);
  });

  test.each<readonly [string, Partial<Heartbeat>]>([
    ["follows", { state: "following" }],
    ["is not answered by a quorum", { connected: false }],
    ["cannot be elected", { electable: false }],
  ])("it does not wait for one that knows more and %s", (_why, change) => {
    const rival = { connected: true, zxid: 5n, ...change };
    expect(roleAfter(new SlotRig(1).start(), new Map([[3, rival]]))).toBe("leading");
  });

  test("nobody by the answers of those whose links are gone", () => {
    const rig = connected();
    answer(rig, 2, roundOf(rig));
    rig.cut(2);
    rig.take("heartbeat");
    rig.tick(4);
    expect(rig.status().role).toBe("looking");
    expect(rig.take("heartbeat", 3).at(-1)?.connected).toBe(false);
  });

  test("what somebody said in an earlier round neither stops it nor lets it try", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4, 5]).start();
    rig.hear(4, { ...answerOf(0), connected: true, zxid: 5n });
    expect(roleAfter(rig, new Map([2, 3].map((id) => [id, {}])))).toBe("leading");
    const held = new SlotRig(1, [1, 2, 3, 4, 5]).start();
    for (const other of [4, 5]) held.hear(other, answerOf(0));
    const settled: Partial<Heartbeat> = { state: "following", settled: true };
    expect(roleAfter(held, new Map([2, 3].map((id) => [id, settled])))).toBe("looking");
  });

  test("whoever comes back is not held to what it said before", () => {
    const rig = connected();
    rig.hear(3, { ...answerOf(0), state: "leading" });
    rig.linkAgain(3);
    answer(rig, 2, roundOf(rig));
    rig.tick(4);
    expect(rig.status().role).toBe("leading");
  });

  test("no observer, whoever answers", () => {
    const rig = new SlotRig(4, [1, 2, 3, 4]).only([1, 2, 3]).start();
    expect(rig.take("heartbeat", 1).every(({ electable }) => !electable)).toBe(true);
    const answers = new Map([1, 2, 3].map((id) => [id, {}]));
    rig.linkAgain(2);
    expect(roleAfter(rig, answers)).toBe("looking");
  });

  test("a voter without a vote is none either", () => {
    const rig = new SlotRig(1, [1, 2, 3], { voting: false }).start();
    expect(rig.take("heartbeat").every(({ electable }) => !electable)).toBe(true);
    expect(roleAfter(rig, new Map([2, 3].map((id) => [id, {}])))).toBe("looking");
  });
});

describe("its heartbeats", () => {
  test("are numbered upwards", () => {
    const rig = new SlotRig(1).start();
    const first = roundOf(rig);
    rig.tick(4);
    expect(roundOf(rig)).toBe(first + 1);
  });

  test("say that a quorum has answered as soon as one has, so that nobody has to ask", () => {
    const rig = new SlotRig(1).start();
    answer(rig, 2, roundOf(rig));
    expect(rig.take("heartbeat", 3).at(-1)).toMatchObject({ isAnswer: false, connected: true });
  });
});

describe("the first start", () => {
  function fresh(rig: SlotRig, from: number, isFresh = true): void {
    rig.hear(from, { ...answerOf(0), isAnswer: false, voting: false, electable: false, fresh: isFresh });
  }

  test("an empty disk gets its vote when all other voters say that theirs are empty", () => {
    const rig = new SlotRig(1, [1, 2, 3, 4], { voting: false }).only([1, 2, 3]).start();
    expect(rig.take("heartbeat", 2).at(-1)?.fresh).toBe(true);
    fresh(rig, 4);
    fresh(rig, 2);
    expect(rig.disk.image.epochs.voting).toBe(false);
    fresh(rig, 3, false);
    expect(rig.disk.image.epochs.voting).toBe(false);
    fresh(rig, 3);
    expect(rig.disk.image.epochs.voting).toBe(true);
  });

  test.each<readonly [string, (rig: SlotRig) => SlotRig]>([
    ["a slot", (rig) => rig.hold([{ ballot: chosenBallot, entry: entryOf(1, "a") }], 1)],
    [
      "a promise",
      (rig) => {
        rig.disk.image.epochs = { ...rig.disk.image.epochs, accepted: 1 };
        return rig;
      },
    ],
  ])("one that holds %s is not empty", (_what, held) => {
    const rig = held(new SlotRig(1, [1, 2, 3], { voting: false })).start();
    expect(rig.take("heartbeat", 2).at(-1)?.fresh).toBe(false);
    for (const other of [2, 3]) fresh(rig, other);
    expect(rig.disk.image.epochs.voting).toBe(false);
  });

  test("an observer's gets none", () => {
    const rig = new SlotRig(4, [1, 2, 3, 4], { voting: false }).only([1, 2, 3]).start();
    for (const other of [1, 2, 3]) fresh(rig, other);
    expect(rig.disk.image.epochs.voting).toBe(false);
  });
});
