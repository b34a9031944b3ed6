import { describe, expect, test } from "vitest";
import { unnamedClient } from "../../src/core/entry.ts";
import { ZabRig, entryAt, zxid, type RigOptions } from "./zab-rig.ts";

/** 1 of three follows 3, which leads epoch 1. */
function follower(options: RigOptions = {}): ZabRig {
  return new ZabRig(options).follow(3);
}

/** As far as the promise. */
function joining(options: RigOptions = {}, epoch = 9): ZabRig {
  const rig = new ZabRig(options).choose(3);
  rig.say(3, { kind: "leaderInfo", epoch });
  rig.takeKinds();
  return rig;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a follower in step", () => {
  test("acknowledges what its disk holds, once for what comes together, and applies it when it is committed", () => {
    const rig = follower();
    rig.writesHeld = true;
    rig.say(3, { kind: "proposal", entry: entryAt("1:1") });
    rig.say(3, { kind: "commit", zxid: zxid("1:1") });
    expect(rig.takeKinds()).toBe("");
    expect(rig.applied).toEqual([]);
    rig.releaseWrites();
    expect(rig.take("ack")).toMatchObject([{ zxid: zxid("1:1") }]);
    expect(rig.applied).toEqual(["1:1"]);
    rig.say(3, { kind: "proposal", entry: entryAt("1:2") });
    expect(rig.applied).toEqual(["1:1"]);
    expect(rig.status()).toMatchObject({ committed: zxid("1:1"), logged: zxid("1:2") });
  });

  test("acknowledges again what comes again", () => {
    const rig = follower();
    for (const _ of [1, 2]) rig.say(3, { kind: "proposal", entry: entryAt("1:1") });
    expect(rig.take("ack")).toMatchObject([{ zxid: zxid("1:1") }, { zxid: zxid("1:1") }]);
    expect(rig.disk.image.entries).toHaveLength(1);
  });

  test.each([
    ["a hole", { kind: "proposal", entry: entryAt("1:2") }],
    ["a commit of what did not come", { kind: "commit", zxid: zxid("1:1") }],
    ["a refusal", { kind: "refuse" }],
  ] as const)("looks for a leader again after %s, and acknowledges nothing", (_name, message) => {
    const rig = follower();
    rig.say(3, message);
    expect(rig.status()).toMatchObject({ role: "looking", committed: 0n, logged: 0n });
    expect(rig.takeKinds()).toBe("");
  });

  test("answers each ping with its round", () => {
    const rig = follower();
    rig.say(3, { kind: "ping", round: 7 });
    expect(rig.take("pong")).toMatchObject([{ round: 7 }]);
  });

  test("gives up a leader that is silent for so long, and not before", () => {
    const rig = follower({ silenceTicks: 6 });
    rig.tick(5);
    rig.say(3, { kind: "ping", round: 1 });
    rig.tick(5);
    expect(rig.isInStep).toBe(true);
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });

  test("looks again when the link to its leader breaks, and not for another link", () => {
    const rig = follower();
    rig.cut(2);
    expect(rig.isInStep).toBe(true);
    rig.cut(3);
    expect(rig.status().role).toBe("looking");
  });

  test("hears nobody but its leader, over the link and in the session of its attempt", () => {
    const rig = follower();
    const proposal = { kind: "proposal", entry: entryAt("1:1"), session: 1 } as const;
    rig.hear(2, proposal);
    rig.hear(3, { ...proposal, session: 99 });
    rig.hear(3, proposal, 1234);
    expect(rig.status().logged).toBe(0n);
    expect(rig.takeKinds()).toBe("");
    rig.hear(3, proposal);
    expect(rig.status().logged).toBe(zxid("1:1"));
  });

  test("hands over requests, reads and reports, and tells what became of them", () => {
    const rig = follower();
    rig.propose("a");
    rig.submit();
    rig.read();
    rig.step({ kind: "report", bytes: bytes("here") });
    expect(rig.take("request")).toMatchObject([
      { client: 1n, sequence: 1, payload: bytes("a") },
      { client: unnamedClient, sequence: 0 },
    ]);
    expect(rig.take("readRequest")).toMatchObject([{ read: 2 }]);
    expect(rig.take("report")).toMatchObject([{ bytes: bytes("here") }]);
    expect(rig.takeKinds()).toBe("");
    rig.say(3, { kind: "readAnswer", read: 2, position: 0n });
    expect(rig.reads).toEqual(["2 at 0:0"]);
    rig.say(3, { kind: "answered", client: 1n, sequence: 1, position: 0n, refused: true });
    expect(rig.outcomes).toEqual(["overloaded"]);
    rig.say(3, { kind: "answered", client: 1n, sequence: 1, position: 0n, refused: false });
    expect(rig.outcomes).toEqual(["overloaded"]);
    rig.propose("b");
    rig.say(3, { kind: "answered", client: 1n, sequence: 3, position: 0n, refused: false });
    expect(rig.outcomes).toEqual(["overloaded", "answered"]);
    // The next leader is asked about none of that.
    rig.say(3, { kind: "refuse" });
    rig.choose(3);
    rig.say(3, { kind: "leaderInfo", epoch: 2 });
    rig.say(3, { kind: "newLeader", epoch: 2, committed: 0n });
    rig.takeKinds();
    rig.say(3, { kind: "upToDate", committed: 0n, guest: false });
    expect(rig.takeKinds()).toBe("");
  });

  test("asks the next leader about its reads again, and not about requests, whose fate its log tells", () => {
    const rig = follower();
    rig.propose("kept");
    rig.propose("lost");
    rig.read();
    rig.submit();
    rig.say(3, { kind: "proposal", entry: entryAt("1:1", { client: 1n, sequence: 1 }) });
    rig.say(3, { kind: "refuse" });
    expect(rig.outcomes).toEqual([]);
    rig.choose(3);
    rig.say(3, { kind: "leaderInfo", epoch: 2 });
    rig.say(3, { kind: "newLeader", epoch: 2, committed: 0n });
    rig.takeKinds();
    rig.say(3, { kind: "upToDate", committed: 0n, guest: false });
    expect(rig.outcomes).toEqual(["superseded"]);
    expect(rig.take("readRequest")).toMatchObject([{ read: 3 }]);
    rig.say(3, { kind: "commit", zxid: zxid("1:1") });
    expect(rig.outcomes).toEqual(["superseded", "committed"]);
  });

  test("hands over what waited for a leader when it is in step, but nothing without a name from before", () => {
    const rig = new ZabRig().choose(3);
    rig.propose("a");
    rig.read();
    rig.submit();
    rig.say(3, { kind: "leaderInfo", epoch: 1 });
    rig.say(3, { kind: "newLeader", epoch: 1, committed: 0n });
    expect(rig.takeKinds()).toBe("ackEpoch>3 ack>3");
    rig.say(3, { kind: "upToDate", committed: 0n, guest: false });
    expect(rig.takeKinds()).toBe("request>3 request>3 readRequest>3");
    rig.say(3, { kind: "refuse" });
    rig.follow(3, 2);
    expect(rig.takeKinds()).toBe("");
  });

  test("without a leader gives up what it cannot hand over and has no name, and what it wanted to report", () => {
    const rig = new ZabRig().choose(3);
    rig.submit();
    rig.step({ kind: "report", bytes: bytes("here") });
    expect(rig.takeKinds()).toBe("");
    rig.say(3, { kind: "refuse" });
    rig.choose(3);
    rig.say(3, { kind: "leaderInfo", epoch: 2 });
    rig.say(3, { kind: "newLeader", epoch: 2, committed: 0n });
    rig.takeKinds();
    rig.say(3, { kind: "upToDate", committed: 0n, guest: false });
    expect(rig.takeKinds()).toBe("");
  });

  test("of requests that nobody waits for any more it tells nothing", () => {
    const rig = follower();
    rig.propose("a");
    rig.step({ kind: "forget", proposal: 1 });
    rig.say(3, { kind: "proposal", entry: entryAt("1:1", { client: 1n, sequence: 1 }) });
    rig.say(3, { kind: "commit", zxid: zxid("1:1") });
    expect(rig.outcomes).toEqual([]);
  });

  test("refuses more open requests than it may have, and the same one twice", () => {
    const rig = new ZabRig({ waitingRequestsMax: 2 });
    const request = { client: 5n, payload: bytes("") };
    rig.step({ kind: "propose", proposal: 1, sequence: 1, ...request });
    rig.step({ kind: "propose", proposal: 2, sequence: 1, ...request });
    expect(rig.outcomes).toEqual(["overloaded"]);
    rig.step({ kind: "propose", proposal: 3, sequence: 2, ...request });
    rig.step({ kind: "propose", proposal: 4, sequence: 3, ...request });
    expect(rig.outcomes).toEqual(["overloaded", "overloaded"]);
  });
});

