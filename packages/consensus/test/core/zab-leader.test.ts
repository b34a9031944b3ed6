import { expect, test } from "vitest";
import { ZabRig, entryAt, zxid } from "./zab-rig.ts";

test("a leader serves when a quorum is in step with it", () => {
  const rig = new ZabRig({ id: 3 }).lead([1]);
  rig.propose("a");
  expect(rig.takeKinds()).toBe("proposal>1");
  rig.say(1, { kind: "ack", zxid: zxid("1:1") });
  expect(rig.takeKinds()).toBe("commit>1");
  expect(rig.applied).toEqual(["1:1"]);
  expect(rig.outcomes).toEqual(["committed"]);
});
