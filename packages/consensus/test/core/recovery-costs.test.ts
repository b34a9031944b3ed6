import { describe, expect, test } from "vitest";
import { createPaxosCore } from "../../src/core/paxos/paxos-core.ts";
import { createZabCore } from "../../src/core/zab/zab-core.ts";
import { costs } from "./recovery-costs.ts";
import { Stage, type CreateCore, type StageOptions } from "./stage.ts";

/** What happens before the time is taken until all that run are in step with one leader. */
interface Story {
  readonly name: keyof typeof costs.zab;
  readonly voters?: readonly number[];
  readonly options?: StageOptions;
  readonly happens: (stage: Stage) => void;
}

const isVote = ({ kind }: { readonly kind: string }): boolean => kind === "notification" || kind === "heartbeat";

/** All of them, in step with a leader. */
function begin(stage: Stage, ...ids: readonly number[]): number {
  stage.start(...ids);
  stage.settle(20);
  return stage.leader() ?? 0;
}

/** Some links go, and come back after a while. */
function flap(stage: Stage, links: readonly (readonly [number, number])[], ticks: number): void {
  for (const [left, right] of links) stage.cut(left, right);
  stage.settle(ticks);
  for (const [left, right] of links) stage.link(left, right);
}

const stories: readonly Story[] = [
  { name: "five start at once", voters: [1, 2, 3, 4, 5], happens: (stage) => stage.start(1, 2, 3, 4, 5) },
  {
    name: "five empty disks start for the first time",
    voters: [1, 2, 3, 4, 5],
    options: { voting: false },
    happens: (stage) => stage.start(1, 2, 3, 4, 5),
  },
  {
    name: "three start for the first time, one after the other",
    options: { voting: false },
    happens: (stage) => {
      for (const id of [3, 1, 2]) {
        stage.start(id);
        stage.settle(9);
      }
    },
  },
  {
    name: "three start one after the other",
    happens: (stage) => {
      for (const id of [1, 2, 3]) {
        stage.start(id);
        stage.settle(7);
      }
    },
  },
  {
    name: "a voter is not there",
    happens: (stage) => stage.start(2, 3),
  },
  {
    name: "one of two links is late",
    happens: (stage) => {
      stage.start(1, 2, 3);
      flap(stage, [[1, 3]], 3);
    },
  },
  {
    name: "the link between a candidate and one who voted breaks and comes back at once",
    voters: [1, 2, 3, 4, 5],
    happens: (stage) => {
      stage.start(1, 2, 3, 4, 5);
      for (let count = 12; count > 0; count -= 1) stage.deliver();
      flap(
        stage,
        [
          [1, 5],
          [2, 5],
          [3, 4],
        ],
        0,
      );
    },
  },
  {
    name: "the first votes are lost",
    happens: (stage) => {
      stage.lose(isVote);
      stage.start(1, 2, 3);
      stage.settle(5);
      stage.lose(() => false);
    },
  },
  {
    name: "nobody hears the highest one for a while, though it hears all",
    happens: (stage) => {
      stage.lose((message, from) => from === 3 && isVote(message));
      stage.start(1, 2, 3);
      stage.settle(10);
      stage.lose(() => false);
    },
  },
  {
    name: "the highest one hears nobody for a while, though all hear it",
    happens: (stage) => {
      stage.lose((_message, _from, to) => to === 3);
      stage.start(1, 2, 3);
      stage.settle(60);
      stage.lose(() => false);
    },
  },
  {
    name: "the leader crashes with requests under way",
    voters: [1, 2, 3, 4, 5],
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3, 4, 5);
      for (let left = 3; left > 0; left -= 1) stage.propose(leader);
      for (let count = 5; count > 0; count -= 1) stage.deliver();
      stage.crash(leader);
    },
  },
  {
    name: "the leader crashes and is back at once",
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3);
      stage.propose(leader);
      stage.settle(1);
      stage.crash(leader);
      stage.start(leader);
    },
  },
  {
    name: "a follower crashes and is back at once",
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3);
      const follower = leader === 1 ? 2 : 1;
      stage.crash(follower);
      stage.propose(leader);
      stage.start(follower);
    },
  },
  {
    name: "a follower loses its link to the leader alone, and has it back",
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3);
      flap(stage, [[leader, leader === 1 ? 2 : 1]], 9);
    },
  },
  {
    name: "the leader loses all its links, and has them back when others lead",
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3);
      const others = [1, 2, 3].filter((id) => id !== leader);
      flap(
        stage,
        others.map((other) => [leader, other] as const),
        30,
      );
    },
  },
  {
    name: "everybody loses all links for a moment",
    happens: (stage) => {
      begin(stage, 1, 2, 3);
      flap(
        stage,
        [
          [1, 2],
          [1, 3],
          [2, 3],
        ],
        1,
      );
    },
  },
  {
    name: "the leader falls silent to all",
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3);
      stage.lose((_message, from) => from === leader);
      stage.settle(40);
      stage.lose(() => false);
    },
  },
  {
    name: "the leader falls silent to one",
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3);
      stage.lose((_message, from, to) => from === leader && to === (leader === 1 ? 2 : 1));
      stage.settle(40);
      stage.lose(() => false);
    },
  },
  {
    name: "whoever knows less than the others comes back with a higher number",
    happens: (stage) => {
      const leader = begin(stage, 1, 2);
      for (let left = 3; left > 0; left -= 1) stage.propose(leader);
      stage.settle(2);
      stage.crash(1, 2);
      stage.start(1, 2, 3);
    },
  },
  {
    name: "one that has promised a later epoch comes back",
    happens: (stage) => {
      begin(stage, 2, 3);
      stage.promise(1, 2000);
      stage.start(1);
    },
  },
  {
    name: "a disk is exchanged for an empty one",
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3);
      stage.propose(leader);
      stage.settle(2);
      const follower = leader === 1 ? 2 : 1;
      stage.wipe(follower);
      stage.start(follower);
    },
  },
  {
    name: "the leader's disk is exchanged for an empty one",
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3);
      stage.propose(leader);
      stage.settle(2);
      stage.wipe(leader);
      stage.start(leader);
    },
  },
  {
    name: "two observers start before the voters",
    options: { observers: [4, 5] },
    happens: (stage) => {
      stage.start(4, 5);
      stage.settle(6);
      stage.start(1, 2, 3);
    },
  },
  {
    name: "an observer comes to an ensemble whose leader crashes then",
    options: { observers: [4] },
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3);
      stage.propose(leader);
      stage.start(4);
      stage.settle(1);
      stage.crash(leader);
    },
  },
  {
    name: "an observer and a guest start with empty disks",
    options: { voting: false, observers: [4], guests: [5] },
    happens: (stage) => stage.start(1, 2, 3, 4, 5),
  },
  {
    name: "the leader is to be a voter no more",
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3);
      stage.propose(leader, { voters: [1, 2, 3].filter((id) => id !== leader), observers: [] });
      stage.settle(1);
    },
  },
  {
    name: "two voters are exchanged for observers, and the leader crashes when that is under way",
    options: { observers: [4, 5] },
    happens: (stage) => {
      const leader = begin(stage, 1, 2, 3, 4, 5);
      const [first = 0] = [1, 2, 3].filter((id) => id !== leader);
      stage.propose(leader, { voters: [leader, 4, 5], observers: [first] });
      for (let count = 4; count > 0; count -= 1) stage.deliver();
      stage.crash(leader);
      stage.settle(20);
      stage.start(leader);
    },
  },
];

/** The ticks until all that run are in step with one leader, and the messages of the whole story. */
describe.each([
  ["zab", createZabCore],
  ["paxos", createPaxosCore],
] as const satisfies readonly (readonly [keyof typeof costs, CreateCore])[])(
  "what it costs %s when",
  (protocol, core) => {
    test.each(stories)("$name", ({ name, voters = [1, 2, 3], options, happens }) => {
      const stage = new Stage(voters, core, options);
      happens(stage);
      const ticks = stage.settleUntilInStep();
      expect(`${ticks} ticks: ${stage.takeCosts()}`).toBe(costs[protocol][name]);
    });
  },
);
