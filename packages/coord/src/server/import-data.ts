import { createFileDisk, seedStorage } from "@tutti/consensus";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CoordError } from "../coord-error.ts";
import { decodeApacheLog } from "../core/apache/log-file.ts";
import { mergeApacheLogs, type NamedLog } from "../core/apache/merge.ts";
import { decodeApacheSnapshot } from "../core/apache/snapshot-file.ts";
import { type EnsembleConfig, formatConfig } from "../core/ensemble-config.ts";
import { DataTree } from "../core/data-tree.ts";
import { SessionTable } from "../core/session-table.ts";
import { encodeSnapshot, type SnapshotState } from "../core/snapshot.ts";
import { specialPaths } from "../core/zookeeper-path.ts";
import { coordErrorOf } from "./open-pipeline.ts";

/** Where ZooKeeper's data is read, and where it goes. */
export interface ImportOptions {
  /** ZooKeeper's `dataDir`, or a backup: its `version-2` is read, or itself where there is none. */
  readonly source: string;
  /** ZooKeeper's `dataLogDir`, where it is another one. */
  readonly logSource?: string;
  /** Of the server that is to go on with it; empty or not there yet. */
  readonly dataDir: string;
  /** Number of that server, default 1. */
  readonly id?: number;
  /** The servers of its ensemble. */
  readonly servers?: EnsembleConfig;
}

/** What an import has found and written. */
export interface Imported {
  readonly lastZxid: bigint;
  readonly nodeCount: number;
  readonly sessionCount: number;
}

interface Found {
  readonly name: string;
  readonly path: string;
  readonly zxid: bigint;
}

const filePattern = /^(snapshot|log)\.([\da-f]{1,16})(\.gz|\.snappy)?$/;

async function filesIn(
  directory: string,
): Promise<readonly (Found & { readonly kind: string; readonly packed: string })[]> {
  const inner = join(directory, "version-2");
  const [place, names] = await readdir(inner).then(
    (found) => [inner, found] as const,
    async (): Promise<readonly [string, string[]]> => [directory, await readdir(directory)],
  );
  return names
    .flatMap((name) => {
      const [, kind = "", zxid = "0", packed = ""] = filePattern.exec(name) ?? [];
      return kind === "" ? [] : [{ kind, packed, name, path: join(place, name), zxid: BigInt(`0x${zxid}`) }];
    })
    .toSorted((left, right) => (left.zxid < right.zxid ? -1 : 1));
}

/** The newest one that is whole; a server that is killed while it writes one leaves half of it. */
async function newestSnapshot(files: Awaited<ReturnType<typeof filesIn>>): Promise<SnapshotState> {
  const problems: string[] = [];
  for (const { path, name, zxid, packed } of files.filter(({ kind }) => kind === "snapshot").toReversed()) {
    try {
      if (packed === ".snappy") throw new CoordError("malformed-record", "packed by snappy, which is not read here");
      const bytes = await readFile(path);
      return decodeApacheSnapshot(packed === ".gz" ? gunzipSync(bytes) : bytes, zxid);
    } catch (thrown) {
      problems.push(`${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }
  if (problems.length > 0) throw new CoordError("malformed-record", `no snapshot can be read: ${problems.join("; ")}`);
  return { tree: new DataTree(), sessions: new SessionTable(), lastZxid: 0n };
}

async function readState({ source, logSource = source }: ImportOptions): Promise<SnapshotState> {
  const files = await filesIn(source);
  const logFiles = (logSource === source ? files : await filesIn(logSource)).filter(({ kind }) => kind === "log");
  if (files.length + logFiles.length === 0) {
    throw new CoordError("invalid-options", `there are no snapshots and no logs of ZooKeeper in ${source}`);
  }
  const snapshot = await newestSnapshot(files);
  // A log is named after its first transaction: the last one that begins at or before the snapshot is the first needed.
  const first = Math.max(
    0,
    logFiles.findLastIndex(({ zxid }) => zxid <= snapshot.lastZxid + 1n),
  );
  const logs: NamedLog[] = [];
  for (const { path, name } of logFiles.slice(first)) logs.push({ name, ...decodeApacheLog(await readFile(path)) });
  return mergeApacheLogs(snapshot, logs);
}

/**
 * Puts what Apache ZooKeeper has left on disk, or a backup, into the empty data directory of a server that is not running:
 * all nodes with their versions, times and owners, and the sessions, whose clients can go on. The servers of an ensemble
 * each get the same. Rejects with `malformed-record` when something is missing or damaged, and then has written nothing.
 */
export async function importDataDirectory(options: ImportOptions): Promise<Imported> {
  const { dataDir, id = 1, servers } = options;
  const state = await readState(options).catch((thrown: unknown) => {
    throw CoordError.from(thrown, "storage-failed");
  });
  const { tree, sessions, lastZxid } = state;
  // Which servers there are is not Apache's to say any more.
  const config = tree.get(specialPaths.config);
  const text = servers === undefined || servers.size === 0 ? "" : formatConfig(servers, 0n);
  if (config !== undefined)
    tree.restoreNode(specialPaths.config, { ...config.state(), data: new TextEncoder().encode(text) });
  try {
    await seedStorage({ id, storage: createFileDisk(dataDir), chunks: encodeSnapshot(state) });
  } catch (thrown) {
    throw coordErrorOf(thrown);
  }
  return { lastZxid, nodeCount: tree.nodeCount, sessionCount: sessions.all.size };
}
