import { describe, expect, test } from "vitest";
import { ZabRig, entryAt, zxid, type RigOptions } from "./zab-rig.ts";

/** 3 of three leads epoch 1. */
function leader(options: RigOptions = {}, learners: readonly number[] = [1, 2]): ZabRig {
  return new ZabRig({ id: 3, ...options }).lead(learners);
}

describe("a leader in step with a quorum", () => {
  test("commits what a quorum of disks holds, its own among them, and tells those in step once", () => {
    const rig = leader({}, [1]);
    rig.ask(2);
    rig.takeKinds();
    rig.propose();
    expect(rig.takeKinds()).toBe("proposal>1");
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.takeKinds()).toBe("commit>1");
    expect(rig.applied).toEqual(["1:1"]);
    expect(rig.outcomes).toEqual(["committed"]);
  });

  test("sends observers what is committed, in one message, and does not count what they say", () => {
    const rig = leader({ members: { voters: [1, 2, 3], observers: [4] } });
    rig.join(4);
    rig.takeKinds();
    rig.propose();
    expect(rig.takeKinds()).toBe("proposal>1 proposal>2");
    rig.say(4, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.applied).toEqual([]);
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.takeKinds()).toBe("commit>1 commit>2 inform>4");
  });

  test("does not count a voter whose disk is not trusted, neither for commits nor for reads", () => {
    const rig = leader({}, [1]);
    rig.join(2, { voting: false });
    rig.propose();
    rig.read();
    rig.takeKinds();
    rig.say(2, { kind: "ack", zxid: zxid("1:1") });
    rig.say(2, { kind: "pong", round: 9 });
    expect(rig.applied).toEqual([]);
    expect(rig.reads).toEqual([]);
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.takeKinds()).toContain("commit>1 inform>2");
  });

  test("refuses what it has no room for, and says so", () => {
    const rig = leader({ waitingRequestsMax: 2, outstandingEntriesMax: 1 });
    for (const sequence of [1, 2, 3, 4]) rig.request(1, sequence);
    expect(rig.take("proposal", 1)).toHaveLength(1);
    expect(rig.take("answered")).toMatchObject([{ client: 5n, sequence: 4, refused: true }]);
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.take("proposal", 1).map(({ entry }) => entry.sequence)).toEqual([2]);
    expect(rig.takeKinds()).not.toContain("refuse");
  });

  test("ends the session of one whose request without a name it has no room for: none may be left out", () => {
    const rig = leader({ waitingRequestsMax: 1, outstandingEntriesMax: 1 });
    for (const _ of [1, 2, 3]) rig.unnamed(1);
    expect(rig.takeKinds()).toBe("proposal>1 proposal>2 refuse>1");
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.applied).toEqual([]);
  });

  test("takes requests without a name as often as they come", () => {
    const rig = leader();
    for (const _ of [1, 2]) rig.unnamed(1);
    expect(rig.take("proposal", 1)).toHaveLength(2);
  });

  test("hands the machine what the request asks for, other members too", () => {
    const rig = leader();
    rig.request(1, 1, { members: { voters: [1, 2, 3], observers: [4] } });
    const [proposal] = rig.take("proposal", 1);
    expect(proposal?.entry).toMatchObject({
      kind: "config",
      configuration: { voters: [1, 2, 3], observers: [4], outgoing: undefined },
    });
  });

  test("drops what waits of a session that is over, also where the same learner has another", () => {
    const rig = leader({ outstandingEntriesMax: 1 });
    rig.request(2, 1);
    rig.request(2, 2);
    rig.request(1, 3);
    rig.ask(2);
    rig.takeKinds();
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.take("proposal", 1).map(({ entry }) => entry.sequence)).toEqual([3]);
  });

  test("answers a request that is under way already when it is applied: each that asked, once", () => {
    const rig = leader();
    rig.request(1, 1);
    for (const from of [1, 2, 2]) rig.request(from, 1);
    expect(rig.takeKinds()).toBe("proposal>1 proposal>2");
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    const answered = [1, 2].map((learner) => rig.take("answered", learner));
    for (const one of answered) {
      expect(one).toMatchObject([{ client: 5n, sequence: 1, position: zxid("1:1"), refused: false }]);
    }
    // That is forgotten then.
    rig.request(1, 1);
    expect(rig.take("proposal", 1)).toHaveLength(1);
    rig.say(1, { kind: "ack", zxid: zxid("1:2") });
    expect(rig.take("answered")).toEqual([]);
  });

  test("answers no request before it is applied, though others before it are", () => {
    const rig = leader();
    for (const sequence of [1, 2]) rig.request(1, sequence);
    rig.request(2, 2);
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.take("answered")).toEqual([]);
    rig.say(1, { kind: "ack", zxid: zxid("1:2") });
    expect(rig.take("answered")).toMatchObject([{ sequence: 2, position: zxid("1:2") }]);
  });

  test("answers what was applied before at once", () => {
    const rig = leader({
      prepare: ({ sequence }) => (sequence < 9 ? { kind: "known" } : { kind: "txn", payload: new Uint8Array(0) }),
    });
    rig.request(1, 9);
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    rig.takeKinds();
    rig.propose();
    expect(rig.outcomes).toEqual(["answered"]);
    rig.request(2, 1);
    expect(rig.take("answered", 2)).toMatchObject([{ sequence: 1, position: zxid("1:1"), refused: false }]);
    expect(rig.takeKinds()).toBe("");
  });

  test("uses every position of an epoch, and steps down before it would need another", () => {
    const rig = leader({ counterLimit: 2 });
    rig.propose();
    rig.propose();
    expect(rig.status()).toMatchObject({ role: "leading", logged: zxid("1:2") });
    rig.propose();
    expect(rig.status()).toMatchObject({ role: "looking", logged: zxid("1:2") });
    expect(rig.forgotten).toBe(1);
    expect(rig.takeKinds()).toContain("refuse>1 refuse>2");
  });

  test("has no more than it may under way, which what is left of an earlier epoch does not count into", () => {
    const entries = [entryAt("1:1"), entryAt("1:2"), entryAt("1:3")];
    const rig = leader({ entries, epochs: { accepted: 1, current: 1 }, outstandingEntriesMax: 2 });
    for (const _ of [1, 2, 3]) rig.propose();
    expect(rig.take("proposal", 1).map(({ entry }) => entry.zxid)).toEqual([zxid("2:1"), zxid("2:2")]);
  });

  test("prepares nothing before its machine has applied all of the initial history", () => {
    const rig = new ZabRig({ id: 3, entries: [entryAt("1:1")], epochs: { accepted: 1, current: 1 } });
    rig.appliesHeld = true;
    rig.lead();
    rig.propose();
    expect(rig.takeKinds()).toBe("");
    rig.releaseApplies();
    expect(rig.takeKinds()).toBe("proposal>1 proposal>2");
  });

  test("hears what the machines of members in step have to say, and its own", () => {
    const rig = leader();
    rig.say(1, { kind: "report", bytes: new TextEncoder().encode("here") });
    rig.step({ kind: "report", bytes: new TextEncoder().encode("there") });
    expect(rig.reported).toEqual(["1: here", "3: there"]);
    expect(rig.takeKinds()).toBe("");
  });
});