describe("an observer", () => {
  const members = { voters: [2, 3], observers: [1] };

  test("acknowledges nothing but the history, and applies what it is told of", () => {
    const rig = new ZabRig({ members }).choose(3);
    rig.say(3, { kind: "leaderInfo", epoch: 1 });
    rig.say(3, { kind: "proposal", entry: entryAt("1:1") });
    rig.say(3, { kind: "newLeader", epoch: 1, committed: 0n });
    rig.say(3, { kind: "upToDate", committed: 0n, guest: false });
    rig.takeKinds();
    rig.say(3, { kind: "inform", entry: entryAt("1:1") });
    rig.say(3, { kind: "inform", entry: entryAt("1:2") });
    expect(rig.applied).toEqual(["1:1", "1:2"]);
    expect(rig.takeKinds()).toBe("");
    expect(rig.status()).toMatchObject({ role: "observing", voting: false, leader: 3 });
    rig.say(3, { kind: "inform", entry: entryAt("1:4") });
    expect(rig.status()).toMatchObject({ role: "looking", committed: zxid("1:2") });
  });

  test("without a vote gets one when it is in step, and joins anew with it; a guest does not", () => {
    const rig = new ZabRig({ members, voting: false }).choose(3);
    for (const guest of [true, false]) {
      rig.say(3, { kind: "leaderInfo", epoch: 1 });
      rig.say(3, { kind: "newLeader", epoch: 1, committed: 0n });
      rig.say(3, { kind: "upToDate", committed: 0n, guest });
      expect(rig.isInStep).toBe(guest);
      expect(rig.disk.image.epochs.voting).toBe(!guest);
      if (guest) {
        rig.say(3, { kind: "refuse" });
        rig.choose(3);
      }
    }
  });
});

