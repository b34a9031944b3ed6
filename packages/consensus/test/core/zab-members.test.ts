import { describe, expect, test } from "vitest";
import { createPaxosCore } from "../../src/core/paxos/paxos-core.ts";
import { createZabCore } from "../../src/core/zab/zab-core.ts";
import { Stage } from "./stage.ts";

describe.each([
  ["zab", createZabCore],
  ["paxos", createPaxosCore],
] as const)("changes of members of %s", (_name, core) => {
  test("a leader that is no voter any more ends its leadership, and one of the voters goes on", () => {
    const stage = new Stage([1, 2, 3], core);
    stage.start(1, 2, 3);
    stage.settle();
    expect(stage.leader()).toBe(3);
    stage.propose(3, { voters: [1, 2], observers: [] });
    stage.settle(60);
    expect(stage.leader()).toBe(2);
    stage.propose(2);
    stage.settle();
    expect(stage.applied(1)).toBe(stage.applied(2));
    expect(stage.status(3)).toMatchObject({ role: "observing", voting: false, leader: 2 });
  });

  /** 3 leads alone, 1 and 2 are to take its place, and what names them alone is on the disk of 3 and nowhere else. */
  function withLastWordOf3(): Stage {
    const stage = new Stage([3], core, { observers: [1, 2] });
    stage.start(1, 2, 3);
    stage.settle();
    let isOver = false;
    stage.lose((message, from) => isOver && from === 3 && message.kind !== "notification");
    stage.propose(3, { voters: [1, 2], observers: [] });
    while (
      stage.deliver(
        (message, from) =>
          !(
            from === 3 &&
            message.kind === "proposal" &&
            message.entry.kind === "config" &&
            message.entry.configuration?.outgoing === undefined
          ),
      )
    );
    isOver = true;
    stage.crash(1, 2, 3);
    stage.lose(() => false);
    return stage;
  }

  test("who alone holds the entry that leaves it out leads until that is committed, and no longer", () => {
    const stage = withLastWordOf3();
    const counts = [1, 2, 3].map((id) => stage.disk(id).split(" ").length - 1);
    expect(counts).toEqual([1, 1, 2]);
    stage.start(1, 2, 3);
    stage.settle(80);
    expect(stage.leader()).toBe(2);
    for (const id of [1, 2, 3]) expect(stage.disk(id).split(" ").length - 1).toBe(2);
  });

  test("without it the others wait, since it may have more", () => {
    const stage = withLastWordOf3();
    stage.start(1, 2);
    stage.settle(80);
    expect(stage.leader()).toBe(undefined);
  });
});
