import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { open as openFile, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Session, Transaction } from "@tutti/coord";
import type { Lease } from "@tutti/coord/recipes";
import { jobOf, type BlobName } from "../core/master-state.ts";
import { RuntimeError } from "../runtime-error.ts";

/** What one node of the coordination service may hold of us: servers take a megabyte, and a quarter of it is enough. */
const nodeBytesMax = 256 * 1024;

/** Bytes that outlive a master, by name. The log says which of them count. */
export interface BlobStore {
  /** Resolves when they are durable. Rejects with `too-large` where there is no room for so many. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** undefined where there are none under the name. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Harmless where there are none. */
  remove(name: string): Promise<void>;
  names(): Promise<readonly string[]>;
}

/** A name that no other bytes have. It begins with the job, so that what nobody wants is found. */
export function blobNameOf(job: string, bytes: Uint8Array): BlobName {
  return { name: `${job}.${hashOf(bytes)}`, bytes: bytes.length };
}

/** Reads what was put there. Throws `corrupt-block` where it is not there, or other bytes are. */
export async function readBlob(store: BlobStore, { name, bytes: expected }: BlobName): Promise<Uint8Array> {
  const bytes = await store.get(name);
  if (bytes === undefined) {
    throw new RuntimeError(
      "corrupt-block",
      `${name} is gone: is the blobDirectory one that all masters share, and did anybody clean it up?`,
    );
  }
  if (bytes.length === expected && name.endsWith(hashOf(bytes))) return bytes;
  throw new RuntimeError("corrupt-block", `${name} has ${bytes.length} other bytes than the ${expected} put there`);
}

/** Removes what jobs left that nobody will ask for: `isWanted` says of each job whether the log knows it. */
export async function removeUnwanted(
  store: BlobStore,
  isWanted: (job: string, name: string) => boolean,
): Promise<void> {
  for (const name of await store.names()) if (!isWanted(jobOf(name), name)) await store.remove(name);
}

export interface BlobStoreParts {
  readonly session: Session;
  /** The folder of the nodes. */
  readonly path: string;
  readonly lease: Lease;
  /** For what is too large for a node. undefined: it is refused. */
  readonly directory: string | undefined;
}

/** Small ones are nodes of the coordination service, which only the master that leads may write; others are files. */
export function openBlobStore({ session, path: folder, lease, directory }: BlobStoreParts): BlobStore {
  const files = directory === undefined ? undefined : openBlobDirectory(directory);
  const nodeOf = (name: string): string => `${folder}/${name}`;
  /** What was lost with a connection may have been written: said twice, it is the same. */
  const write = async (commit: (guarded: Transaction) => Promise<unknown>, isFine: string): Promise<void> => {
    for (;;) {
      try {
        await commit(session.transaction().guard(lease.check)).catch(unless(isFine));
        return;
      } catch (thrown) {
        const isLost = (thrown as { readonly code?: unknown }).code === "connection-lost";
        if (!isLost || lease.signal.aborted) throw thrown;
      }
    }
  };
  return {
    async put(name, bytes) {
      if (bytes.length > nodeBytesMax) {
        if (files !== undefined) return await files.put(name, bytes);
        throw new RuntimeError(
          "too-large",
          `${bytes.length} bytes; without a blobDirectory that all masters share, ${nodeBytesMax} can be kept`,
        );
      }
      // Another node under the name has the same bytes.
      await write((transaction) => transaction.create(nodeOf(name), bytes).commit(), "node-exists");
    },
    async get(name) {
      const node = await session.get(nodeOf(name)).catch(unless("no-node"));
      return node?.data ?? (await files?.get(name));
    },
    async remove(name) {
      await write((transaction) => transaction.delete(nodeOf(name)).commit(), "no-node");
      await files?.remove(name);
    },
    names: async () => [...(await session.children(folder)), ...((await files?.names()) ?? [])],
  };
}

function openBlobDirectory(directory: string): BlobStore {
  const pathOf = (name: string): string => path.join(directory, path.basename(name));
  const guarded = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw new RuntimeError("spill-failed", `${what} in the blobDirectory ${directory}: ${String(cause)}`, { cause });
    }
  };
  return {
    put: (name, bytes) =>
      guarded(`${name} cannot be written`, async () => {
        const aside = `${pathOf(name)}.${process.pid}.tmp`;
        // What lies there is run: nobody else may write it, or read what may be confidential.
        const file = await openFile(aside, "w", 0o600);
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(aside, pathOf(name));
      }),
    get: (name) => guarded(`${name} cannot be read`, () => readFile(pathOf(name)).catch(unless("ENOENT"))),
    remove: (name) => guarded(`${name} cannot be removed`, () => rm(pathOf(name), { force: true })),
    names: () =>
      guarded("names cannot be read", async () => {
        return (await readdir(directory)).filter((name) => /^j\d+\.[0-9a-f]{64}$/.test(name));
      }),
  };
}

/** Throws `invalid-argument` where a directory for large ones cannot be had. */
export function makeBlobDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new RuntimeError("invalid-argument", `the blobDirectory ${directory} cannot be made: ${String(cause)}`, {
      cause,
    });
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** For `catch`: what was expected is no error. */
function unless(code: string): (thrown: unknown) => undefined {
  return (thrown) => {
    if ((thrown as { readonly code?: unknown }).code !== code) throw thrown;
    return undefined;
  };
}
