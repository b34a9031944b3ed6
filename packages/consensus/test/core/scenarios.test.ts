import { describe, expect, test } from "vitest";
import { createPaxosCore } from "../../src/core/paxos/paxos-core.ts";
import { createSlotPaxosCore } from "../../src/core/slot-paxos/slot-paxos-core.ts";
import { createZabCore } from "../../src/core/zab/zab-core.ts";
import { formatZxid } from "../../src/core/zxid.ts";
import { Stage, type CreateCore } from "./stage.ts";

/** Three voters, 3 leading epoch 1 as the largest id, with as many transactions as asked for. */
function ensemble(transactions: number): Stage {
  const stage = new Stage([1, 2, 3]);
  stage.start(1, 2, 3);
  stage.settle();
  expect(stage.leader()).toBe(3);
  for (let left = transactions; left > 0; left -= 1) stage.propose(3);
  stage.settle();
  return stage;
}

describe.each([
  ["zab", (options) => createZabCore({ ...options, zab: { retainedEntriesMax: 0 } })],
  ["paxos", (options) => createPaxosCore({ ...options, zab: { retainedEntriesMax: 0 } })],
  ["slot-paxos", (options) => createSlotPaxosCore({ ...options, slotPaxos: { retainedEntriesMax: 0 } })],
] as const satisfies readonly (readonly [string, CreateCore])[])("snapshots of %s", (_name, createCore) => {
  test("the newest one is kept, and an older one that comes late changes nothing", () => {
    const stage = new Stage([1, 2, 3], createCore, { retainedEntriesMax: 0 });
    stage.start(1, 2, 3);
    stage.settle();
    const leader = stage.leader() ?? 0;
    for (let left = 3; left > 0; left -= 1) stage.propose(leader);
    stage.settle();
    const { delivered } = stage.status(leader);
    stage.saveSnapshot(leader, delivered);
    expect(stage.status(leader).snapshot).toBe(delivered);
    stage.saveSnapshot(leader, delivered - 1n);
    expect(stage.status(leader).snapshot).toBe(delivered);
  });

  test("who lacks what is no longer held gets one, in its pieces, and what is behind it", () => {
    const stage = new Stage([1, 2, 3], createCore, { retainedEntriesMax: 0 });
    stage.start(2, 3);
    stage.settle();
    const leader = stage.leader() ?? 0;
    for (let left = 3; left > 0; left -= 1) stage.propose(leader);
    stage.settle();
    const covered = stage.status(leader).delivered;
    for (const id of [2, 3]) stage.saveSnapshot(id, covered, [7, 8]);
    stage.propose(leader);
    stage.settle();
    stage.start(1);
    stage.settle();
    const end = stage.status(leader).delivered;
    expect(stage.applied(1)).toBe(`${formatZxid(covered)}[7 8] ${formatZxid(end)}`);
    // It is on its disk, too.
    stage.crash(1);
    stage.start(1);
    stage.settle();
    expect(stage.status(1)).toMatchObject({ phase: "broadcast", snapshot: covered, delivered: end });
  });
});

test.each([
  ["zab", createZabCore, 1],
  ["paxos", createPaxosCore, 3],
  ["slot-paxos", createSlotPaxosCore, 3],
] as const)(
  "%s tells each change of role once, and a leader as long as it is in step with it",
  (_name, core, epoch) => {
    const stage = new Stage([1, 2, 3], core);
    stage.start(1, 2, 3);
    stage.settle();
    for (const [left, right] of [[3, 1] as const, [3, 2] as const, [1, 2] as const]) stage.cut(left, right);
    stage.settle(40);
    const leader = [`leader 3 in ${epoch}`, `leader none in ${epoch}`];
    expect(stage.events(1)).toEqual(["looking > following", ...leader, "following > looking"]);
    expect(stage.events(3).slice(0, 4)).toEqual(["looking > leading", ...leader, "leading > looking"]);
  },
);

