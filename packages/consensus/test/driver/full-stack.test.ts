import { createPrng } from "@tutti/stdx";
import { expect, test } from "vitest";
import { zab } from "../../src/index.ts";
import { createSimDisk, type SimDisk } from "../../src/sim/index.ts";
import { Ensemble } from "../conformance/ensemble.ts";
import { bytesOf } from "../conformance/ledger.ts";

/**
 * Core, driver and log bytes together. Timers are real, so a run is not replayed by its number; what must hold is the
 * same on every path.
 */
test("power cuts on one disk after another lose nothing that was acknowledged", { timeout: 40_000 }, async () => {
  const chance = createPrng(11);
  await using ensemble = new Ensemble([1, 2, 3], { protocol: zab(), snapshotEntries: 25, segmentBytes: 8192 });
  const disks = new Map<number, SimDisk>([1, 2, 3].map((id) => [id, createSimDisk()] as const));
  for (const [id, disk] of disks) ensemble.disks.set(id, disk);
  await ensemble.startAll();
  await ensemble.leader();
  let acknowledged = 0;
  let uncertain = 0;
  for (let round = 0; round < 24; round += 1) {
    const victim = 1 + chance.nextBelow(3);
    const disk = disks.get(victim);
    disk?.crashAt(disk.operationCount + 1 + chance.nextBelow(12));
    const made = Array.from({ length: 40 }, (_, index) => {
      return ensemble.member((index % 3) + 1).replica.propose(bytesOf("1"), { timeoutMs: 5_000 });
    });
    for (const ended of await Promise.allSettled(made)) {
      if (ended.status === "fulfilled") acknowledged += 1;
      else if ((ended.reason as { maybeApplied: boolean }).maybeApplied) uncertain += 1;
    }
    await ensemble.stop(victim);
    disk?.restart(chance.nextUint32());
    await ensemble.start(victim);
    await ensemble.leader();
    const { replica, ledger } = ensemble.member(victim);
    const balance = await replica.read(() => ledger.balance);
    expect(balance).toBeGreaterThanOrEqual(acknowledged);
    expect(balance).toBeLessThanOrEqual(acknowledged + uncertain);
    expect(replica.status().recovery.damage).toBeUndefined();
  }
  const histories = await Promise.all(
    [1, 2, 3].map((id) => ensemble.member(id).replica.read(() => ensemble.member(id).ledger.history)),
  );
  expect(histories[1]).toEqual(histories[0]);
  expect(histories[2]).toEqual(histories[0]);
  expect(acknowledged).toBeGreaterThan(300);
});
