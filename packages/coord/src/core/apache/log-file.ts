import { CoordError } from "../../coord-error.ts";
import { bool, buffer, type Codec, int, long, record, text, vector } from "../../protocol/codec.ts";
import { JuteReader } from "../../protocol/jute-reader.ts";
import { type Acl, aclCodec } from "../../protocol/records.ts";
import { containerKind, persistentKind, type ZnodeKind } from "../znode-kind.ts";
import { adler32 } from "./adler32.ts";

/** A change as ZooKeeper's log has it. */
export type ApacheOp =
  | {
      readonly type: "create";
      readonly path: string;
      readonly data: Uint8Array | null;
      readonly acl: readonly Acl[];
      readonly kind: ZnodeKind;
      /** The parent's count of creates after this one; -1 in logs of old servers: one more than before. */
      readonly parentChildCreates: number;
    }
  | { readonly type: "delete"; readonly path: string }
  | { readonly type: "setData"; readonly path: string; readonly data: Uint8Array | null; readonly version: number }
  | { readonly type: "setAcl"; readonly path: string; readonly acl: readonly Acl[]; readonly aversion: number }
  | { readonly type: "createSession"; readonly timeoutMs: number }
  /** Without paths in logs of servers before 3.6: then all ephemeral nodes of the session. */
  | { readonly type: "closeSession"; readonly paths: readonly string[] | undefined }
  /** Takes a zxid and changes nothing. */
  | { readonly type: "nothing" };

export interface ApacheTxn {
  readonly sessionId: bigint;
  readonly zxid: bigint;
  readonly timeMs: bigint;
  readonly ops: readonly ApacheOp[];
}

export interface ApacheLog {
  readonly txns: readonly ApacheTxn[];
  /** It ends in the middle of an entry, as after a crash. */
  readonly isTorn: boolean;
}

const magic = 0x5a_4b_4c_47; // "ZKLG"
const formatVersion = 2;
const headBytes = 16;
const entryEnd = 0x42;

const types = {
  create: 1,
  delete: 2,
  setData: 5,
  setAcl: 7,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  createContainer: 19,
  deleteContainer: 20,
  createTtl: 21,
  createSession: -10,
  closeSession: -11,
  error: -1,
} as const;

interface TxnHead {
  readonly sessionId: bigint;
  readonly cxid: number;
  readonly zxid: bigint;
  readonly timeMs: bigint;
  readonly type: number;
}

const txnHead = record<TxnHead>({ sessionId: long, cxid: int, zxid: long, timeMs: long, type: int });
const created = { path: text, data: buffer, acl: vector(aclCodec) };

interface Created {
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
}

const create = record<Created & { isEphemeral: boolean; parentChildCreates: number }>({
  ...created,
  isEphemeral: bool,
  parentChildCreates: int,
});
const createContainer = record<Created & { parentChildCreates: number }>({ ...created, parentChildCreates: int });
const createTtl = record<Created & { parentChildCreates: number; ttlMs: bigint }>({
  ...created,
  parentChildCreates: int,
  ttlMs: long,
});
const setData = record<{ path: string; data: Uint8Array | null; version: number }>({
  path: text,
  data: buffer,
  version: int,
});
const setAcl = record<{ path: string; acl: readonly Acl[]; aversion: number }>({
  path: text,
  acl: vector(aclCodec),
  aversion: int,
});
const sub: Codec<{ type: number; data: Uint8Array | null }> = record({ type: int, data: buffer });
const subs = vector(sub);
const paths = vector(text);

function readOps(type: number, sessionId: bigint, reader: JuteReader): readonly ApacheOp[] {
  switch (type) {
    case types.create:
    case types.create2: {
      const { isEphemeral, ...op } = create.read(reader);
      return [{ type: "create", ...op, kind: isEphemeral ? { kind: "ephemeral", sessionId } : persistentKind }];
    }
    case types.createContainer:
      return [{ type: "create", ...createContainer.read(reader), kind: containerKind }];
    case types.createTtl: {
      const { ttlMs, ...op } = createTtl.read(reader);
      return [{ type: "create", ...op, kind: { kind: "ttl", ttlMs } }];
    }
    case types.delete:
    case types.deleteContainer:
      return [{ type: "delete", path: reader.text() }];
    case types.setData:
    case types.reconfig:
      return [{ type: "setData", ...setData.read(reader) }];
    case types.setAcl:
      return [{ type: "setAcl", ...setAcl.read(reader) }];
    case types.createSession:
      return [{ type: "createSession", timeoutMs: reader.int() }];
    case types.closeSession:
      return [{ type: "closeSession", paths: reader.remaining >= 4 ? paths.read(reader) : undefined }];
    case types.multi:
      return readMulti(sessionId, reader);
    case types.check:
    case types.error:
      return [{ type: "nothing" }];
    default:
      throw new CoordError("malformed-record", `there is no transaction of type ${type} in ZooKeeper up to 3.9`);
  }
}

function readMulti(sessionId: bigint, reader: JuteReader): readonly ApacheOp[] {
  const parts = subs.read(reader);
  // All or nothing: one error among them says that none was done.
  if (parts.some(({ type }) => type === types.error)) return [{ type: "nothing" }];
  return parts.flatMap(({ type, data }) => readOps(type, sessionId, new JuteReader(data ?? new Uint8Array(0))));
}

function readTxn(bytes: Uint8Array): ApacheTxn {
  const reader = new JuteReader(bytes);
  const { sessionId, zxid, timeMs, type } = txnHead.read(reader);
  // What follows the record is a digest of the tree, on servers since 3.6.
  return { sessionId, zxid, timeMs, ops: readOps(type, sessionId, reader) };
}

/** Reads a log that ZooKeeper 3.4 to 3.9 has written, up to its end or to the first entry that does not verify. */
export function decodeApacheLog(bytes: Uint8Array): ApacheLog {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headBytes || view.getInt32(0) !== magic || view.getInt32(4) !== formatVersion) {
    throw new CoordError("malformed-record", "this is no log of ZooKeeper: it does not begin with ZKLG 2");
  }
  const txns: ApacheTxn[] = [];
  let offset = headBytes;
  while (offset + 12 <= bytes.length) {
    const checksum = view.getBigInt64(offset);
    const length = view.getInt32(offset + 8);
    // Space that was made ahead is zeros.
    if (checksum === 0n && length === 0) return { txns, isTorn: false };
    const start = offset + 12;
    if (length <= 0 || start + length + 1 > bytes.length) return { txns, isTorn: true };
    const entry = bytes.subarray(start, start + length);
    const isWhole = bytes[start + length] === entryEnd && checksum === BigInt(adler32(entry));
    if (!isWhole) return { txns, isTorn: true };
    txns.push(readTxn(entry));
    offset = start + length + 1;
  }
  return { txns, isTorn: offset < bytes.length };
}