describe("a read at a leader", () => {
  test("is answered by a round of pings that began after it, and one that comes meanwhile by the next round", () => {
    const rig = leader();
    rig.read();
    expect(rig.takeKinds()).toBe("ping>1 ping>2");
    rig.read();
    rig.say(1, { kind: "readRequest", read: 7 });
    expect(rig.takeKinds()).toBe("");
    rig.say(1, { kind: "pong", round: rig.round });
    expect(rig.reads).toEqual(["1 at 0:0"]);
    expect(rig.takeKinds()).toBe("ping>1 ping>2");
    rig.say(2, { kind: "pong", round: rig.round });
    expect(rig.reads).toEqual(["1 at 0:0", "2 at 0:0"]);
    expect(rig.takeKinds()).toBe("readAnswer>1");
  });

  test("that comes while a round is under way has its own as soon as anybody answers", () => {
    const rig = leader({ members: { voters: [1, 2, 3, 4, 5], observers: [] } }, [1, 2, 4]);
    for (const _ of [1, 2]) rig.read();
    rig.takeKinds();
    rig.say(1, { kind: "pong", round: rig.round });
    expect(rig.reads).toEqual([]);
    expect(rig.takeKinds()).toBe("ping>1 ping>2 ping>4");
    rig.say(2, { kind: "pong", round: rig.round });
    expect(rig.reads).toEqual(["1 at 0:0"]);
  });

  test("that was answered is asked of no other leader", () => {
    const rig = leader();
    rig.read();
    rig.say(1, { kind: "pong", round: rig.round });
    rig.read();
    rig.tick(60);
    rig.follow(2, 9);
    rig.say(2, { kind: "readAnswer", read: 2, position: 0n });
    expect(rig.reads).toEqual(["1 at 0:0", "2 at 0:0"]);
    expect(rig.readsAsked).toEqual([2]);
  });

  test("is answered at once where the leader is a quorum by itself", () => {
    const rig = new ZabRig({ id: 3, members: { voters: [3], observers: [] } });
    rig.read();
    expect(rig.reads).toEqual(["1 at 0:0"]);
  });

  test("is not answered in a session that did not ask", () => {
    const rig = leader();
    rig.say(1, { kind: "readRequest", read: 7 });
    rig.join(1);
    rig.takeKinds();
    rig.say(2, { kind: "pong", round: 99 });
    expect(rig.take("readAnswer")).toEqual([]);
  });

  test("is not confirmed by one that is not in step yet", () => {
    const rig = leader({}, [1]);
    rig.ask(2);
    rig.promise(2);
    rig.read();
    rig.say(2, { kind: "pong", round: 99 });
    expect(rig.reads).toEqual([]);
    rig.inStep(2);
    rig.say(2, { kind: "pong", round: 99 });
    expect(rig.reads).toEqual(["1 at 0:0"]);
  });

  test("has the position that was committed by then", () => {
    const rig = leader();
    rig.propose();
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    rig.read();
    rig.say(1, { kind: "pong", round: 99 });
    expect(rig.reads).toEqual(["2 at 1:1"]);
  });
});

