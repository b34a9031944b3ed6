import { ConsensusError } from "../../src/consensus-error.ts";
import { createPrng } from "@tutti/stdx";
import { describe, expect, test } from "vitest";
import { zab, openReplica, createMemoryNetwork, type Replica } from "../../src/index.ts";
import { createSimDisk, type DiskFile, type SimDisk } from "../../src/sim/index.ts";
import { Ensemble } from "../conformance/ensemble.ts";
import { bytesOf, Ledger } from "../conformance/ledger.ts";

describe("a disk that fails", { timeout: 20_000 }, () => {
  test("stops its replica for good and leaves the others at work", async () => {
    await using ensemble = new Ensemble([1, 2, 3], { protocol: zab() });
    const disk = createSimDisk();
    ensemble.disks.set(1, disk);
    await ensemble.startAll();
    await ensemble.leader();
    await ensemble.member(1).replica.propose(bytesOf("1"));
    disk.crashAt(disk.operationCount + 1);
    const { replica } = ensemble.member(1);
    const made = replica.propose(bytesOf("1"));
    await expect(made).rejects.toMatchObject({ code: "storage-failed", maybeApplied: true });
    expect((await replica.stopped)?.code).toBe("storage-failed");
    await expect(replica.propose(bytesOf("1"))).rejects.toMatchObject({ code: "storage-failed" });
    await expect(replica.read(() => 0)).rejects.toMatchObject({ code: "storage-failed" });
    ensemble.members.delete(1);
    const survivor = ensemble.member(2);
    await ensemble.leader([2, 3]);
    await survivor.replica.propose(bytesOf("1"));
    expect(survivor.ledger.balance).toBeGreaterThanOrEqual(2);
  });

  test("never costs an acknowledged proposal, at whatever operation the power goes", async () => {
    let failures = 0;
    for (let seed = 1; seed <= 25; seed += 1) {
      const { lost, invented, powerCuts } = await livesOfOneReplica(seed, createSimDisk());
      expect({ lost, invented }, `seed ${seed}`).toEqual({ lost: 0, invented: 0 });
      failures += powerCuts;
    }
    expect(failures).toBeGreaterThan(50);
  });

  test("that only pretends to sync is found out by the same check", async () => {
    let lostTotal = 0;
    for (let seed = 1; seed <= 10; seed += 1)
      lostTotal += (await livesOfOneReplica(seed, pretending(createSimDisk()))).lost;
    expect(lostTotal).toBeGreaterThan(0);
  });
});

/** A planted fault: `sync` of a file resolves and does nothing. */
function pretending(disk: SimDisk): SimDisk {
  const open = async (name: string): Promise<DiskFile> => {
    const file = await disk.open(name);
    return name.endsWith(".tmp") ? file : { ...file, sync: async () => undefined };
  };
  return new Proxy(disk, { get: (target, key) => (key === "open" ? open : (Reflect.get(target, key) as unknown)) });
}

/** Four lives of a replica that is alone, each ended by a power cut, and what its next life found. */
async function livesOfOneReplica(
  seed: number,
  disk: SimDisk,
): Promise<{ lost: number; invented: number; powerCuts: number }> {
  const chance = createPrng(seed);
  const open = async (machine: Ledger): Promise<Replica> => {
    const { transport } = createMemoryNetwork();
    const options = { id: 1, members: [1], protocol: zab(), storage: disk, transport, bootstrap: true };
    return openReplica({ ...options, machine, tickMs: 2, snapshotEntries: 7, segmentBytes: 4096 });
  };
  const found = { lost: 0, invented: 0, powerCuts: 0 };
  let acknowledged = 0;
  for (let life = 0; life < 4; life += 1) {
    disk.crashAt(disk.operationCount + 5 + chance.nextBelow(60));
    try {
      const replica = await open(new Ledger());
      for (let left = 30; left > 0; left -= 1) {
        await replica.propose(bytesOf("1"));
        acknowledged += 1;
      }
      await replica.close();
    } catch {
      found.powerCuts += 1;
    }
    disk.restart(chance.nextUint32());
    const ledger = new Ledger();
    const replica = await open(ledger).catch((thrown: unknown) => {
      if (thrown instanceof ConsensusError && thrown.code === "storage-damaged") return undefined;
      throw thrown;
    });
    if (replica === undefined) {
      // Damage below what was acknowledged: alone, it refuses to start rather than forget.
      found.lost += 1;
      break;
    }
    const balance = await replica.read(() => ledger.balance);
    found.lost += Math.max(0, acknowledged - balance);
    // The one that was under way may have been kept.
    found.invented += Math.max(0, balance - acknowledged - 1);
    acknowledged = balance;
    await replica.close();
  }
  return found;
}

describe("what cannot work is refused at the door", () => {
  const base = () => ({
    id: 1,
    members: [1],
    protocol: zab(),
    machine: new Ledger(),
    storage: createSimDisk(),
    transport: createMemoryNetwork().transport,
  });

  test("all problems of the options are named in one error", async () => {
    const opening = openReplica({ ...base(), id: 4, members: [1, 1, -2], tickMs: 0 });
    await expect(opening).rejects.toMatchObject({ code: "invalid-options" });
    await expect(opening).rejects.toThrow(/-2.*distinct.*id 4.*tickMs is 0/);
    expect(() => zab({ pingTicks: 30, voteTicks: 0 })).toThrow(/voteTicks is 0.*silenceTicks \(20\)/);
  });

  test("a directory of another replica is not touched", async () => {
    const storage = createSimDisk();
    await (await openReplica({ ...base(), storage })).close();
    const foreign = openReplica({ ...base(), id: 2, members: [1, 2], storage });
    await expect(foreign).rejects.toMatchObject({ code: "storage-foreign" });
  });

  test("a request above the limit is refused before it goes anywhere", async () => {
    const replica = await openReplica({ ...base(), requestBytesMax: 3 });
    const refused = replica.propose(bytesOf("1000"));
    await expect(refused).rejects.toMatchObject({ code: "proposal-too-large", maybeApplied: false });
    await replica.close();
  });

  test("a machine that throws stops its replica with the cause", async () => {
    const machine = new Ledger();
    machine.apply = () => {
      throw new RangeError("no such account");
    };
    const replica = await openReplica({ ...base(), machine });
    await expect(replica.propose(bytesOf("1"))).rejects.toMatchObject({ code: "machine-failed", maybeApplied: true });
    expect((await replica.stopped)?.cause).toBeInstanceOf(RangeError);
    await replica.close();
  });
});
