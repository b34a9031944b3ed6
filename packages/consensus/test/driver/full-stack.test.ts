import { createPrng } from "@tutti/stdx";
import { expect, test } from "vitest";
import { createMemoryDisk, slotPaxos, zab } from "../../src/index.ts";
import { createSimDisk, type SimDisk } from "../../src/sim/index.ts";
import { Ensemble } from "../conformance/ensemble.ts";
import { bytesOf, Ledger, textOf } from "../conformance/ledger.ts";

/** Its state is drawn a few bytes at a time. */
class DrawnLedger extends Ledger {
  view(): Iterable<Uint8Array> {
    const text = JSON.stringify([this.balance, this.history]);
    return Array.from({ length: Math.ceil(text.length / 8) }, (_, index) =>
      bytesOf(text.slice(index * 8, index * 8 + 8)),
    );
  }

  override restore(chunks: readonly Uint8Array[]): void {
    if (chunks.length === 0) return super.restore([]);
    const [balance, history] = JSON.parse(chunks.map(textOf).join("")) as [number, number[]];
    super.restore([bytesOf(String(balance)), bytesOf(JSON.stringify(history))]);
  }
}

/** Its transactions stand by themselves: one may be left out, and the next one applied. */
class AddingLedger extends Ledger {
  override prepare(request: Uint8Array): { txn: Uint8Array } {
    return { txn: request };
  }

  override apply(position: bigint, txn: Uint8Array): Uint8Array {
    return super.apply(position, bytesOf(String(this.balance + Number(textOf(txn)))));
  }
}

/**
 * Core, driver and log bytes together. Timers are real, so a run is not replayed by its number; what must hold is the
 * same on every path.
 */
test.each([
  ["snapshots in one turn", zab(), () => new Ledger()],
  ["snapshots drawn while entries are applied", zab(), () => new DrawnLedger()],
  ["slots", slotPaxos({ retainedEntriesMax: 10 }), () => new AddingLedger()],
])(
  "power cuts on one disk after another lose nothing that was acknowledged: %s",
  { timeout: 40_000 },
  async (_, protocol, ledger) => {
    const chance = createPrng(11);
    const options = { protocol, snapshotEntries: 25, segmentBytes: 8192 };
    await using ensemble = new Ensemble([1, 2, 3], { ...options, ledger });
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
    expect(ensemble.member(1).replica.status().counts.snapshots).toBeGreaterThan(0);
  },
);

test("entries are applied while a snapshot is drawn, and it shows the moment in which it began", async () => {
  const disk = createMemoryDisk();
  let drawnCount = 0;
  const appliedWhile: number[] = [];
  class SlowLedger extends DrawnLedger {
    override *view(): Iterable<Uint8Array> {
      for (const chunk of super.view()) {
        drawnCount += 1;
        appliedWhile.push(this.history.length);
        yield chunk;
      }
    }
  }
  const options = { protocol: zab(), snapshotEntries: 40, bootstrap: true };
  const first = new Ensemble([1], { ...options, ledger: () => new SlowLedger() });
  first.disks.set(1, disk);
  await first.startAll();
  const { replica } = first.member(1);
  const snapshot = new Promise<{ readonly position: bigint }>((resolve) => replica.events.once("snapshot", resolve));
  for (let count = 0; count < 400; count += 1) await replica.propose(bytesOf("1"));
  const { position } = await snapshot;
  expect(position).toBeLessThan(replica.status().applied);
  expect(appliedWhile.at(-1)).toBeGreaterThan(appliedWhile[0] ?? 0);
  expect(drawnCount).toBeGreaterThan(3);
  await first[Symbol.asyncDispose]();
  expect((await disk.list()).filter((name) => name.startsWith("snapshot") && name.endsWith(".tmp"))).toEqual([]);
  await using again = new Ensemble([1], { ...options, ledger: () => new DrawnLedger() });
  again.disks.set(1, disk);
  const { replica: restarted, ledger } = await again.start(1);
  expect(await restarted.read(() => ledger.balance)).toBe(400);
});
