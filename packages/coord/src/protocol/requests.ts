import { CoordError } from "../coord-error.ts";
import { buffer, type Codec, int, long, looseText, record, text, ustring, vector } from "./codec.ts";
import { multiReadRequestCodec, multiRequestCodec } from "./multi-request.ts";
import type { MultiRequest, MultiReadRequest } from "./multi-request.ts";
import { createRequestCodec, createTtlRequestCodec, pathRequestCodec } from "./request-records.ts";
import { pathVersionRequestCodec, readRequestCodec, setDataRequestCodec } from "./request-records.ts";
import type { CreateRequest, CreateTtlRequest, PathRequest, PathVersionRequest } from "./request-records.ts";
import type { ReadRequest, SetDataRequest } from "./request-records.ts";
import type { JuteReader } from "./jute-reader.ts";
import { JuteWriter } from "./jute-writer.ts";
import { opcodes, type RequestType } from "./opcodes.ts";
import { type Acl, aclCodec, requestHeaderCodec } from "./records.ts";

export interface SetAclRequest {
  readonly path: string;
  readonly acl: readonly Acl[];
  /** Compared with aversion. */
  readonly version: number;
}

export interface ReconfigRequest {
  readonly joining: string | null;
  readonly leaving: string | null;
  readonly newMembers: string | null;
  readonly curConfigId: bigint;
}

export interface WatcherTypeRequest {
  readonly path: string;
  readonly watcherType: number;
}

export interface AuthRequest {
  readonly authType: number;
  readonly scheme: string;
  readonly auth: Uint8Array | null;
}

export interface SetWatchesRequest {
  readonly relativeZxid: bigint;
  readonly data: readonly string[];
  readonly exist: readonly string[];
  readonly child: readonly string[];
}

export interface SetWatches2Request extends SetWatchesRequest {
  readonly persistent: readonly string[];
  readonly persistentRecursive: readonly string[];
}

export interface AddWatchRequest {
  readonly path: string;
  readonly mode: number;
}

export interface SaslRequest {
  readonly token: Uint8Array | null;
}

export interface GetEphemeralsRequest {
  readonly prefixPath: string;
}

/** A record without fields. */
export type EmptyRecord = Readonly<Record<never, never>>;

/** The body of every request type. */
export interface RequestBodies {
  create: CreateRequest;
  create2: CreateRequest;
  createContainer: CreateRequest;
  createTtl: CreateTtlRequest;
  delete: PathVersionRequest;
  deleteContainer: PathRequest;
  exists: ReadRequest;
  getData: ReadRequest;
  setData: SetDataRequest;
  getAcl: PathRequest;
  setAcl: SetAclRequest;
  getChildren: ReadRequest;
  getChildren2: ReadRequest;
  sync: PathRequest;
  check: PathVersionRequest;
  multi: MultiRequest;
  multiRead: MultiReadRequest;
  reconfig: ReconfigRequest;
  checkWatches: WatcherTypeRequest;
  removeWatches: WatcherTypeRequest;
  auth: AuthRequest;
  setWatches: SetWatchesRequest;
  setWatches2: SetWatches2Request;
  addWatch: AddWatchRequest;
  sasl: SaslRequest;
  getEphemerals: GetEphemeralsRequest;
  getAllChildrenNumber: PathRequest;
  whoAmI: EmptyRecord;
  ping: EmptyRecord;
  closeSession: EmptyRecord;
}

/** Any request, told apart by `type`. */
export type Request = { [K in RequestType]: { readonly type: K } & RequestBodies[K] }[RequestType];

const empty: Codec<EmptyRecord> = record<EmptyRecord>({});
const paths = vector(text);
const watcherType: Codec<WatcherTypeRequest> = record<WatcherTypeRequest>({ path: text, watcherType: int });

const bodies: { readonly [K in RequestType]: Codec<RequestBodies[K]> } = {
  create: createRequestCodec,
  create2: createRequestCodec,
  createContainer: createRequestCodec,
  createTtl: createTtlRequestCodec,
  delete: pathVersionRequestCodec,
  deleteContainer: pathRequestCodec,
  exists: readRequestCodec,
  getData: readRequestCodec,
  setData: setDataRequestCodec,
  getAcl: pathRequestCodec,
  setAcl: record<SetAclRequest>({ path: text, acl: vector(aclCodec), version: int }),
  getChildren: readRequestCodec,
  getChildren2: readRequestCodec,
  sync: pathRequestCodec,
  check: pathVersionRequestCodec,
  multi: multiRequestCodec,
  multiRead: multiReadRequestCodec,
  reconfig: record<ReconfigRequest>({ joining: ustring, leaving: ustring, newMembers: ustring, curConfigId: long }),
  checkWatches: watcherType,
  removeWatches: watcherType,
  auth: record<AuthRequest>({ authType: int, scheme: looseText, auth: buffer }),
  setWatches: record<SetWatchesRequest>({ relativeZxid: long, data: paths, exist: paths, child: paths }),
  setWatches2: record<SetWatches2Request>({
    relativeZxid: long,
    data: paths,
    exist: paths,
    child: paths,
    persistent: paths,
    persistentRecursive: paths,
  }),
  addWatch: record<AddWatchRequest>({ path: text, mode: int }),
  sasl: record<SaslRequest>({ token: buffer }),
  getEphemerals: record<GetEphemeralsRequest>({ prefixPath: looseText }),
  getAllChildrenNumber: pathRequestCodec,
  whoAmI: empty,
  ping: empty,
  closeSession: empty,
};

/** One framed request, as a client sends it. */
export function encodeRequest(xid: number, request: Request): Uint8Array {
  const writer = new JuteWriter();
  requestHeaderCodec.write(writer, { xid, opcode: opcodes[request.type] });
  writeRequestBody(writer, request);
  return writer.finishFrame();
}

/** The body alone. */
export function writeRequestBody(writer: JuteWriter, request: Request): void {
  (bodies[request.type] as Codec<Request>).write(writer, request);
}

/**
 * The body behind a request header. Throws `malformed-record`, which a server answers with -5. Bytes behind the
 * record are ignored, as in Java.
 */
export function decodeRequestBody(type: RequestType, reader: JuteReader): Request {
  const body = bodies[type] as Codec<object>;
  try {
    return { type, ...body.read(reader) } as Request;
  } catch (thrown) {
    throw CoordError.from(thrown, "malformed-record");
  }
}
