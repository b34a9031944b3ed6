import { buffer, type Codec, int, looseText, record, text, ustring, vector } from "./codec.ts";
import { JuteReader } from "./jute-reader.ts";
import { JuteWriter } from "./jute-writer.ts";
import { type MultiResponse, multiResponseCodec } from "./multi-response.ts";
import { type RequestType, stateSyncConnected, xids } from "./opcodes.ts";
import { type Acl, aclCodec, replyHeaderCodec, statCodec, watcherEventCodec } from "./records.ts";
import type { ReplyHeader, Stat, WatcherEvent } from "./records.ts";
import type { EmptyRecord } from "./requests.ts";

export interface PathResponse {
  readonly path: string;
}

export interface PathStatResponse {
  readonly path: string;
  readonly stat: Stat;
}

export interface StatResponse {
  readonly stat: Stat;
}

export interface DataResponse {
  readonly data: Uint8Array | null;
  readonly stat: Stat;
}

export interface AclResponse {
  readonly acl: readonly Acl[];
  readonly stat: Stat;
}

export interface ChildrenResponse {
  readonly children: readonly string[];
}

export interface Children2Response extends ChildrenResponse {
  readonly stat: Stat;
}

export interface TokenResponse {
  readonly token: Uint8Array | null;
}

export interface ErrorResponse {
  readonly err: number;
}

export interface EphemeralsResponse {
  readonly ephemerals: readonly string[];
}

export interface ChildrenNumberResponse {
  readonly totalNumber: number;
}

/** One identity as whoAmI shows it: the user without the secret part. */
export interface ClientInfo {
  readonly authScheme: string;
  readonly user: string | null;
}

export interface WhoAmIResponse {
  readonly clientInfo: readonly ClientInfo[];
}

/** What follows a reply header with err 0, by the type of the request. */
export interface ResponseBodies {
  create: PathResponse;
  create2: PathStatResponse;
  createContainer: PathStatResponse;
  createTtl: PathStatResponse;
  delete: EmptyRecord;
  deleteContainer: EmptyRecord;
  exists: StatResponse;
  getData: DataResponse;
  setData: StatResponse;
  getAcl: AclResponse;
  setAcl: StatResponse;
  getChildren: ChildrenResponse;
  getChildren2: Children2Response;
  sync: PathResponse;
  check: EmptyRecord;
  multi: MultiResponse;
  multiRead: MultiResponse;
  reconfig: DataResponse;
  checkWatches: EmptyRecord;
  removeWatches: EmptyRecord;
  auth: EmptyRecord;
  setWatches: EmptyRecord;
  setWatches2: EmptyRecord;
  addWatch: ErrorResponse;
  sasl: TokenResponse;
  getEphemerals: EphemeralsResponse;
  getAllChildrenNumber: ChildrenNumberResponse;
  whoAmI: WhoAmIResponse;
  ping: EmptyRecord;
  closeSession: EmptyRecord;
}

const empty: Codec<EmptyRecord> = record<EmptyRecord>({});
const path: Codec<PathResponse> = record<PathResponse>({ path: text });
const pathStat: Codec<PathStatResponse> = record<PathStatResponse>({ path: text, stat: statCodec });
const stat: Codec<StatResponse> = record<StatResponse>({ stat: statCodec });
const data: Codec<DataResponse> = record<DataResponse>({ data: buffer, stat: statCodec });
const clientInfo: Codec<ClientInfo> = record<ClientInfo>({ authScheme: looseText, user: ustring });

const bodies: { readonly [K in RequestType]: Codec<ResponseBodies[K]> } = {
  create: path,
  create2: pathStat,
  createContainer: pathStat,
  createTtl: pathStat,
  delete: empty,
  deleteContainer: empty,
  exists: stat,
  getData: data,
  setData: stat,
  getAcl: record<AclResponse>({ acl: vector(aclCodec), stat: statCodec }),
  setAcl: stat,
  getChildren: record<ChildrenResponse>({ children: vector(text) }),
  getChildren2: record<Children2Response>({ children: vector(text), stat: statCodec }),
  sync: path,
  check: empty,
  multi: multiResponseCodec,
  multiRead: multiResponseCodec,
  reconfig: data,
  checkWatches: empty,
  removeWatches: empty,
  auth: empty,
  setWatches: empty,
  setWatches2: empty,
  addWatch: record<ErrorResponse>({ err: int }),
  sasl: record<TokenResponse>({ token: buffer }),
  getEphemerals: record<EphemeralsResponse>({ ephemerals: vector(text) }),
  getAllChildrenNumber: record<ChildrenNumberResponse>({ totalNumber: int }),
  whoAmI: record<WhoAmIResponse>({ clientInfo: vector(clientInfo) }),
  ping: empty,
  closeSession: empty,
};

/** A response with the type of its request. */
export type Response = { [K in RequestType]: { readonly type: K } & ResponseBodies[K] }[RequestType];

/** One framed reply. Without a body it is the header alone, as for errors. */
export function encodeReply(header: ReplyHeader, response?: Response): Uint8Array {
  const writer = new JuteWriter();
  replyHeaderCodec.write(writer, header);
  if (response !== undefined) (bodies[response.type] as Codec<object>).write(writer, response);
  return writer.finishFrame();
}

/** One framed notification. */
export function encodeNotification(zxid: bigint, event: { readonly type: number; readonly path: string }): Uint8Array {
  const writer = new JuteWriter();
  replyHeaderCodec.write(writer, { xid: xids.notification, zxid, err: 0 });
  watcherEventCodec.write(writer, { type: event.type, state: stateSyncConnected, path: event.path });
  return writer.finishFrame();
}

/** Splits a reply's payload into its header and a reader that stands at the body. */
export function decodeReplyHeader(payload: Uint8Array): { header: ReplyHeader; body: JuteReader } {
  const body = new JuteReader(payload);
  return { header: replyHeaderCodec.read(body), body };
}

/** The body of a reply to a request of this type. */
export function decodeResponseBody<K extends RequestType>(type: K, body: JuteReader): ResponseBodies[K] {
  return (bodies[type] as Codec<ResponseBodies[K]>).read(body);
}

/** The body of a notification. */
export function decodeWatcherEvent(body: JuteReader): WatcherEvent {
  return watcherEventCodec.read(body);
}