test.each([
  ["zab", createZabCore],
  ["paxos", createPaxosCore],
  ["slot-paxos", createSlotPaxosCore],
] as const)("%s tells of no leader where nobody came into step with one", (_name, core) => {
  const stage = new Stage([1, 2, 3], core);
  stage.start(1, 2, 3);
  for (const id of [1, 2, 3]) stage.holdWrites(id);
  stage.settle(120);
  for (const id of [1, 2, 3]) expect(stage.events(id).filter((event) => event.startsWith("leader"))).toEqual([]);
  expect(stage.events(3).slice(0, 2)).toEqual(["looking > leading", "leading > looking"]);
});

test.each([
  ["zab", createZabCore],
  ["paxos", createPaxosCore],
] as const)(
  "%s tells nothing where one search follows another, as when an ensemble starts for the first time",
  (_name, core) => {
    const stage = new Stage([1, 2, 3], core, { voting: false });
    stage.start(1, 2, 3);
    stage.settle();
    for (const id of [1, 2, 3]) expect(stage.events(id)[0]).toMatch(/^looking > (leading|following)$/);
  },
);

test.each([
  ["zab", (options) => createZabCore({ ...options, zab: { outstandingEntriesMax: 2 } })],
  ["slot-paxos", (options) => createSlotPaxosCore({ ...options, slotPaxos: { outstandingEntriesMax: 2 } })],
] as const satisfies readonly (readonly [string, CreateCore])[])(
  "%s has no more under way than it may, also when some of the epoch is committed",
  (_name, createCore) => {
    const stage = new Stage([1, 2, 3], createCore);
    stage.start(1, 2, 3);
    stage.settle();
    for (let left = 3; left > 0; left -= 1) stage.propose(3);
    stage.settle();
    stage.takeCosts();
    for (let left = 5; left > 0; left -= 1) stage.propose(3);
    expect(stage.takeCosts()).toMatch(/^4 (proposal|accept)$/);
    stage.settle();
    expect(stage.applied(1)).toBe(stage.applied(3));
    expect(stage.outcomes(3).split(" ")).toHaveLength(8);
  },
);

describe("Paxos", () => {
  test("by slots: of two that a quorum answers the one leads that knows more, whatever its number", () => {
    const stage = new Stage([1, 2, 3], createSlotPaxosCore);
    stage.start(1, 2);
    stage.settle();
    for (let left = 3; left > 0; left -= 1) stage.propose(stage.leader() ?? 0);
    stage.settle();
    stage.crash(1, 2);
    stage.start(2, 3);
    stage.settle();
    expect(stage.leader()).toBe(2);
  });

  test("of two that a quorum answers the one leads that has less to take over, whatever its number", () => {
    const stage = new Stage([1, 2, 3], createPaxosCore);
    stage.start(1, 2, 3);
    stage.settle();
    // Of one epoch are both: 2 has the higher number, and has written nothing.
    stage.holdWrites(2);
    for (let left = 3; left > 0; left -= 1) stage.propose(3);
    stage.settle(2);
    stage.crash(1, 2, 3);
    stage.start(1, 2);
    stage.settle();
    expect(stage.leader()).toBe(1);
  });

  /** Five, of whom only 3, which was away, reaches more than one other. `covered`: the others hold a snapshot and what is behind it. */
  function withHubBehind({ covered }: { readonly covered: boolean }): Stage {
    const retainedEntriesMax = covered ? 0 : 1000;
    const core: CreateCore = (options) => createPaxosCore({ ...options, zab: { retainedEntriesMax } });
    const stage = new Stage([1, 2, 3, 4, 5], core, { retainedEntriesMax });
    const others = [1, 2, 4, 5];
    stage.start(...others);
    stage.settle();
    for (const last of [2, 3]) {
      for (let left = last; left > 0; left -= 1) stage.propose(stage.leader() ?? 0);
      stage.settle();
      if (last === 2 && covered) for (const id of others) stage.saveSnapshot(id, stage.status(id).delivered, [7, 8]);
    }
    stage.crash(...others);
    stage.start(1, 2, 3, 4, 5);
    for (const left of others) for (const right of others) if (left < right) stage.cut(left, right);
    stage.takeCosts();
    stage.settle();
    expect(stage.leader()).toBe(3);
    return stage;
  }

  test("a leader takes over what it lacks before it asks anybody to accept it, in one ballot", () => {
    const stage = withHubBehind({ covered: false });
    expect(stage.takeCosts()).toContain("1 pull, 1 offerCut, 5 offerEntry, 1 offerEnd, ");
    const entries = [1, 2, 3, 4, 5].map((counter) => `5:${counter}`).join(" ");
    for (const id of [1, 2, 3, 4, 5]) expect(stage.disk(id)).toBe(`e259/259 ${entries}`);
    expect(stage.applied(3)).toBe(entries);
  });

  test("and so it does with a snapshot and what is behind it", () => {
    const stage = withHubBehind({ covered: true });
    expect(stage.takeCosts()).toContain("1 pull, 2 offerSnap, 3 offerEntry, 1 offerEnd, ");
    expect(stage.applied(3)).toBe("5:2[7 8] 5:3 5:4 5:5");
    expect(stage.status(3).epoch).toBe(259);
  });
});

