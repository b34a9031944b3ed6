import { bool, buffer, type Codec, int, long, record, text, vector } from "./codec.ts";
import { type Acl, aclCodec } from "./records.ts";

export interface CreateRequest {
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  readonly flags: number;
}

export interface CreateTtlRequest extends CreateRequest {
  readonly ttlMs: bigint;
}

export interface PathRequest {
  readonly path: string;
}

export interface PathVersionRequest {
  readonly path: string;
  /** -1 matches any version. */
  readonly version: number;
}

export interface ReadRequest {
  readonly path: string;
  readonly watch: boolean;
}

export interface SetDataRequest {
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly version: number;
}

const acls = vector(aclCodec);

export const createRequestCodec: Codec<CreateRequest> = record<CreateRequest>({
  path: text,
  data: buffer,
  acl: acls,
  flags: int,
});

export const createTtlRequestCodec: Codec<CreateTtlRequest> = record<CreateTtlRequest>({
  path: text,
  data: buffer,
  acl: acls,
  flags: int,
  ttlMs: long,
});

export const pathRequestCodec: Codec<PathRequest> = record<PathRequest>({ path: text });

export const pathVersionRequestCodec: Codec<PathVersionRequest> = record<PathVersionRequest>({
  path: text,
  version: int,
});

export const readRequestCodec: Codec<ReadRequest> = record<ReadRequest>({ path: text, watch: bool });

export const setDataRequestCodec: Codec<SetDataRequest> = record<SetDataRequest>({
  path: text,
  data: buffer,
  version: int,
});
