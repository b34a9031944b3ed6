import { expect, test } from "vitest";
import {
  createMemoryDisk,
  createMemoryNetwork,
  type Disk,
  openReplica,
  paxos,
  type Protocol,
  type Replica,
  slotPaxos,
  zab,
} from "../../src/index.ts";
import { bytesOf, Ledger } from "../conformance/ledger.ts";

async function open(protocol: Protocol, storage: Disk): Promise<Replica> {
  const { transport } = createMemoryNetwork();
  return openReplica({ id: 1, members: [1], protocol, machine: new Ledger(), storage, transport, tickMs: 2 });
}

test("slots and logs are not taken for one another: a directory is of one kind of protocol", async () => {
  const [slots, log] = [createMemoryDisk(), createMemoryDisk()];
  for (const [protocol, storage] of [
    [slotPaxos(), slots],
    [paxos(), log],
  ] as const) {
    const replica = await open(protocol, storage);
    await replica.propose(bytesOf("1"));
    await replica.close();
  }
  for (const protocol of [zab(), paxos()]) {
    await expect(open(protocol, slots)).rejects.toMatchObject({ code: "storage-foreign" });
  }
  await expect(open(slotPaxos(), log)).rejects.toMatchObject({ code: "storage-foreign" });
  const again = await open(slotPaxos(), slots);
  expect((await again.propose(bytesOf("2"))).answer).toEqual(bytesOf("balance 3"));
  await again.close();
});

test("a machine that needs primary order is refused", async () => {
  const machine = Object.assign(new Ledger(), { needsPrimaryOrder: true });
  const options = { id: 1, members: [1], machine, storage: createMemoryDisk() };
  const { transport } = createMemoryNetwork();
  await expect(openReplica({ ...options, protocol: slotPaxos(), transport })).rejects.toMatchObject({
    code: "invalid-options",
  });
});

test("the leader's ballot is what prepare is told as epoch, since a slot does not name it", async () => {
  const epochs: number[] = [];
  const ledger = new Ledger();
  const { transport } = createMemoryNetwork();
  const machine = {
    prepare: (request: Uint8Array, { epoch }: { readonly epoch: number }) => {
      epochs.push(epoch);
      return ledger.prepare(request);
    },
    apply: (position: bigint, txn: Uint8Array) => ledger.apply(position, txn),
    snapshot: () => ledger.snapshot(),
    restore: (chunks: readonly Uint8Array[]) => ledger.restore(chunks),
  };
  const storage = createMemoryDisk();
  const replica = await openReplica({ id: 1, members: [1], protocol: slotPaxos(), machine, storage, transport });
  const { position } = await replica.propose(bytesOf("1"));
  // The barrier of the first ballot has the first slot.
  expect(position).toBe(2n);
  expect(epochs).toEqual([replica.status().epoch]);
  await replica.close();
});
