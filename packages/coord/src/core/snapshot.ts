import { CoordError } from "../coord-error.ts";
import { type Codec, buffer, bytes, int, long, record, text, vector } from "../protocol/codec.ts";
import { JuteReader } from "../protocol/jute-reader.ts";
import { JuteWriter } from "../protocol/jute-writer.ts";
import { aclCodec } from "../protocol/records.ts";
import { DataTree } from "./data-tree.ts";
import { type Attachment, openedBefore, SessionTable } from "./session-table.ts";
import type { ZnodeState } from "./znode.ts";

/** Everything that a snapshot holds. */
export interface SnapshotState {
  readonly tree: DataTree;
  readonly sessions: SessionTable;
  readonly lastZxid: bigint;
}

interface SavedSession extends Attachment {
  readonly sessionId: bigint;
}

interface SavedHead {
  readonly magic: number;
  readonly version: number;
  readonly lastZxid: bigint;
  readonly sessions: readonly SavedSession[];
}

const chunkBytesDefault = 1 << 20;
const magic = 0x54_43_53_4e;
const formatVersion = 1;

const headCodec: Codec<SavedHead> = record<SavedHead>({
  magic: int,
  version: int,
  lastZxid: long,
  sessions: vector(record<SavedSession>({ sessionId: long, timeoutMs: int, password: bytes, serverId: int })),
});

/** Behind its path. */
const nodeCodec: Codec<ZnodeState> = record<ZnodeState>({
  data: buffer,
  acl: vector(aclCodec),
  owner: long,
  czxid: long,
  mzxid: long,
  pzxid: long,
  ctimeMs: long,
  mtimeMs: long,
  version: int,
  childCreates: int,
  aversion: int,
});

/** Chunks of whole records: the head, then the nodes, parents before children. They show this moment. */
export function encodeSnapshot(state: SnapshotState, chunkBytes: number = chunkBytesDefault): Iterable<Uint8Array> {
  const writer = new JuteWriter();
  const sessions = [...state.sessions.all].map(([sessionId, session]) => ({ sessionId, ...session }));
  headCodec.write(writer, { magic, version: formatVersion, lastZxid: state.lastZxid, sessions });
  return chunksOf(writer, state.tree.view(state.lastZxid), chunkBytes);
}

function* chunksOf(
  head: JuteWriter,
  nodes: Iterable<readonly [path: string, node: ZnodeState]>,
  chunkBytes: number,
): Generator<Uint8Array> {
  let writer = head;
  for (const [path, node] of nodes) {
    // At once: while a chunk is out, the node may change.
    text.write(writer, path);
    nodeCodec.write(writer, node);
    if (writer.length < chunkBytes) continue;
    yield writer.finish();
    writer = new JuteWriter();
  }
  if (writer.length > 0) yield writer.finish();
}

/** Reads what `encodeSnapshot` wrote. Each chunk holds whole records; no chunk at all is the state of the beginning. */
export function decodeSnapshot(chunks: Iterable<Uint8Array>): SnapshotState {
  const tree = new DataTree();
  const sessions = new SessionTable();
  let lastZxid: bigint | undefined;
  for (const chunk of chunks) {
    const reader = new JuteReader(chunk);
    if (lastZxid === undefined) {
      const head = headCodec.read(reader);
      if (head.magic !== magic || head.version !== formatVersion) {
        throw new CoordError("malformed-record", `a snapshot begins with ${head.magic} ${head.version}`);
      }
      lastZxid = head.lastZxid;
      for (const { sessionId, ...session } of head.sessions) sessions.open(sessionId, session, openedBefore);
    }
    while (reader.remaining > 0) {
      const path = text.read(reader);
      tree.restoreNode(path, nodeCodec.read(reader));
    }
  }
  return { tree, sessions, lastZxid: lastZxid ?? 0n };
}
