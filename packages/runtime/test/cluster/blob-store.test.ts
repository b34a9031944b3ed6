import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect, type Session } from "@tutti/coord";
import { createElection, type Lease } from "@tutti/coord/recipes";
import { startServer, type CoordServer } from "@tutti/coord/server";
import { startFaultProxy, type FaultProxy } from "@tutti/coord/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { blobNameOf, openBlobStore, readBlob, removeUnwanted, type BlobStore } from "../../src/cluster/blob-store.ts";

let server: CoordServer;
let proxy: FaultProxy;
let session: Session;
let lease: Lease;
let directory: string;
let store: BlobStore;
beforeEach(async () => {
  server = await startServer();
  proxy = await startFaultProxy(server.address);
  session = await connect(proxy.connectString);
  await session.ensurePath("/blobs");
  lease = await createElection(session, "/masters", { id: "one" }).campaign();
  directory = mkdtempSync(path.join(tmpdir(), "tutti-blobs-"));
  store = openBlobStore({ session, path: "/blobs", lease, directory });
});
afterEach(async () => {
  await session.close();
  await proxy.close();
  await server.close();
  rmSync(directory, { recursive: true });
});

const small = Buffer.from("a job");
const large = Buffer.alloc(300_000, 7);

describe("what masters keep of jobs", () => {
  test("small ones are in the coordination service, large ones in the directory, and both are read and removed alike", async () => {
    const [one, two] = [blobNameOf("j1", small), blobNameOf("j2", large)];
    await store.put(one.name, small);
    await store.put(two.name, large);
    expect([await session.children("/blobs"), readdirSync(directory)]).toEqual([[one.name], [two.name]]);
    expect(Buffer.compare(await readBlob(store, one), small)).toBe(0);
    expect(Buffer.compare(await readBlob(store, two), large)).toBe(0);
    await removeUnwanted(store, (job) => job === "j3");
    expect(await store.names()).toEqual([]);
    await expect(readBlob(store, two)).rejects.toThrow(/is gone: is the blobDirectory one that all masters share/);
  });

  test("a connection that is lost with the write or its answer costs nothing", async () => {
    const { name } = blobNameOf("j1", small);
    proxy.cutBeforeRequest();
    await store.put(name, small);
    expect(await store.names()).toEqual([name]);
    proxy.cutBeforeAnswer();
    await store.put(name, small);
    proxy.cutBeforeAnswer();
    await store.remove(name);
    expect(await store.names()).toEqual([]);
  });

  test("bytes that are not those that were put are refused: they would be run", async () => {
    const blob = blobNameOf("j2", large);
    await store.put(blob.name, large);
    writeFileSync(path.join(directory, blob.name), Buffer.alloc(300_000, 8));
    await expect(readBlob(store, blob)).rejects.toMatchObject({ code: "corrupt-block" });
  });

  test("a master whose place in the election is gone keeps nothing any more", async () => {
    const other = await connect(server);
    await other.delete(lease.path);
    await expect(store.put(blobNameOf("j1", small).name, small)).rejects.toThrow();
    expect(await session.children("/blobs")).toEqual([]);
    await other.close();
  });
});
