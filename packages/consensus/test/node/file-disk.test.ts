import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFileDisk, createMemoryNetwork, openReplica, zab } from "../../src/index.ts";
import { bytesOf, Ledger } from "../conformance/ledger.ts";

test("a replica on files finds its state again after it was closed", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tutti-consensus-"));
  try {
    for (let life = 1; life <= 3; life += 1) {
      const machine = new Ledger();
      const { transport } = createMemoryNetwork();
      const storage = createFileDisk(join(directory, "replica-1"));
      const options = { id: 1, members: [1], protocol: zab(), tickMs: 2, snapshotEntries: 4, segmentBytes: 64 * 1024 };
      const replica = await openReplica({ ...options, machine, storage, transport });
      for (let left = 10; left > 0; left -= 1) await replica.propose(bytesOf("1"));
      expect(await replica.read(() => machine.balance)).toBe(life * 10);
      expect(replica.status().recovery).toEqual({ tornBytes: 0, damage: undefined });
      await replica.close();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
