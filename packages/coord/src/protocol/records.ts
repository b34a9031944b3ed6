import { bool, buffer, type Codec, int, long, looseText, record, text } from "./codec.ts";

/** One entry of an access control list. */
export interface Acl {
  readonly perms: number;
  readonly scheme: string;
  readonly id: string;
}

/** Who a connection is, in one scheme: `digest` and `user:hash`, `ip` and an address, `super` and "". */
export interface Id {
  readonly scheme: string;
  readonly id: string;
}

/** A node's metadata as clients see it, 68 bytes on the wire. */
export interface Stat {
  readonly czxid: bigint;
  readonly mzxid: bigint;
  readonly ctime: bigint;
  readonly mtime: bigint;
  readonly version: number;
  /** Creates and deletes below the node together, not the counter of sequential names. */
  readonly cversion: number;
  readonly aversion: number;
  /** Session id of an ephemeral's owner; 0n for everything else, containers and TTL nodes included. */
  readonly ephemeralOwner: bigint;
  readonly dataLength: number;
  readonly numChildren: number;
  readonly pzxid: bigint;
}

export interface RequestHeader {
  readonly xid: number;
  readonly opcode: number;
}

export interface ReplyHeader {
  readonly xid: number;
  readonly zxid: bigint;
  readonly err: number;
}

/** Body of a notification, behind a ReplyHeader with xid -1. */
export interface WatcherEvent {
  readonly type: number;
  readonly state: number;
  readonly path: string;
}

export interface ConnectRequest {
  readonly protocolVersion: number;
  readonly lastZxidSeen: bigint;
  readonly timeoutMs: number;
  readonly sessionId: bigint;
  readonly password: Uint8Array | null;
  /** Undefined when the client is too old to send the byte; the response then must not have it either. */
  readonly readOnly?: boolean | undefined;
}

export interface ConnectResponse {
  readonly protocolVersion: number;
  /** 0 says that the session is not valid any more. */
  readonly timeoutMs: number;
  readonly sessionId: bigint;
  readonly password: Uint8Array | null;
  readonly readOnly?: boolean | undefined;
}

export const aclCodec: Codec<Acl> = record<Acl>({ perms: int, scheme: looseText, id: looseText });

export const statCodec: Codec<Stat> = record<Stat>({
  czxid: long,
  mzxid: long,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: long,
  dataLength: int,
  numChildren: int,
  pzxid: long,
});

export const requestHeaderCodec: Codec<RequestHeader> = record<RequestHeader>({ xid: int, opcode: int });
export const replyHeaderCodec: Codec<ReplyHeader> = record<ReplyHeader>({ xid: int, zxid: long, err: int });
export const watcherEventCodec: Codec<WatcherEvent> = record<WatcherEvent>({ type: int, state: int, path: text });

/** The trailing byte is there or not; a frame that ends before it comes from an old client. */
const optionalReadOnly: Codec<boolean | undefined> = {
  bytesMin: 0,
  write: (writer, value) => {
    if (value !== undefined) writer.bool(value);
  },
  read: (reader) => (reader.remaining > 0 ? bool.read(reader) : undefined),
};

export const connectRequestCodec: Codec<ConnectRequest> = record<ConnectRequest>({
  protocolVersion: int,
  lastZxidSeen: long,
  timeoutMs: int,
  sessionId: long,
  password: buffer,
  readOnly: optionalReadOnly,
});

export const connectResponseCodec: Codec<ConnectResponse> = record<ConnectResponse>({
  protocolVersion: int,
  timeoutMs: int,
  sessionId: long,
  password: buffer,
  readOnly: optionalReadOnly,
});
