import { expect, test } from "vitest";
import { createMemoryDisk, createTcpTransport, openReplica, zab, type Disk } from "../../src/index.ts";
import { Ledger } from "../conformance/ledger.ts";

/** Opens a replica of an ensemble of that name, has it commit one entry, and closes it. */
async function useDirectory(storage: Disk, cluster?: string): Promise<void> {
  const transport = await createTcpTransport({
    id: 1,
    listen: { host: "127.0.0.1", port: 0 },
    addressOf: () => undefined,
    ...(cluster === undefined ? {} : { cluster }),
  });
  try {
    const options = { id: 1, members: [1], protocol: zab(), machine: new Ledger(), storage, transport };
    const replica = await openReplica(options);
    await replica.propose(Uint8Array.of(1));
    await replica.close();
  } finally {
    await transport.close();
  }
}

async function contentOf(disk: Disk): Promise<readonly string[]> {
  const names = (await disk.list()).toSorted();
  return Promise.all(
    names.map(async (name) => `${name} ${Buffer.from((await disk.read(name)) ?? []).toString("hex")}`),
  );
}

test("the directory of another ensemble is refused by name, and nothing in it changes", async () => {
  const storage = createMemoryDisk();
  await useDirectory(storage, "orders");
  const before = await contentOf(storage);
  await expect(useDirectory(storage, "payments")).rejects.toMatchObject({
    code: "storage-foreign",
    message: expect.stringContaining('the ensemble "orders", not to "payments"') as string,
  });
  await expect(useDirectory(storage)).rejects.toMatchObject({ code: "storage-foreign" });
  expect(await contentOf(storage)).toEqual(before);
  await useDirectory(storage, "orders");
});

test("a directory without a name takes the first that it is given", async () => {
  const storage = createMemoryDisk();
  await useDirectory(storage);
  await useDirectory(storage, "orders");
  await expect(useDirectory(storage, "payments")).rejects.toMatchObject({ code: "storage-foreign" });
});