describe("the histories of the catalogue", () => {
  test("Z1: a crashed leader that comes back with a tail of its own is cut to what the others have (ZOOKEEPER-1154)", () => {
    const stage = ensemble(3);
    stage.cut(3, 1);
    stage.cut(3, 2);
    stage.propose(3);
    stage.crash(1, 2, 3);
    expect(stage.disk(3)).toBe("e1/1 1:1 1:2 1:3 1:4");
    stage.start(1, 2);
    stage.settle();
    stage.propose(1);
    stage.settle();
    stage.start(3);
    stage.settle();
    for (const id of [1, 2, 3]) expect(stage.disk(id)).toBe("e2/2 1:1 1:2 1:3 2:1");
    expect(stage.applied(3)).toBe("1:1 1:2 1:3 2:1");
  });

  test("Z1: a node that only tried to lead does not win against one that knows more (ZOOKEEPER-335)", () => {
    const stage = ensemble(2);
    stage.cut(3, 1);
    stage.cut(3, 2);
    stage.propose(3);
    stage.propose(3);
    stage.settle(30);
    // 2 leads epoch 2 with a shorter log; the epoch is compared before the position.
    expect(stage.disk(2)).toBe("e2/2 1:1 1:2");
    stage.crash(1, 2);
    stage.crash(3);
    stage.start(2, 3);
    stage.settle();
    expect(stage.leader()).toBe(2);
    expect(stage.disk(3)).toBe("e3/3 1:1 1:2");
  });

  test("Z1: what only the old leader logged is gone when it is back, and reported lost (ZOOKEEPER-1154)", () => {
    const stage = ensemble(3);
    // The proposal is on the leader's disk, and its messages are lost with the links.
    stage.propose(3);
    stage.cut(3, 1);
    stage.cut(3, 2);
    expect(stage.disk(3)).toBe("e1/1 1:1 1:2 1:3 1:4");
    stage.settle(30);
    expect(stage.leader()).toBe(2);
    stage.propose(2);
    stage.settle();
    stage.link(3, 1);
    stage.link(3, 2);
    stage.settle(60);
    for (const id of [1, 2, 3]) expect(stage.disk(id)).toBe("e2/2 1:1 1:2 1:3 2:1");
    expect(stage.outcomes(3)).toBe("committed committed committed lost");
  });

  test("Z4: NEWLEADER is not acknowledged before the history is on the learner's disk (ZOOKEEPER-3911)", () => {
    const stage = ensemble(1);
    stage.crash(1);
    stage.propose(3);
    stage.settle();
    stage.start(1);
    stage.holdWrites(1);
    stage.settle(6);
    // The promise of the epoch, or the history: whatever is not durable here has not been acknowledged there.
    expect(stage.wire.filter((sent) => sent.startsWith("1>3 ack"))).toEqual([]);
    expect(stage.disk(1)).toBe("e1/1 1:1");
    expect(stage.status(1).phase).toBe("synchronization");
    stage.releaseWrites(1);
    stage.settle();
    expect(stage.disk(1)).toBe("e1/1 1:1 1:2");
    expect(stage.status(1).phase).toBe("broadcast");
    expect(stage.applied(1)).toBe("1:1 1:2");
  });

  test("Z5: a proposal is not acknowledged when it is handed to the disk, but when the disk holds it (4646)", () => {
    const stage = ensemble(0);
    for (const follower of [1, 2]) stage.holdWrites(follower);
    stage.propose(3);
    stage.settle(2);
    expect(stage.applied(3)).toBe("");
    stage.releaseWrites(1);
    stage.settle(2);
    expect(stage.applied(3)).toBe("1:1");
    // Committed, but not on this disk: memory is never ahead of the log.
    expect(stage.applied(2)).toBe("");
    stage.releaseWrites(2);
    stage.settle(2);
    expect(stage.applied(2)).toBe("1:1");
  });

  test("Z5: the leader's own word counts only when its own disk holds it", () => {
    const stage = ensemble(0);
    stage.crash(1);
    stage.holdWrites(3);
    stage.propose(3);
    stage.settle(2);
    expect(stage.applied(3)).toBe("");
    stage.releaseWrites(3);
    stage.settle(2);
    expect(stage.applied(3)).toBe("1:1");
  });

  test("Z8: a proposal between NEWLEADER and UPTODATE is logged, and applied only at its commit (4394)", () => {
    const stage = ensemble(1);
    stage.crash(1);
    stage.settle(2);
    stage.start(1);
    stage.holdWrites(2);
    for (let sent = true; sent && stage.status(1).phase !== "synchronization";) sent = stage.deliver();
    while (stage.deliver((_message, _from, to) => to === 1 || to === 3));
    stage.propose(3);
    while (stage.deliver((message) => message.kind !== "ack"));
    expect(stage.disk(1)).toBe("e1/1 1:1 1:2");
    expect(stage.applied(1)).toBe("1:1");
    stage.releaseWrites(2);
    stage.settle();
    expect(stage.applied(1)).toBe("1:1 1:2");
  });

  test("Z17: an epoch is announced only when the announcing leader's disk holds it (ZOOKEEPER-1291)", () => {
    const stage = new Stage([1, 2, 3]);
    stage.start(1, 2, 3);
    stage.holdWrites(3);
    stage.settle();
    expect(stage.disk(3)).toBe("e0/0");
    for (const id of [1, 2]) expect(stage.disk(id)).toBe("e0/0");
    stage.releaseWrites(3);
    stage.settle();
    for (const id of [1, 2, 3]) expect(stage.disk(id)).toBe("e1/1");
  });

  test("Z20: a member that comes late joins whatever round and epoch the others settled in (1732, 1805)", () => {
    const stage = ensemble(2);
    for (const id of [1, 2]) {
      stage.crash(id);
      stage.settle(3);
      stage.start(id);
      stage.settle();
    }
    stage.crash(1);
    stage.start(1);
    stage.settle();
    expect(stage.status(1).leader).toBe(3);
  });

  test("a voter that promised a later epoch than the present one joins again, in an epoch later still", () => {
    const stage = ensemble(2);
    stage.crash(1);
    stage.promise(1, 7);
    stage.start(1);
    stage.settle(60);
    for (const id of [1, 2, 3]) {
      expect(stage.status(id).leader).toBeDefined();
      expect(stage.disk(id)).toBe("e8/8 1:1 1:2");
    }
  });

  test("a leader whose quorum is gone steps down, and a follower whose leader is silent looks for another", () => {
    const stage = ensemble(0);
    stage.cut(3, 1);
    stage.cut(3, 2);
    stage.settle(30);
    expect(stage.status(3).role).toBe("looking");
    expect(stage.leader()).toBe(2);
  });
});
