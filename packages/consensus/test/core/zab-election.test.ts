import { describe, expect, test } from "vitest";
import type { LoggedConfiguration } from "../../src/core/configuration.ts";
import { ZabRig, entryAt, zxid, type RigOptions } from "./zab-rig.ts";

const five = { voters: [1, 2, 3, 4, 5], observers: [] };

/** Looks, and has told everybody its vote. */
function looking(options: RigOptions = {}): ZabRig {
  const rig = new ZabRig(options).linkAll();
  rig.takeKinds();
  return rig;
}

/** For whom it votes: what it tells one that comes new. */
function voteOf(rig: ZabRig): { readonly leader: number; readonly round: number } {
  rig.link(77);
  const [told] = rig.take("notification", 77);
  return { leader: told?.leader ?? 0, round: told?.round ?? 0 };
}

/** To whom it has sent votes since the last call. */
function toldTo(rig: ZabRig): readonly number[] {
  return [1, 2, 3, 4, 5].filter((peer) => rig.take("notification", peer).length > 0);
}

describe("a vote", () => {
  const own: RigOptions = { id: 2, entries: [entryAt("2:1")], epochs: { accepted: 2, current: 2 } };

  test.each([
    ["a later epoch, with a shorter log", 1, 3, "1:1"],
    ["a longer log of the same epoch", 1, 2, "2:2"],
    ["the higher number, where all else is equal", 3, 2, "2:1"],
  ])("is better by %s: it is taken over, and everybody is told", (_name, leader, epoch, position) => {
    const rig = looking(own);
    rig.hear(3, rig.voteFor(leader, { epoch, zxid: zxid(position) }));
    expect(toldTo(rig)).toEqual([1, 3]);
    expect(voteOf(rig).leader).toBe(leader);
  });

  test.each([
    ["an earlier epoch, with a longer log", 3, 1, "2:9"],
    ["a shorter log of the same epoch", 3, 2, "1:9"],
    ["the lower number, where all else is equal", 1, 2, "2:1"],
  ])("is worse by %s: whoever gave it is told a better one", (_name, leader, epoch, position) => {
    const rig = looking(own);
    rig.hear(3, rig.voteFor(leader, { epoch, zxid: zxid(position) }));
    expect(toldTo(rig)).toEqual([3]);
    expect(voteOf(rig).leader).toBe(2);
  });

  test("that is one's own needs no answer", () => {
    const rig = looking(own);
    rig.hear(3, rig.voteFor(2));
    expect(toldTo(rig)).toEqual([]);
  });

  test("of an earlier round does not count, and its voter is told", () => {
    const rig = looking({ ...own, members: five });
    for (const voter of [1, 3, 4, 5]) rig.hear(voter, rig.voteFor(2, { round: 0 }));
    expect(toldTo(rig)).toEqual([1, 3, 4, 5]);
    expect(rig.status().role).toBe("looking");
  });

  test("of a later round makes those before it forgotten, and one's own log count again", () => {
    const rig = looking({ ...own, members: five });
    for (const voter of [1, 3]) rig.hear(voter, rig.voteFor(5));
    expect(voteOf(rig)).toEqual({ leader: 5, round: 1 });
    toldTo(rig);
    rig.hear(4, rig.voteFor(1, { round: 3 }));
    expect(toldTo(rig)).toEqual([1, 3, 4, 5]);
    expect(voteOf(rig)).toEqual({ leader: 2, round: 3 });
    rig.tick(12);
    expect(rig.status().role).toBe("looking");
  });

  test("of a later round is not joined by what the others said in an earlier one", () => {
    const rig = looking({ ...own, members: five });
    for (const voter of [1, 3]) rig.hear(voter, rig.voteFor(5));
    rig.hear(4, rig.voteFor(5, { round: 3 }));
    rig.tick(12);
    expect(rig.status().role).toBe("looking");
  });

  test("is heard only from whom can be answered, and from whom a vote can count", () => {
    const rig = new ZabRig({ id: 3 });
    rig.hear(1, rig.voteFor(3));
    rig.link(2);
    rig.hear(2, rig.voteFor(3, { voting: false }));
    rig.tick(10);
    expect(rig.status().role).toBe("looking");
    rig.hear(2, rig.voteFor(3));
    rig.tick(10);
    expect(rig.status().role).toBe("leading");
  });

  test("for oneself that is out of date does not count", () => {
    const rig = looking({ ...own, members: five });
    for (const voter of [1, 3, 4, 5]) rig.hear(voter, rig.voteFor(2, { zxid: zxid("2:2") }));
    rig.tick(12);
    expect(rig.status().role).toBe("looking");
    expect(voteOf(rig).leader).toBe(2);
  });

  test("for nobody does not count", () => {
    const rig = looking({ id: 1 });
    for (const voter of [2, 3]) rig.hear(voter, rig.voteFor(0, { zxid: zxid("9:9"), epoch: 9 }));
    rig.tick(12);
    expect(rig.status().role).toBe("looking");
    expect(voteOf(rig).leader).toBe(1);
  });

  test("is not given by one whose disk is not trusted, which answers none, and counts none", () => {
    const rig = looking({ id: 3, voting: false, epochs: { accepted: 1, current: 1 } });
    expect(voteOf(rig).leader).toBe(0);
    for (const voter of [1, 2]) rig.hear(voter, rig.voteFor(3, { zxid: 0n, epoch: 0 }));
    rig.tick();
    expect(toldTo(rig)).toEqual([]);
    rig.tick(12);
    expect(rig.status().role).toBe("looking");
  });

  test("is told again and again, less and less often, up to eight times the interval", () => {
    const rig = looking({ voteTicks: 1 });
    const told: number[] = [];
    for (let tick = 1; tick <= 32; tick += 1) {
      rig.tick();
      if (toldTo(rig).length > 0) told.push(tick);
    }
    expect(told).toEqual([1, 3, 7, 15, 23, 31]);
  });

  test("is told when its log is on the disk", () => {
    const rig = new ZabRig().follow(3);
    rig.writesHeld = true;
    rig.say(3, { kind: "proposal", entry: entryAt("1:1") });
    rig.say(3, { kind: "refuse" });
    rig.cut(2);
    rig.link(2);
    expect(rig.take("notification", 2)).toEqual([]);
    rig.releaseWrites();
    expect(rig.take("notification", 2).at(-1)).toMatchObject({ leader: 1, zxid: zxid("1:1") });
  });
});

