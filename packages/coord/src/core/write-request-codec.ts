import { CoordError } from "../coord-error.ts";
import { type Codec, bytes, int, long, record, text, vector } from "../protocol/codec.ts";
import type { JuteReader } from "../protocol/jute-reader.ts";
import type { JuteWriter } from "../protocol/jute-writer.ts";
import { opcodes, requestTypeOf } from "../protocol/opcodes.ts";
import { type Id } from "../protocol/records.ts";
import { decodeRequestBody, type Request, writeRequestBody } from "../protocol/requests.ts";
import type { WriteOp, WriteRequest } from "./write-request.ts";

type OwnOp = Extract<WriteOp, { type: keyof typeof ownOpcodes }>;
type ClientOp = Exclude<WriteOp, OwnOp>;

interface Head {
  readonly serverId: number;
  readonly sessionId: bigint;
  readonly xid: number;
  readonly ids: readonly Id[];
  readonly opcode: number;
}

const head = record<Head>({
  serverId: int,
  sessionId: long,
  xid: int,
  ids: vector(record<Id>({ scheme: text, id: text })),
  opcode: int,
});

/** What servers ask for has numbers that no client can send. */
const ownOpcodes = {
  createSession: -10,
  attachSession: -1002,
  malformedMulti: -1003,
  reap: -1004,
  expireSession: -1005,
} as const;

const ownTypes: ReadonlyMap<number, OwnOp["type"]> = new Map(
  Object.entries(ownOpcodes).map(([type, opcode]) => [opcode, type as OwnOp["type"]]),
);

const session = record<{ timeoutMs: number; password: Uint8Array }>({ timeoutMs: int, password: bytes });

const ownOps: { readonly [K in OwnOp["type"]]: Codec<Omit<Extract<OwnOp, { type: K }>, "type">> } = {
  createSession: session,
  attachSession: session,
  malformedMulti: record<object>({}),
  reap: record<{ path: string }>({ path: text }),
  expireSession: record<{ openedZxid: bigint }>({ openedZxid: long }),
};

function isOwnOp(op: WriteOp): op is OwnOp {
  return Object.hasOwn(ownOpcodes, op.type);
}

/** A request on its way to the leader. The client's own operation travels as the client encoded it. */
export function writeWriteRequest(writer: JuteWriter, { op, ...rest }: WriteRequest): void {
  if (isOwnOp(op)) {
    head.write(writer, { ...rest, opcode: ownOpcodes[op.type] });
    (ownOps[op.type] as Codec<OwnOp>).write(writer, op);
  } else {
    head.write(writer, { ...rest, opcode: opcodes[op.type] });
    writeRequestBody(writer, op as Request);
  }
}

/** Throws `malformed-record` for anything that `writeWriteRequest` does not make. */
export function readWriteRequest(reader: JuteReader): WriteRequest {
  const { opcode, ...rest } = head.read(reader);
  const own = ownTypes.get(opcode);
  if (own !== undefined) return { ...rest, op: { type: own, ...ownOps[own].read(reader) } as OwnOp };
  const type = requestTypeOf(opcode);
  if (type === undefined) throw new CoordError("malformed-record", `there is no request with opcode ${opcode}`);
  return { ...rest, op: decodeRequestBody(type, reader) as ClientOp };
}
