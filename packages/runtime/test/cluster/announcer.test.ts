import { expect, test } from "vitest";
import { createAnnouncer } from "../../src/cluster/announcer.ts";
import { holdBroadcast } from "../../src/cluster/held-broadcast.ts";

const payload = { kind: "encoded", bytes: new Uint8Array(new SharedArrayBuffer(1)) } as const;

test("a broadcast that a driver and its job share is sent once, and goes when both have let go of it", () => {
  const sent: string[] = [];
  const announcer = createAnnouncer((part) => sent.push(part.kind));
  const ofDriver = holdBroadcast({ id: "b1", payload });
  const ofJob = holdBroadcast({ id: "b1", payload });
  announcer.share(ofDriver);
  announcer.share(ofJob);
  announcer.share(ofJob);
  expect(sent).toEqual(["broadcast"]);
  ofDriver.release();
  expect(sent).toEqual(["broadcast"]);
  ofJob.release();
  expect(sent).toEqual(["broadcast", "dropBroadcast"]);
  announcer.share(ofDriver);
  expect(sent).toEqual(["broadcast", "dropBroadcast", "broadcast"]);
});