describe("a member that has no vote", () => {
  test("is told that it is up to date when a quorum has answered since it was in step", () => {
    const rig = leader({}, [1]);
    rig.join(2, { voting: false });
    expect(rig.take("upToDate", 2)).toEqual([]);
    rig.tick();
    const { round } = rig;
    rig.say(2, { kind: "pong", round });
    rig.say(1, { kind: "pong", round: round - 1 });
    expect(rig.take("upToDate", 2)).toEqual([]);
    rig.say(1, { kind: "pong", round });
    expect(rig.take("upToDate", 2)).toMatchObject([{ guest: false }]);
    rig.say(1, { kind: "pong", round });
    expect(rig.take("upToDate", 2)).toEqual([]);
  });

  test("is a guest where no committed configuration names it", () => {
    const rig = leader({}, [1, 2]);
    rig.link(4);
    rig.join(4, { voting: false });
    rig.tick();
    rig.say(1, { kind: "pong", round: 99 });
    expect(rig.take("upToDate", 4)).toMatchObject([{ guest: true }]);
  });
});

describe("a leader that is not established", () => {
  const history: RigOptions = {
    id: 3,
    entries: [entryAt("1:1"), entryAt("1:2")],
    epochs: { accepted: 1, current: 1 },
  };
  const same = { last: zxid("1:2"), currentEpoch: 1 };

  test("commits nothing of its history before a quorum, itself counted when its disk holds it, entered the epoch", () => {
    const rig = new ZabRig(history).linkAll().elect();
    rig.ask(1);
    rig.ask(2);
    rig.writesHeld = true;
    rig.promise(1, same);
    rig.inStep(1);
    expect(rig.status()).toMatchObject({ phase: "synchronization", committed: 0n });
    rig.releaseWrites();
    expect(rig.status()).toMatchObject({ phase: "broadcast", committed: zxid("1:2") });
    expect(rig.applied).toEqual(["1:1", "1:2"]);
  });

  test("does not count whose disk is not trusted, nor who has only promised", () => {
    const rig = new ZabRig({ ...history, members: { voters: [1, 2, 3, 4, 5], observers: [] } }).linkAll().elect();
    for (const learner of [1, 2]) rig.ask(learner);
    for (const learner of [1, 2]) rig.promise(learner, same);
    rig.join(4, { ...same, voting: false });
    rig.inStep(1);
    expect(rig.status()).toMatchObject({ phase: "synchronization", committed: 0n });
    rig.inStep(2);
    expect(rig.status()).toMatchObject({ phase: "broadcast", committed: zxid("1:2") });
  });

  test("takes an epoch above all that a quorum has accepted, observers' too, once it is on its disk", () => {
    const rig = new ZabRig({ ...history, members: { voters: [1, 2, 3], observers: [4] } }).linkAll().elect();
    rig.ask(4, { acceptedEpoch: 6 });
    rig.ask(2, { voting: false });
    expect(rig.takeKinds()).toBe("");
    rig.writesHeld = true;
    rig.ask(1, { acceptedEpoch: 3 });
    expect(rig.takeKinds()).toBe("");
    rig.releaseWrites();
    expect(rig.take("leaderInfo")).toMatchObject([{ epoch: 7 }, { epoch: 7 }, { epoch: 7 }]);
  });

  test("asks nobody twice, and one who asks in another session anew", () => {
    const rig = new ZabRig(history).linkAll().elect();
    rig.ask(1);
    expect(rig.takeKinds()).toBe("leaderInfo>1");
    rig.say(1, { kind: "followerInfo", acceptedEpoch: 0, voting: true });
    expect(rig.takeKinds()).toBe("");
    rig.ask(1);
    expect(rig.takeKinds()).toBe("leaderInfo>1");
  });

  test("refuses a voter that knows more, by epoch or by length, and goes on without it", () => {
    for (const more of [
      { last: zxid("1:3"), currentEpoch: 1 },
      { last: zxid("1:1"), currentEpoch: 2 },
    ]) {
      const rig = new ZabRig(history).linkAll().elect();
      for (const learner of [1, 2]) rig.ask(learner);
      rig.takeKinds();
      rig.promise(1, more);
      expect(rig.takeKinds()).toBe("refuse>1");
      rig.promise(2, same);
      expect(rig.takeKinds()).toBe("diff>2 newLeader>2");
      // It has nothing more to do with it.
      rig.tick(40);
      expect(rig.takeKinds()).not.toContain("refuse>1");
    }
  });

  test("does not need, and does not refuse, an observer that knows more", () => {
    const rig = new ZabRig({ ...history, members: { voters: [1, 2, 3], observers: [4] } }).linkAll().elect();
    for (const learner of [1, 4]) rig.ask(learner);
    rig.takeKinds();
    rig.promise(4, { last: zxid("1:3"), currentEpoch: 1 });
    expect(rig.takeKinds()).toBe("");
    rig.promise(1, same);
    expect(rig.takeKinds()).toBe("diff>1 newLeader>1 trunc>4 newLeader>4");
  });

  test("does not count a promise that was given before", () => {
    const rig = new ZabRig(history).linkAll().elect();
    rig.ask(1);
    rig.promise(1, { last: zxid("1:2"), currentEpoch: -1 });
    expect(rig.status().phase).toBe("discovery");
    rig.ask(2);
    rig.promise(2, same);
    expect(rig.status().phase).toBe("synchronization");
  });

  test("does not count the promise of one whose disk is not trusted", () => {
    const rig = new ZabRig({ ...history, members: { voters: [1, 2, 3, 4, 5], observers: [] } }).linkAll().elect();
    for (const learner of [1, 2]) rig.ask(learner);
    rig.ask(4, { voting: false });
    for (const learner of [1, 4]) rig.promise(learner, same);
    expect(rig.status().phase).toBe("discovery");
    rig.promise(2, same);
    expect(rig.status().phase).toBe("synchronization");
  });

  test("gives up when nobody comes into step in time, and not before", () => {
    const rig = new ZabRig({ ...history, joinTicks: 10 }).linkAll().elect();
    rig.tick(9);
    expect(rig.status().role).toBe("leading");
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });
});

