import { describe, expect, test } from "vitest";
import type { Entry } from "../../src/core/entry.ts";
import { LogMirror } from "../../src/core/log-mirror.ts";
import { zxidOf, type Zxid } from "../../src/core/zxid.ts";
import { planSync } from "../../src/core/zab/sync-plan.ts";

function zxids(text: string): Zxid[] {
  return text.split(" ").map((one) => {
    const [epoch, counter] = one.split(":").map(Number);
    return zxidOf(epoch ?? 0, counter ?? 0);
  });
}

/** A leader's log from its base on, and where a learner's log ends. */
function check(log: string, learner: string, expected: string): void {
  const [base = 0n, ...positions] = zxids(log);
  const entries = positions.map((zxid): Entry => {
    return { zxid, kind: "txn", client: 1n, sequence: 1, payload: new Uint8Array(0) };
  });
  const snapshot = { position: base, chunks: [] };
  const mirror = new LogMirror(
    { snapshot, base, entries },
    { initial: { voters: [1], observers: [] }, out: { write: () => 1 }, retainedEntriesMax: 100 },
  );
  const [peer = 0n] = zxids(learner);
  const plan = planSync(mirror, peer);
  const shown = plan.kind === "snap" ? "snap" : `${plan.kind} ${plan.kind === "diff" ? plan.after : plan.last}`;
  const [kind, at] = expected.split(" ");
  expect(shown).toBe(at === undefined ? kind : `${kind} ${zxids(at)[0]}`);
}

describe("a learner is brought to the leader's history", () => {
  test("by nothing when its log ends where the leader's does", () => check("0:0 1:1 1:2", "1:2", "diff 1:2"));
  test("by what follows when its end is in the log", () => check("0:0 1:1 1:2 2:1", "1:1", "diff 1:1"));
  test("by everything when it is empty and the log reaches back", () => check("0:0 1:1", "0:0", "diff 0:0"));
  test("by a snapshot when it is older than the log", () => check("1:5 1:6 1:7", "1:4", "snap"));
  test("by what follows when it ends at the base of the log", () => check("1:5 1:6 1:7", "1:5", "diff 1:5"));
  test("by a cut when it logged what nobody else did (ZOOKEEPER-1154)", () =>
    check("0:0 7:1 7:2 8:1", "7:4", "trunc 7:2"));
  test("by a snapshot when it ends at the start of an epoch that the log does not reach", () =>
    check("0:0 1:1", "2:0", "snap"));
  test("by a cut to the end when it is ahead, even by an epoch", () => check("0:0 1:1 1:2", "2:1", "trunc 1:2"));
  // 1. Epoch 2 began without 1:3 and proposed 2:1 to this learner only. 2. Epoch 3 began with 1:3.
  test("by a snapshot when a cut would cross an epoch, since it may never have held the position before", () =>
    check("0:0 1:1 1:2 1:3 3:1", "2:1", "snap"));
  test("by what follows when it ends at the start of an epoch, where there is nothing to cut", () =>
    check("0:0 1:1 1:2 3:1", "2:0", "diff 1:2"));
});