describe("a guest", () => {
  const guest: RigOptions = { id: 4, voting: false };
  const named = { voters: [1, 2, 3], observers: [4], outgoing: undefined };

  test("joins anew, for its vote, when it is told of an entry that makes it a member, and of no other", () => {
    const rig = new ZabRig(guest).follow(3, 1, true);
    rig.say(3, { kind: "inform", entry: entryAt("1:1", { configuration: { ...named, observers: [5] } }) });
    expect(rig.isInStep).toBe(true);
    rig.say(3, { kind: "inform", entry: entryAt("1:2", { configuration: named }) });
    expect(rig.isInStep).toBe(false);
    rig.choose(3);
    rig.say(3, { kind: "leaderInfo", epoch: 1 });
    rig.say(3, { kind: "newLeader", epoch: 1, committed: zxid("1:2") });
    rig.say(3, { kind: "upToDate", committed: zxid("1:2"), guest: false });
    expect(rig.disk.image.epochs.voting).toBe(true);
    expect(rig.isInStep).toBe(false);
  });

  test("goes on joining where the history names it, and a member with a vote has no reason to join anew", () => {
    for (const options of [guest, { ...guest, voting: true }]) {
      const rig = new ZabRig(options).choose(3);
      rig.say(3, { kind: "leaderInfo", epoch: 2 });
      rig.say(3, { kind: "proposal", entry: entryAt("1:1", { configuration: named }) });
      rig.say(3, { kind: "newLeader", epoch: 2, committed: zxid("1:1") });
      expect(rig.applied).toEqual(["1:1"]);
      expect(rig.status()).toMatchObject({ role: "observing", phase: "synchronization" });
      if (!options.voting) continue;
      rig.say(3, { kind: "upToDate", committed: zxid("1:1"), guest: false });
      rig.say(3, { kind: "inform", entry: entryAt("2:1", { configuration: named }) });
      expect(rig.isInStep).toBe(true);
    }
  });
});