describe("a leader and changes of members", () => {
  const asked = { voters: [1, 2, 3], observers: [4] };

  test("takes another change when the one under way is committed, both entries of it", () => {
    const rig = leader();
    const kinds = (): unknown => rig.take("proposal", 1).map(({ entry }) => entry.kind);
    rig.propose("", { voters: [3, 1], observers: [] });
    rig.propose("", asked);
    expect(kinds()).toEqual(["config", "reject"]);
    for (const learner of [1, 2]) rig.say(learner, { kind: "ack", zxid: zxid("1:2") });
    rig.propose("", asked);
    expect(kinds()).toEqual(["config", "reject"]);
    rig.say(1, { kind: "ack", zxid: zxid("1:4") });
    rig.propose("", asked);
    expect(kinds()).toEqual(["config"]);
  });

  test("logs the second entry as soon as the first is committed, be it by its own disk", () => {
    const rig = leader();
    rig.writesHeld = true;
    rig.propose("", { voters: [3, 1], observers: [] });
    for (const learner of [1, 2]) rig.say(learner, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.take("proposal", 1)).toHaveLength(1);
    rig.releaseWrites();
    expect(rig.take("proposal", 1)).toHaveLength(1);
  });

  test("refuses voters of whom no quorum is in step", () => {
    const rig = leader({ members: { voters: [1, 2, 3], observers: [4, 5] } }, [1, 2]);
    rig.join(4, { voting: false });
    rig.ask(5);
    rig.promise(5);
    rig.propose("", { voters: [3, 4, 5], observers: [] });
    expect(rig.take("proposal", 1).map(({ entry }) => entry.kind)).toEqual(["reject"]);
    rig.inStep(5);
    rig.propose("", { voters: [3, 4, 5], observers: [] });
    expect(rig.take("proposal", 1).map(({ entry }) => entry.kind)).toEqual(["config"]);
  });

  test("finishes a change that an earlier leader began, but only when it is established", () => {
    const configuration = { voters: [2, 3], observers: [], outgoing: [1, 2, 3], position: zxid("1:1") };
    const snapshot = { position: zxid("1:1"), chunks: [], configuration };
    const rig = new ZabRig({ id: 3, snapshot, epochs: { accepted: 1, current: 1 } }).linkAll().elect();
    rig.ask(2);
    rig.promise(2, { last: zxid("1:1"), currentEpoch: 1 });
    expect(rig.status().logged).toBe(zxid("1:1"));
    rig.inStep(2);
    const [proposal] = rig.take("proposal", 2);
    expect(proposal?.entry).toMatchObject({
      zxid: zxid("2:1"),
      kind: "config",
      client: 0n,
      configuration: { voters: [2, 3], observers: [], outgoing: undefined },
    });
  });

  test("sends whoever becomes a voter by it what is under way", () => {
    const rig = leader({ members: { voters: [1, 2, 3], observers: [4] } });
    rig.join(4);
    rig.takeKinds();
    rig.propose();
    rig.propose("", { voters: [1, 2, 3, 4], observers: [] });
    expect(rig.take("proposal", 4).map(({ entry }) => entry.zxid)).toEqual([zxid("1:1"), zxid("1:2")]);
    expect(rig.take("proposal", 1)).toHaveLength(2);
  });
});

