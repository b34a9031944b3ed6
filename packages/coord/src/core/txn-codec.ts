import { CoordError } from "../coord-error.ts";
import { type Codec, buffer, bytes, int, long, record, text, vector } from "../protocol/codec.ts";
import type { ErrorCode } from "../protocol/error-codes.ts";
import type { JuteReader } from "../protocol/jute-reader.ts";
import type { JuteWriter } from "../protocol/jute-writer.ts";
import { aclCodec } from "../protocol/records.ts";
import type { CloseSessionTxn, CreateTxn, DeleteTxn, ErrorTxn, MultiTxn, OpTxn, SetAclTxn } from "./txn.ts";
import type { OpenSessionTxn, SetDataTxn, Txn, TxnBody } from "./txn.ts";
import { kindOfOwner, ownerOfKind, type ZnodeKind } from "./znode-kind.ts";

// Numbers of types are part of the format: they are never given to another type. Where ZooKeeper has one, it is that.
const types = {
  create: 1,
  delete: 2,
  setData: 5,
  setAcl: 7,
  check: 13,
  multi: 14,
  createSession: -10,
  closeSession: -11,
  error: -1,
  attachSession: -12,
} as const satisfies Record<TxnBody["type"], number>;

const typesByNumber: ReadonlyMap<number, TxnBody["type"]> = new Map(
  Object.entries(types).map(([type, number]) => [number, type as TxnBody["type"]]),
);

const kind: Codec<ZnodeKind> = {
  bytesMin: 8,
  write: (writer, value) => writer.long(ownerOfKind(value)),
  read: (reader) => kindOfOwner(reader.long()),
};

type Fields<T> = Omit<T, "type">;

const session = record<Fields<OpenSessionTxn>>({ timeoutMs: int, password: bytes, serverId: int });
const path = record<Fields<DeleteTxn>>({ path: text });

const ops: { readonly [K in OpTxn["type"]]: Codec<Fields<Extract<OpTxn, { type: K }>>> } = {
  create: record<Fields<CreateTxn>>({ path: text, data: buffer, acl: vector(aclCodec), kind, parentChildCreates: int }),
  delete: path,
  setData: record<Fields<SetDataTxn>>({ path: text, data: buffer, version: int }),
  setAcl: record<Fields<SetAclTxn>>({ path: text, acl: vector(aclCodec), aversion: int }),
  check: path,
  error: record<Fields<ErrorTxn>>({ err: int as Codec<ErrorCode> }),
};

function typed<T extends TxnBody>(codecs: Readonly<Record<T["type"], unknown>>): Codec<T> {
  return {
    bytesMin: 4,
    write: (writer, value) => {
      writer.int(types[value.type]);
      (codecs[value.type as T["type"]] as Codec<T>).write(writer, value);
    },
    read: (reader) => {
      const number = reader.int();
      const type = typesByNumber.get(number);
      if (type === undefined || !Object.hasOwn(codecs, type)) {
        throw new CoordError("malformed-record", `there is no transaction of type ${number} here`);
      }
      return { type, ...(codecs[type as T["type"]] as Codec<object>).read(reader) } as T;
    },
  };
}

const opCodec = typed<OpTxn>(ops);

const bodyCodec = typed<TxnBody>({
  ...ops,
  multi: record<Fields<MultiTxn>>({ ops: vector(opCodec) }),
  createSession: session,
  attachSession: session,
  closeSession: record<Fields<CloseSessionTxn>>({ paths: vector(text) }),
});

const txnCodec = record<Txn>({ sessionId: long, xid: int, zxid: long, timeMs: long, body: bodyCodec });

/** A transaction as the log keeps it. The format has version 1, and bytes in a test to hold it. */
export function writeTxn(writer: JuteWriter, txn: Txn): void {
  txnCodec.write(writer, txn);
}

/** Throws `malformed-record` for anything that `writeTxn` does not make. */
export function readTxn(reader: JuteReader): Txn {
  return txnCodec.read(reader);
}
