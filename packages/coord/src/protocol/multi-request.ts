import { CoordError } from "../coord-error.ts";
import { bool, type Codec, int, record } from "./codec.ts";
import type { JuteReader } from "./jute-reader.ts";
import { createFlags, opcodes, requestTypeOf } from "./opcodes.ts";
import { createRequestCodec, createTtlRequestCodec, pathVersionRequestCodec } from "./request-records.ts";
import { readRequestCodec, setDataRequestCodec } from "./request-records.ts";
import type { CreateRequest, CreateTtlRequest, PathVersionRequest } from "./request-records.ts";
import type { ReadRequest, SetDataRequest } from "./request-records.ts";

interface WriteOpBodies {
  create: CreateRequest;
  create2: CreateRequest;
  createContainer: CreateRequest;
  createTtl: CreateTtlRequest;
  delete: PathVersionRequest;
  setData: SetDataRequest;
  check: PathVersionRequest;
}

interface ReadOpBodies {
  getData: ReadRequest;
  getChildren: ReadRequest;
}

/** One write inside a multi. */
export type MultiOp = { [K in keyof WriteOpBodies]: { readonly type: K } & WriteOpBodies[K] }[keyof WriteOpBodies];

/** One read inside a multiRead. */
export type MultiReadOp = { [K in keyof ReadOpBodies]: { readonly type: K } & ReadOpBodies[K] }[keyof ReadOpBodies];

export interface MultiRequest {
  readonly ops: readonly MultiOp[];
}

export interface MultiReadRequest {
  readonly ops: readonly MultiReadOp[];
}

/** Precedes every entry of a multi; the last one has `done`. */
export interface MultiHeader {
  readonly type: number;
  readonly done: boolean;
  readonly err: number;
}

export const multiHeaderCodec: Codec<MultiHeader> = record<MultiHeader>({ type: int, done: bool, err: int });

/** Ends every multi, in requests and in responses. */
export const multiEnd: MultiHeader = { type: -1, done: true, err: -1 };

const writeOps: { readonly [K in keyof WriteOpBodies]: Codec<WriteOpBodies[K]> } = {
  create: createRequestCodec,
  create2: createRequestCodec,
  createContainer: createRequestCodec,
  createTtl: createTtlRequestCodec,
  delete: pathVersionRequestCodec,
  setData: setDataRequestCodec,
  check: pathVersionRequestCodec,
};

const readOps: { readonly [K in keyof ReadOpBodies]: Codec<ReadOpBodies[K]> } = {
  getData: readRequestCodec,
  getChildren: readRequestCodec,
};

/**
 * A create flag that is none fails the whole multi while it is decoded (since ZooKeeper 3.8.2), and so does a TTL
 * flag on a create that has no TTL (seen on 3.9.4).
 */
function rejectBadFlags(op: { readonly type: string }): void {
  if (!("flags" in op)) return;
  const flags = op.flags as number;
  const highest = op.type === "createTtl" ? createFlags.ttlSequential : createFlags.container;
  if (flags < createFlags.persistent || flags > highest) {
    throw new CoordError("malformed-record", `a ${op.type} inside a multi has flags ${flags}`);
  }
}

function readMulti<Op extends { readonly type: string }>(
  reader: JuteReader,
  codecs: Readonly<Record<Op["type"], Codec<object>>>,
): { ops: readonly Op[] } {
  const ops: Op[] = [];
  for (;;) {
    const header = multiHeaderCodec.read(reader);
    if (header.done) return { ops };
    const type = requestTypeOf(header.type);
    if (type === undefined || !Object.hasOwn(codecs, type)) {
      throw new CoordError("malformed-record", `a multi of this kind has no operation ${header.type}`);
    }
    const op = { type, ...codecs[type as Op["type"]].read(reader) } as unknown as Op;
    rejectBadFlags(op);
    ops.push(op);
  }
}

export const multiRequestCodec: Codec<MultiRequest> = {
  bytesMin: multiHeaderCodec.bytesMin,
  write: (writer, { ops }) => {
    for (const op of ops) {
      multiHeaderCodec.write(writer, { type: opcodes[op.type], done: false, err: -1 });
      (writeOps[op.type] as Codec<MultiOp>).write(writer, op);
    }
    multiHeaderCodec.write(writer, multiEnd);
  },
  read: (reader) => readMulti<MultiOp>(reader, writeOps as Readonly<Record<MultiOp["type"], Codec<object>>>),
};

export const multiReadRequestCodec: Codec<MultiReadRequest> = {
  bytesMin: multiHeaderCodec.bytesMin,
  write: (writer, { ops }) => {
    for (const op of ops) {
      multiHeaderCodec.write(writer, { type: opcodes[op.type], done: false, err: -1 });
      readOps[op.type].write(writer, op);
    }
    multiHeaderCodec.write(writer, multiEnd);
  },
  read: (reader) => readMulti<MultiReadOp>(reader, readOps),
};