describe("a leader that followed before", () => {
  test("tells what became of requests that it handed over: in its log, or lost", () => {
    const rig = new ZabRig({ id: 3 }).follow(1);
    for (const _ of ["kept", "lost"]) rig.propose();
    rig.say(1, { kind: "proposal", entry: entryAt("1:1", { client: 3n, sequence: 1 }) });
    rig.say(1, { kind: "refuse" });
    rig.lead();
    expect(rig.outcomes).toEqual(["superseded", "committed"]);
    expect(rig.applied).toEqual(["1:1"]);
  });
});

describe("an established leader", () => {
  test("cuts the log of one that knows more, which nobody committed, and does not refuse it", () => {
    const rig = leader({}, [1]);
    rig.propose();
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    rig.ask(2);
    rig.takeKinds();
    rig.promise(2, { last: zxid("1:3"), currentEpoch: 1 });
    expect(rig.take("trunc", 2)).toMatchObject([{ zxid: zxid("1:1") }]);
    expect(rig.takeKinds()).toBe("newLeader>2");
  });
});

describe("a leader whose log does not reach back", () => {
  const bytes = [Uint8Array.of(1), Uint8Array.of(2)];

  test.each([
    [
      "a snapshot in its pieces",
      bytes,
      [
        { chunk: bytes[0], last: false },
        { chunk: bytes[1], last: true },
      ],
    ],
    ["an empty snapshot as one", [], [{ chunk: undefined, last: true }]],
  ] as const)("sends %s, what is behind it, and then that this was all", (_name, chunks, pieces) => {
    const rig = leader({ retainedEntriesMax: 0 });
    for (const _ of [1, 2, 3]) rig.propose();
    rig.say(1, { kind: "ack", zxid: zxid("1:3") });
    rig.step({ kind: "snapshot", snapshot: { position: zxid("1:2"), chunks } });
    rig.ask(2);
    rig.take("leaderInfo");
    rig.promise(2);
    expect(rig.take("snap", 2)).toMatchObject(pieces.map((piece) => ({ ...piece, position: zxid("1:2") })));
    expect(rig.take("proposal", 2).at(-1)?.entry.zxid).toBe(zxid("1:3"));
    expect(rig.take("newLeader", 2)).toMatchObject([{ committed: zxid("1:3") }]);
  });

  test("keeps a newer snapshot and none that is older, nor while one of others waits for its disk", () => {
    const rig = leader();
    for (const _ of [1, 2, 3]) rig.propose();
    rig.say(1, { kind: "ack", zxid: zxid("1:3") });
    rig.takeWrites();
    rig.step({ kind: "snapshot", snapshot: { position: zxid("1:2"), chunks: [] } });
    expect(rig.takeWrites()).toBe("snapshot");
    for (const position of ["1:1", "1:2"])
      rig.step({ kind: "snapshot", snapshot: { position: zxid(position), chunks: [] } });
    expect(rig.takeWrites()).toBe("");
  });
});