describe("an election is decided", () => {
  test("at once when every voter in sight has voted", () => {
    const rig = looking({ id: 5, members: five });
    for (const voter of [1, 2, 3]) rig.hear(voter, rig.voteFor(5));
    expect(rig.status().role).toBe("looking");
    rig.hear(4, rig.voteFor(4));
    expect(rig.status().role).toBe("leading");
  });

  test("else after a while, in which a better vote may come", () => {
    const rig = looking({ id: 4, members: five, finalizeTicks: 4 });
    for (const voter of [1, 2]) rig.hear(voter, rig.voteFor(4));
    rig.tick(3);
    expect(rig.status().role).toBe("looking");
    rig.hear(5, rig.voteFor(5));
    rig.tick(3);
    expect(rig.status().role).toBe("looking");
    for (const voter of [1, 2]) rig.hear(voter, rig.voteFor(5));
    rig.tick(3);
    expect(rig.status().role).toBe("looking");
    rig.tick();
    expect(rig.status()).toMatchObject({ role: "following", phase: "discovery" });
    expect(rig.take("followerInfo", 5)).toHaveLength(1);
  });

  test("not by a vote whose link broke meanwhile", () => {
    const rig = looking({ id: 5, members: five, finalizeTicks: 4 });
    for (const voter of [1, 2]) rig.hear(voter, rig.voteFor(5));
    rig.cut(2);
    rig.tick(12);
    expect(rig.status().role).toBe("looking");
    rig.hear(3, rig.voteFor(5));
    rig.tick(4);
    expect(rig.status().role).toBe("leading");
  });

  test("by the quorum of the one that is to lead, which may know of other members", () => {
    const configuration: LoggedConfiguration = { voters: [1, 3], observers: [], outgoing: undefined, position: 1n };
    const rig = looking({ id: 1, members: five });
    rig.hear(3, rig.voteFor(3, { zxid: zxid("1:1"), configuration }));
    expect(rig.status().phase).toBe("discovery");
    const other = looking({ id: 1, members: { voters: [1, 2, 3], observers: [] } });
    other.hear(3, other.voteFor(3, { zxid: zxid("1:1"), configuration: { ...configuration, voters: five.voters } }));
    other.tick(12);
    expect(other.status().role).toBe("looking");
  });

  test("without those whom the configuration of the one that is to lead does not name", () => {
    const configuration: LoggedConfiguration = { voters: [2, 3], observers: [1], outgoing: undefined, position: 1n };
    const rig = looking({ id: 1 });
    for (const voter of [2, 3]) rig.hear(voter, rig.voteFor(3, { zxid: zxid("1:1"), configuration }));
    rig.tick(12);
    expect(rig.status().role).toBe("looking");
  });
});

