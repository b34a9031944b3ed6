import { describe, expect, test } from "vitest";
import { createPaxosCore } from "../../src/core/paxos/paxos-core.ts";
import { createSlotPaxosCore } from "../../src/core/slot-paxos/slot-paxos-core.ts";
import { createZabCore } from "../../src/core/zab/zab-core.ts";
import { Stage, type CreateCore } from "./stage.ts";

interface Costs {
  readonly core: CreateCore;
  readonly firstLeader: string;
  readonly idle: string;
  readonly commit: string;
  readonly rejoin: string;
  readonly nextLeader: string;
}

const discovery = "2 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 4 ping, 4 pong";
const join =
  "1 followerInfo, 1 leaderInfo, 1 ackEpoch, 1 diff, 2 proposal, 1 newLeader, 1 ack, 1 upToDate, 6 ping, 6 pong";
const takeover = "1 followerInfo, 1 leaderInfo, 1 ackEpoch, 1 diff, 1 newLeader, 1 ack, 1 upToDate, 3 ping, 3 pong";

const protocols: readonly (readonly [string, Costs])[] = [
  [
    "zab",
    {
      core: createZabCore,
      firstLeader: `30 notification, ${discovery}`,
      idle: "10 ping, 10 pong",
      commit: "2 proposal, 2 ack, 2 commit",
      rejoin: `6 notification, ${join}`,
      nextLeader: `7 notification, ${takeover}`,
    },
  ],
  [
    "paxos",
    {
      core: createPaxosCore,
      firstLeader: `48 heartbeat, ${discovery}`,
      idle: "10 ping, 10 pong, 24 heartbeat",
      commit: "2 proposal, 2 ack, 2 commit",
      rejoin: `28 heartbeat, ${join}`,
      nextLeader: `12 heartbeat, ${takeover}`,
    },
  ],
  [
    "slot-paxos",
    {
      core: createSlotPaxosCore,
      firstLeader: "36 heartbeat, 2 prepare, 2 promise, 8 lead, 10 followed, 3 accept, 3 accepted, 2 chosen",
      idle: "10 lead, 10 followed, 24 heartbeat",
      commit: "2 accept, 2 accepted, 2 chosen",
      rejoin: "20 heartbeat, 7 lead, 1 ask, 8 followed, 2 learn, 1 told",
      nextLeader: "8 heartbeat, 1 prepare, 1 promise, 5 lead, 6 followed, 1 accept, 1 accepted, 1 chosen",
    },
  ],
];

/** Nothing else sees that a message is sent twice, or to somebody who has no use for it. */
describe.each(protocols)("what %s sends among three, one message after the other", (_name, costs) => {
  function ensemble(): { readonly stage: Stage; readonly leader: number } {
    const stage = new Stage([1, 2, 3], costs.core);
    stage.start(1, 2, 3);
    stage.settle(4);
    const leader = stage.leader() ?? 0;
    return { stage, leader };
  }

  test("until somebody leads", () => {
    expect(ensemble().stage.takeCosts()).toBe(costs.firstLeader);
  });

  test("in ten ticks of quiet", () => {
    const { stage } = ensemble();
    stage.takeCosts();
    stage.settle(10);
    expect(stage.takeCosts()).toBe(costs.idle);
  });

  test("for a commit", () => {
    const { stage, leader } = ensemble();
    stage.takeCosts();
    stage.propose(leader);
    while (stage.deliver());
    expect(stage.takeCosts()).toBe(costs.commit);
  });

  test("to one who comes back and lacks two entries", () => {
    const { stage, leader } = ensemble();
    const away = leader === 1 ? 2 : 1;
    stage.crash(away);
    for (const _ of [1, 2]) stage.propose(leader);
    stage.settle(1);
    stage.takeCosts();
    stage.start(away);
    stage.settle(6);
    expect(stage.status(away)).toMatchObject({ phase: "broadcast", delivered: stage.status(leader).delivered });
    expect(stage.takeCosts()).toBe(costs.rejoin);
  });

  test("until somebody else leads when the leader is gone", () => {
    const { stage, leader } = ensemble();
    stage.propose(leader);
    stage.settle(2);
    stage.takeCosts();
    stage.crash(leader);
    stage.settle(6);
    expect(stage.leader()).toBeDefined();
    expect(stage.takeCosts()).toBe(costs.nextLeader);
  });
});