describe("a leader that leads again", () => {
  test("does not take a promise of its earlier epoch, still under way, for one of the present", () => {
    const rig = new ZabRig({ id: 3, joinTicks: 10, members: { voters: [1, 2, 3, 4, 5], observers: [] } })
      .linkAll()
      .elect();
    for (const learner of [1, 2]) rig.ask(learner);
    rig.tick(10);
    expect(rig.take("refuse")).toHaveLength(2);
    rig.elect();
    rig.ask(4);
    rig.ask(5);
    expect(rig.take("leaderInfo").map(({ epoch }) => epoch)).toEqual([1, 1, 2, 2]);
    for (const late of [1, 2]) {
      rig.say(late, { kind: "followerInfo", acceptedEpoch: 0, voting: true });
      rig.promise(late);
    }
    expect(rig.status()).toMatchObject({ phase: "discovery", acceptedEpoch: 2 });
    expect(rig.takeKinds()).toBe("");
    // In another session, or over another link, it may.
    rig.ask(1);
    rig.cut(2);
    rig.link(2);
    rig.say(2, { kind: "followerInfo", acceptedEpoch: 1, voting: true });
    expect(rig.take("leaderInfo").map(({ epoch }) => epoch)).toEqual([2, 2]);
    for (const learner of [1, 2]) rig.promise(learner);
    expect(rig.status().phase).toBe("synchronization");
  });
});

describe("a leader and the silence of others", () => {
  test("gives up a learner that says nothing for so long, tells it, and steps down without a quorum", () => {
    const rig = leader({ silenceTicks: 6 });
    rig.tick(3);
    rig.say(1, { kind: "pong", round: 1 });
    rig.tick(2);
    expect(rig.take("refuse")).toEqual([]);
    rig.tick();
    expect(rig.take("refuse")).toHaveLength(1);
    expect(rig.status().role).toBe("leading");
    rig.tick(2);
    expect(rig.status().role).toBe("leading");
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });

  test("does not count observers, nor voters whose disk is not trusted, for a quorum", () => {
    const rig = leader({ silenceTicks: 6, members: { voters: [1, 2, 3], observers: [4] } }, [1]);
    rig.join(2, { voting: false });
    rig.join(4);
    rig.tick(5);
    for (const learner of [2, 4]) rig.say(learner, { kind: "pong", round: 1 });
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });

  test("hears a learner over its link and in its session, whatever earlier links do", () => {
    const rig = leader();
    rig.propose();
    const ack = { kind: "ack", zxid: zxid("1:1") } as const;
    rig.hear(1, { ...ack, session: 99 });
    rig.hear(1, { ...ack, session: 11 }, 1234);
    expect(rig.applied).toEqual([]);
    rig.step({ kind: "linkDown", peer: 1, link: 77 });
    rig.hear(1, { ...ack, session: 11 });
    expect(rig.applied).toEqual(["1:1"]);
  });

  test("a learner whose link breaks is gone, one whose earlier link breaks is not", () => {
    const rig = leader();
    rig.propose();
    rig.step({ kind: "linkDown", peer: 1, link: 77 });
    rig.cut(1);
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.applied).toEqual([]);
    rig.link(1);
    rig.say(1, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.applied).toEqual([]);
    rig.say(2, { kind: "ack", zxid: zxid("1:1") });
    expect(rig.applied).toEqual(["1:1"]);
  });

  test("pings at its interval, those in discovery not", () => {
    const rig = leader({ pingTicks: 3 }, [1]);
    rig.ask(2);
    rig.takeKinds();
    const sent: string[] = [];
    for (let tick = 0; tick < 7; tick += 1) {
      rig.tick();
      sent.push(rig.takeKinds());
      rig.say(1, { kind: "pong", round: 1 });
    }
    expect(sent).toEqual(["ping>1", "", "", "ping>1", "", "", "ping>1"]);
  });
});