describe("who still looks joins a leader", () => {
  const settled = { round: 7, zxid: 0n, epoch: 4 } as const;

  test("that says so itself, and that a quorum names: in whatever round", () => {
    const rig = looking({ id: 1, members: five });
    rig.hear(5, rig.voteFor(5, { ...settled, state: "leading" }));
    rig.hear(4, rig.voteFor(5, { ...settled, state: "following" }));
    expect(rig.status().role).toBe("looking");
    rig.hear(3, rig.voteFor(5, { ...settled, state: "following" }));
    expect(rig.take("followerInfo", 5)).toHaveLength(1);
    rig.say(5, { kind: "refuse" });
  });

  test("not one that only others name", () => {
    const rig = looking({ id: 1, members: five });
    for (const voter of [2, 3, 4]) rig.hear(voter, rig.voteFor(5, { ...settled, state: "following" }));
    expect(rig.status().role).toBe("looking");
    rig.hear(5, rig.voteFor(5, { ...settled, state: "leading" }));
    expect(rig.status().phase).toBe("discovery");
  });

  test("not by words of another epoch, of one whose disk is not trusted, or of one whose link broke since", () => {
    const rig = looking({ id: 1, members: five });
    rig.hear(5, rig.voteFor(5, { ...settled, state: "leading" }));
    rig.hear(4, rig.voteFor(5, { ...settled, state: "following", epoch: 3 }));
    rig.hear(3, rig.voteFor(5, { ...settled, state: "following", voting: false }));
    rig.hear(2, rig.voteFor(5, { ...settled, state: "following" }));
    rig.cut(2);
    expect(rig.status().role).toBe("looking");
    rig.hear(4, rig.voteFor(5, { ...settled, state: "following" }));
    expect(rig.status().role).toBe("looking");
    rig.hear(3, rig.voteFor(5, { ...settled, state: "following" }));
    expect(rig.status().phase).toBe("discovery");
  });

  test("whom it elects itself in the same round, as soon as that leads", () => {
    const rig = looking({ id: 1, members: five });
    rig.hear(4, rig.voteFor(5));
    rig.hear(5, rig.voteFor(5, { state: "leading" }));
    expect(rig.status().phase).toBe("discovery");
  });

  test("that leads by its own word alone when it has looked for long", () => {
    const rig = looking({ id: 1, members: five, voteTicks: 2 });
    rig.tick(15);
    rig.hear(5, rig.voteFor(5, { ...settled, state: "leading" }));
    expect(rig.status().role).toBe("looking");
    rig.tick();
    rig.hear(4, rig.voteFor(5, { ...settled, state: "following" }));
    expect(rig.status().role).toBe("looking");
    rig.hear(5, rig.voteFor(5, { ...settled, state: "leading" }));
    expect(rig.status().phase).toBe("discovery");
  });

  test("also as an observer, which votes for nobody", () => {
    const rig = looking({ id: 6, members: { voters: [1, 2, 3], observers: [6] } });
    for (const voter of [1, 2]) rig.hear(voter, rig.voteFor(2));
    rig.tick(12);
    expect(rig.status().role).toBe("looking");
    rig.hear(1, rig.voteFor(2, { ...settled, state: "following" }));
    rig.hear(2, rig.voteFor(2, { ...settled, state: "leading" }));
    expect(rig.status()).toMatchObject({ role: "observing", phase: "discovery" });
  });

  test("and looks in the round of the others from then on", () => {
    const rig = looking({ id: 1 });
    rig.hear(3, rig.voteFor(3, { ...settled, state: "leading" }));
    rig.hear(2, rig.voteFor(3, { ...settled, state: "following" }));
    rig.cut(3);
    expect(voteOf(rig)).toEqual({ leader: 1, round: 8 });
  });
});