describe("a learner on its way to be in step", () => {
  test("asks again at each tick until it is answered, and gives up after a while", () => {
    const rig = new ZabRig({ joinTicks: 8, silenceTicks: 20 }).choose(3);
    rig.tick(3);
    expect(rig.take("followerInfo")).toHaveLength(3);
    rig.say(3, { kind: "leaderInfo", epoch: 1 });
    rig.takeKinds();
    rig.tick(4);
    expect(rig.takeKinds()).toBe("");
    expect(rig.status()).toMatchObject({ role: "following", phase: "synchronization" });
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });

  test("gives up a leader that does not answer", () => {
    const rig = new ZabRig({ joinTicks: 40, silenceTicks: 6 }).choose(3);
    rig.tick(5);
    expect(rig.status().phase).toBe("discovery");
    rig.tick();
    expect(rig.status().role).toBe("looking");
  });

  test("promises an epoch once, and tells what it knows when both are on its disk", () => {
    const rig = new ZabRig({ entries: [entryAt("1:1")], epochs: { accepted: 2, current: 1 } }).choose(3);
    rig.writesHeld = true;
    rig.say(3, { kind: "leaderInfo", epoch: 3 });
    expect(rig.takeKinds()).toBe("");
    rig.releaseWrites();
    expect(rig.take("ackEpoch")).toMatchObject([{ lastZxid: zxid("1:1"), currentEpoch: 1 }]);
    rig.say(3, { kind: "leaderInfo", epoch: 4 });
    expect(rig.takeKinds()).toBe("");
    expect(rig.status().acceptedEpoch).toBe(3);
  });

  test("says of an epoch that it promised before that this is no promise, and follows none that is older", () => {
    const rig = new ZabRig({ epochs: { accepted: 2, current: 1 } }).choose(3);
    rig.takeWrites();
    rig.say(3, { kind: "leaderInfo", epoch: 2 });
    expect(rig.take("ackEpoch")).toMatchObject([{ currentEpoch: -1 }]);
    expect(rig.takeWrites()).toBe("");
    const other = new ZabRig({ epochs: { accepted: 2, current: 1 } }).choose(3);
    other.say(3, { kind: "leaderInfo", epoch: 1 });
    expect(other.status().role).toBe("looking");
  });

  test("writes the history and then the epoch, and acknowledges when both are on its disk", () => {
    const rig = joining();
    rig.writesHeld = true;
    rig.takeWrites();
    rig.say(3, { kind: "diff", zxid: zxid("1:2") });
    rig.say(3, { kind: "proposal", entry: entryAt("1:1") });
    rig.say(3, { kind: "proposal", entry: entryAt("1:2") });
    rig.say(3, { kind: "newLeader", epoch: 9, committed: zxid("1:1") });
    expect(rig.takeWrites()).toMatch(/^(append )+epochs$/);
    expect(rig.takeKinds()).toBe("");
    rig.releaseWrites();
    expect(rig.take("ack")).toMatchObject([{ zxid: zxid("9:0") }]);
    expect(rig.applied).toEqual(["1:1"]);
    expect(rig.status()).toMatchObject({ epoch: 9, phase: "synchronization" });
  });

  test("takes no word for the end of the history but that of this epoch, and once", () => {
    const rig = joining();
    rig.say(3, { kind: "newLeader", epoch: 8, committed: 0n });
    expect(rig.takeKinds()).toBe("");
    rig.say(3, { kind: "upToDate", committed: 0n, guest: false });
    expect(rig.isInStep).toBe(false);
    for (const _ of [1, 2]) rig.say(3, { kind: "newLeader", epoch: 9, committed: 0n });
    expect(rig.take("ack")).toHaveLength(1);
  });

  test("acknowledges proposals from then on, though it applies none before it is committed", () => {
    const rig = joining();
    rig.say(3, { kind: "newLeader", epoch: 9, committed: 0n });
    rig.takeKinds();
    rig.say(3, { kind: "proposal", entry: entryAt("9:1") });
    expect(rig.take("ack")).toMatchObject([{ zxid: zxid("9:1") }]);
    rig.say(3, { kind: "upToDate", committed: 0n, guest: false });
    expect(rig.applied).toEqual([]);
    rig.say(3, { kind: "commit", zxid: zxid("9:1") });
    expect(rig.applied).toEqual(["9:1"]);
  });

  test("cuts what its leader does not have, but only to where it holds, and never what it applied", () => {
    const tail = { entries: [entryAt("1:1"), entryAt("1:2"), entryAt("1:3")], epochs: { accepted: 1, current: 1 } };
    const rig = joining(tail);
    rig.say(3, { kind: "trunc", zxid: zxid("1:1") });
    expect(rig.status().logged).toBe(zxid("1:1"));
    rig.takeWrites();
    rig.say(3, { kind: "trunc", zxid: zxid("1:1") });
    expect(rig.takeWrites()).toBe("");
    expect(rig.fatal).toBeUndefined();
    rig.say(3, { kind: "trunc", zxid: zxid("0:7") });
    expect(rig.fatal).toBe("history-mismatch");
    const other = joining(tail);
    other.say(3, { kind: "newLeader", epoch: 9, committed: zxid("1:2") });
    other.say(3, { kind: "refuse" });
    other.choose(3);
    other.say(3, { kind: "leaderInfo", epoch: 10 });
    other.say(3, { kind: "trunc", zxid: zxid("1:1") });
    expect(other.fatal).toBe("history-mismatch");
    // It has stopped, whatever comes.
    other.tick(100);
    expect(other.status().role).toBe("following");
  });

  test("puts a snapshot and what is behind it in the place of its log at once, and applies it when it is on its disk", () => {
    const rig = joining({ entries: [entryAt("1:1")], epochs: { accepted: 1, current: 1 } });
    rig.propose("waits");
    rig.writesHeld = true;
    rig.takeWrites();
    const snap = { kind: "snap", position: zxid("2:5"), configuration: undefined } as const;
    rig.say(3, { ...snap, chunk: bytes("a"), last: false });
    rig.say(3, { ...snap, chunk: bytes("b"), last: true });
    rig.say(3, { kind: "proposal", entry: entryAt("2:6") });
    rig.say(3, { kind: "proposal", entry: entryAt("2:7") });
    expect(rig.takeWrites()).toBe("");
    rig.say(3, { kind: "newLeader", epoch: 9, committed: 0n });
    expect(rig.takeWrites()).toBe("replace epochs");
    expect(rig.applied).toEqual([]);
    rig.completeWrite();
    expect(rig.applied).toEqual(["2:5 restored"]);
    expect(rig.status()).toMatchObject({ committed: zxid("2:5"), delivered: zxid("2:5"), logged: zxid("2:7") });
    expect(rig.disk.image.snapshot.chunks).toEqual([bytes("a"), bytes("b")]);
    rig.releaseWrites();
    rig.say(3, { kind: "upToDate", committed: zxid("2:6"), guest: false });
    expect(rig.applied).toEqual(["2:5 restored", "2:6"]);
  });

  test("applies behind a snapshot what is committed already, and none that it had applied before", () => {
    const rig = joining();
    rig.say(3, { kind: "snap", position: zxid("2:5"), configuration: undefined, chunk: undefined, last: true });
    rig.say(3, { kind: "proposal", entry: entryAt("2:6") });
    rig.say(3, { kind: "newLeader", epoch: 9, committed: zxid("2:6") });
    expect(rig.applied).toEqual(["2:5 restored", "2:6"]);
    rig.say(3, { kind: "refuse" });
    rig.choose(3);
    rig.say(3, { kind: "leaderInfo", epoch: 10 });
    rig.say(3, { kind: "snap", position: zxid("2:6"), configuration: undefined, chunk: undefined, last: true });
    rig.say(3, { kind: "newLeader", epoch: 10, committed: zxid("2:6") });
    expect(rig.fatal).toBeUndefined();
    expect(rig.applied).toEqual(["2:5 restored", "2:6"]);
  });

  test("stops where the history that it got is not whole, or ends before what it applied", () => {
    const snap = { kind: "snap", configuration: undefined, chunk: undefined } as const;
    const rig = joining();
    rig.say(3, { ...snap, position: zxid("2:5"), last: false });
    rig.say(3, { kind: "newLeader", epoch: 9, committed: 0n });
    expect(rig.fatal).toBe("history-mismatch");
    const three = [entryAt("1:1"), entryAt("1:2"), entryAt("1:3")];
    for (const count of [2, 3]) {
      const other = joining({ entries: three, epochs: { accepted: 1, current: 1 } });
      other.say(3, { kind: "newLeader", epoch: 9, committed: zxid("1:3") });
      other.say(3, { kind: "refuse" });
      other.choose(3);
      other.say(3, { kind: "leaderInfo", epoch: 10 });
      other.say(3, { ...snap, position: 0n, last: true });
      for (const entry of three.slice(0, count)) other.say(3, { kind: "proposal", entry });
      other.say(3, { kind: "newLeader", epoch: 10, committed: 0n });
      expect(other.fatal).toBe(count === 2 ? "history-mismatch" : undefined);
    }
  });

  test.each([
    ["what does not follow a snapshot", entryAt("2:7"), true],
    ["an entry before all of the snapshot is there", entryAt("2:6"), false],
  ] as const)("looks again after %s", (_name, entry, last) => {
    const rig = joining();
    rig.say(3, { kind: "snap", position: zxid("2:5"), configuration: undefined, chunk: undefined, last });
    rig.say(3, { kind: "proposal", entry });
    expect(rig.status()).toMatchObject({ role: "looking", logged: 0n });
  });

  test("an open request that a snapshot may cover is not lost: the table of answers tells", () => {
    const rig = follower();
    rig.propose("a");
    rig.say(3, { kind: "refuse" });
    rig.choose(3);
    rig.say(3, { kind: "leaderInfo", epoch: 9 });
    rig.say(3, { kind: "snap", position: zxid("2:5"), configuration: undefined, chunk: undefined, last: true });
    rig.say(3, { kind: "newLeader", epoch: 9, committed: zxid("2:5") });
    rig.say(3, { kind: "upToDate", committed: zxid("2:5"), guest: false });
    expect(rig.outcomes).toEqual(["answered"]);
    // The next time there is none.
    rig.propose("b");
    rig.say(3, { kind: "refuse" });
    rig.follow(3, 10);
    expect(rig.outcomes).toEqual(["answered", "superseded"]);
  });

  test("a link that comes late carries what it has to ask", () => {
    const rig = new ZabRig();
    rig.link(2);
    rig.hear(2, rig.voteFor(3, { zxid: 1n << 60n }));
    rig.tick(6);
    expect(rig.status()).toMatchObject({ role: "following", phase: "discovery" });
    expect(rig.take("followerInfo")).toEqual([]);
    rig.link(4);
    rig.link(3);
    expect(rig.take("followerInfo", 3)).toHaveLength(1);
    rig.link(3);
    expect(rig.take("followerInfo", 3)).toEqual([]);
    expect(rig.status().role).toBe("looking");
  });
});
