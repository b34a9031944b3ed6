import { assert } from "@tutti/stdx";
import { CoordError } from "../../coord-error.ts";
import { type Codec, buffer, int, long, record, vector } from "../../protocol/codec.ts";
import { JuteReader } from "../../protocol/jute-reader.ts";
import { JuteWriter } from "../../protocol/jute-writer.ts";
import { type Acl, aclCodec } from "../../protocol/records.ts";
import { openAcl } from "../acl.ts";
import { DataTree } from "../data-tree.ts";
import { anyServer, openedBefore, SessionTable } from "../session-table.ts";
import type { SnapshotState } from "../snapshot.ts";
import { specialPaths } from "../zookeeper-path.ts";
import type { ZnodeState } from "../znode.ts";
import { adler32 } from "./adler32.ts";
import { apachePasswordOf } from "./session-password.ts";

const magic = 0x5a_4b_53_4e; // "ZKSN"
const formatVersion = 2;
const dbId = -1n;
/** Stands for the list that lets everybody do everything, and is not in the table of lists. */
const openAclId = -1n;
const end = "/";
const sealBytes = 8 + 4 + 1;
/** A few milliseconds' work. */
const chunkBytesDefault = 256 * 1024;

interface SavedSession {
  readonly id: bigint;
  readonly timeoutMs: number;
}

interface SavedAcl {
  readonly id: bigint;
  readonly acl: readonly Acl[];
}

interface SavedNode extends Omit<ZnodeState, "acl"> {
  readonly aclId: bigint;
}

const headCodec = record<{ magic: number; version: number; dbId: bigint }>({ magic: int, version: int, dbId: long });
const sessionsCodec = vector(record<SavedSession>({ id: long, timeoutMs: int }));
const aclsCodec = vector(record<SavedAcl>({ id: long, acl: vector(aclCodec) }));
const nodeCodec: Codec<SavedNode> = record<SavedNode>({
  data: buffer,
  aclId: long,
  czxid: long,
  mzxid: long,
  ctimeMs: long,
  mtimeMs: long,
  version: int,
  childCreates: int,
  aversion: int,
  owner: long,
  pzxid: long,
});

/** `snapshot.500000123`, by the zxid up to which it is complete. */
export function snapshotFileName(lastZxid: bigint): string {
  return `snapshot.${BigInt.asUintN(64, lastZxid).toString(16)}`;
}

function broken(what: string): CoordError {
  return new CoordError("malformed-record", `this is no whole snapshot of ZooKeeper: ${what}`);
}

function checkSeal(bytes: Uint8Array, reader: JuteReader): void {
  const body = bytes.subarray(0, bytes.length - reader.remaining);
  if (reader.remaining < sealBytes) throw broken("it ends before its checksum");
  if (reader.long() !== BigInt(adler32(body))) throw broken("its checksum is another one");
}

/**
 * Reads a snapshot that ZooKeeper 3.4 to 3.9 has written. Its checksum covers everything that is read. Passwords of
 * sessions are not in it: they are ZooKeeper's, so that its clients come back to their sessions.
 */
export function decodeApacheSnapshot(bytes: Uint8Array, lastZxid: bigint): SnapshotState {
  const reader = new JuteReader(bytes);
  const head = headCodec.read(reader);
  if (head.magic !== magic || head.version !== formatVersion)
    throw broken(`it begins with ${head.magic} ${head.version}`);
  const sessions = new SessionTable();
  for (const { id, timeoutMs } of sessionsCodec.read(reader)) {
    sessions.open(id, { timeoutMs, password: apachePasswordOf(id), serverId: anyServer }, openedBefore);
  }
  const acls = new Map(aclsCodec.read(reader).map(({ id, acl }) => [id, acl]));
  // Old servers have no /zookeeper/config: it stays as it is here.
  const tree = new DataTree();
  const seen = new Set<string>();
  for (let path = reader.text(); path !== end; path = reader.text()) {
    const { aclId, ...saved } = nodeCodec.read(reader);
    const acl = aclId === openAclId ? openAcl : acls.get(aclId);
    if (acl === undefined) throw broken(`${path} has the ACL ${aclId}, which is not there`);
    const place = path === "" ? specialPaths.root : path;
    const parent = place.slice(0, Math.max(1, place.lastIndexOf("/")));
    if (place !== specialPaths.root && !seen.has(parent)) throw broken(`${path} has no parent`);
    seen.add(place);
    tree.restoreNode(place, { ...saved, acl });
  }
  checkSeal(bytes, reader);
  return { tree, sessions, lastZxid };
}

/**
 * What ZooKeeper reads at its start, as a file that is named by `snapshotFileName`, piece by piece. It shows this moment, while
 * it is drawn as `DataTree.view` says.
 */
export function encodeApacheSnapshot(
  state: SnapshotState,
  chunkBytes: number = chunkBytesDefault,
): Iterable<Uint8Array> {
  const { tree, sessions, lastZxid } = state;
  const writer = new JuteWriter();
  headCodec.write(writer, { magic, version: formatVersion, dbId });
  sessionsCodec.write(
    writer,
    [...sessions.all].map(([id, { timeoutMs }]) => ({ id, timeoutMs })),
  );
  const acls = new Map(tree.aclLists.map((acl, index) => [acl, BigInt(index + 1)]));
  aclsCodec.write(
    writer,
    [...acls].map(([acl, id]) => ({ id, acl })),
  );
  const nodes = tree.view(lastZxid);
  return sealed(nodesOf(writer, { nodes, acls, chunkBytes }));
}

interface NodesToWrite {
  /** Parents before children, which is all that ZooKeeper asks of the order. */
  readonly nodes: ReturnType<DataTree["view"]>;
  /** Nodes with equal lists share one. */
  readonly acls: ReadonlyMap<readonly Acl[], bigint>;
  readonly chunkBytes: number;
}

function* nodesOf(head: JuteWriter, { nodes, acls, chunkBytes }: NodesToWrite): Generator<Uint8Array> {
  let writer = head;
  for (const [path, node] of nodes) {
    writer.ustring(path === specialPaths.root ? "" : path);
    // At once: while a chunk is out, the node may change.
    const { data, czxid, mzxid, ctimeMs, mtimeMs, version, childCreates, aversion, owner, pzxid, acl } = node;
    const aclId = acl === openAcl ? openAclId : acls.get(acl);
    assert(aclId !== undefined, "a list that a node has is in the table of lists");
    nodeCodec.write(writer, {
      data,
      aclId,
      czxid,
      mzxid,
      ctimeMs,
      mtimeMs,
      version,
      childCreates,
      aversion,
      owner,
      pzxid,
    });
    if (writer.length < chunkBytes) continue;
    yield writer.finish();
    writer = new JuteWriter();
  }
  writer.ustring(end);
  yield writer.finish();
}

/** With the checksum of all of it, and the mark of an end. */
function* sealed(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  let sum = 1;
  for (const chunk of chunks) {
    sum = adler32(chunk, sum);
    yield chunk;
  }
  const seal = new JuteWriter();
  seal.long(BigInt(sum));
  seal.ustring(end);
  yield seal.finish();
}