describe("a member that is settled", () => {
  test("tells whoever looks whom it follows, in its present epoch; and nobody else", () => {
    const rig = new ZabRig().follow(3, 5);
    rig.hear(2, rig.voteFor(2));
    expect(rig.take("notification")).toMatchObject([
      { state: "following", leader: 3, epoch: 5, configuration: undefined, voting: true, fresh: false },
    ]);
    rig.hear(2, rig.voteFor(3, { state: "following" }));
    rig.link(9);
    expect(rig.take("notification")).toEqual([]);
  });

  test("tells that it leads, and from where", () => {
    const rig = new ZabRig({ id: 3, entries: [entryAt("1:1")], epochs: { accepted: 1, current: 1 } }).lead();
    rig.propose();
    rig.take("notification");
    rig.hear(2, rig.voteFor(2));
    expect(rig.take("notification", 2)).toMatchObject([{ state: "leading", leader: 3, epoch: 2, zxid: zxid("1:1") }]);
  });

  test("as an observer says that it observes", () => {
    const rig = new ZabRig({ id: 4, members: { voters: [1, 2, 3], observers: [4] } }).follow(3);
    rig.hear(2, rig.voteFor(2));
    expect(rig.take("notification", 2)).toMatchObject([{ state: "observing", leader: 3 }]);
  });

  test("tells everybody as soon as it is", () => {
    const rig = new ZabRig().choose(3);
    rig.say(3, { kind: "leaderInfo", epoch: 1 });
    rig.say(3, { kind: "newLeader", epoch: 1, committed: 0n });
    rig.take("notification");
    rig.say(3, { kind: "upToDate", committed: 0n, guest: false });
    expect(toldTo(rig)).toEqual([2, 3]);
  });
});

describe("an ensemble that starts for the first time", () => {
  const empty: RigOptions = { voting: false };
  const fresh = { leader: 0, voting: false, fresh: true } as const;

  test("does so when every voter has shown itself empty, and stays in sight", () => {
    const rig = looking(empty);
    rig.hear(2, rig.voteFor(0, fresh));
    rig.cut(2);
    rig.hear(3, rig.voteFor(0, fresh));
    expect(rig.disk.image.epochs.voting).toBe(false);
    rig.link(2);
    rig.hear(2, rig.voteFor(0, { ...fresh, fresh: false }));
    expect(rig.disk.image.epochs.voting).toBe(false);
    rig.hear(3, rig.voteFor(0, { ...fresh, fresh: false }));
    rig.hear(2, rig.voteFor(0, fresh));
    expect(rig.disk.image.epochs.voting).toBe(false);
    rig.hear(3, rig.voteFor(0, fresh));
    expect(rig.disk.image.epochs.voting).toBe(true);
    expect(voteOf(rig).leader).toBe(1);
  });

  test.each([
    ["has promised something", { epochs: { accepted: 1, current: 0 } }],
    ["holds something", { entries: [entryAt("1:1")], epochs: { accepted: 1, current: 1 } }],
    ["is no voter", { id: 4, members: { voters: [1, 2, 3], observers: [4] } }],
  ] as const)("does not for a member that %s", (_name, options) => {
    const rig = looking({ ...empty, ...options });
    for (const voter of [1, 2, 3])
      if (voter !== rig.id) rig.hear(voter, rig.voteFor(0, { ...fresh, zxid: 0n, epoch: 0 }));
    expect(rig.disk.image.epochs.voting).toBe(false);
  });

  test("of a single voter needs nobody else", () => {
    const rig = new ZabRig({ ...empty, members: { voters: [1], observers: [] } });
    expect(rig.status()).toMatchObject({ role: "leading", phase: "broadcast", voting: true });
  });
});
