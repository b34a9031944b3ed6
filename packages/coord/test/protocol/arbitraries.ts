import fc from "fast-check";
import type { MultiOp, MultiReadOp } from "../../src/protocol/multi-request.ts";
import type { MultiResult } from "../../src/protocol/multi-response.ts";
import type { Acl, Stat } from "../../src/protocol/records.ts";
import type { Request } from "../../src/protocol/requests.ts";
import type { Response } from "../../src/protocol/responses.ts";

export const long: fc.Arbitrary<bigint> = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
export const int: fc.Arbitrary<number> = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const path = fc.string({ unit: "grapheme", maxLength: 12 });
const data = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null });
const watch = fc.boolean();
const paths = fc.array(path, { maxLength: 4 });

export const acl: fc.Arbitrary<Acl> = fc.record({ perms: int, scheme: path, id: path });
const acls = fc.array(acl, { maxLength: 3 });

export const stat: fc.Arbitrary<Stat> = fc.record({
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

const type = <T extends string>(...names: T[]): fc.Arbitrary<T> => fc.constantFrom(...names);
const createFlag = fc.integer({ min: 0, max: 4 });
const ttlFlag = fc.constantFrom(5, 6);

const multiOp: fc.Arbitrary<MultiOp> = fc.oneof(
  fc.record({ type: type("create", "create2", "createContainer"), path, data, acl: acls, flags: createFlag }),
  fc.record({ type: type("createTtl"), path, data, acl: acls, flags: ttlFlag, ttlMs: long }),
  fc.record({ type: type("delete", "check"), path, version: int }),
  fc.record({ type: type("setData"), path, data, version: int }),
);

const multiReadOp: fc.Arbitrary<MultiReadOp> = fc.record({ type: type("getData", "getChildren"), path, watch });

export const request: fc.Arbitrary<Request> = fc.oneof(
  fc.record({ type: type("create", "create2", "createContainer"), path, data, acl: acls, flags: int }),
  fc.record({ type: type("createTtl"), path, data, acl: acls, flags: int, ttlMs: long }),
  fc.record({ type: type("delete", "check"), path, version: int }),
  fc.record({ type: type("deleteContainer", "getAcl", "sync", "getAllChildrenNumber"), path }),
  fc.record({ type: type("exists", "getData", "getChildren", "getChildren2"), path, watch }),
  fc.record({ type: type("setData"), path, data, version: int }),
  fc.record({ type: type("setAcl"), path, acl: acls, version: int }),
  fc.record({ type: type("multi"), ops: fc.array(multiOp, { maxLength: 4 }) }),
  fc.record({ type: type("multiRead"), ops: fc.array(multiReadOp, { maxLength: 4 }) }),
  fc.record({
    type: type("reconfig"),
    joining: fc.option(path, { nil: null }),
    leaving: fc.option(path, { nil: null }),
    newMembers: fc.option(path, { nil: null }),
    curConfigId: long,
  }),
  fc.record({ type: type("checkWatches", "removeWatches"), path, watcherType: int }),
  fc.record({ type: type("auth"), authType: int, scheme: path, auth: data }),
  fc.record({ type: type("setWatches"), relativeZxid: long, data: paths, exist: paths, child: paths }),
  fc.record({
    type: type("setWatches2"),
    relativeZxid: long,
    data: paths,
    exist: paths,
    child: paths,
    persistent: paths,
    persistentRecursive: paths,
  }),
  fc.record({ type: type("addWatch"), path, mode: int }),
  fc.record({ type: type("sasl"), token: data }),
  fc.record({ type: type("getEphemerals"), prefixPath: path }),
  fc.record({ type: type("whoAmI", "ping", "closeSession") }),
);

const multiResult: fc.Arbitrary<MultiResult> = fc.oneof(
  fc.record({ type: type("create"), path }),
  fc.record({ type: type("create2"), path, stat }),
  fc.record({ type: type("delete", "check") }),
  fc.record({ type: type("setData"), stat }),
  fc.record({ type: type("getData"), data, stat }),
  fc.record({ type: type("getChildren"), children: paths }),
  fc.record({ type: type("error"), err: int }),
);

export const response: fc.Arbitrary<Response> = fc.oneof(
  fc.record({ type: type("create", "sync"), path }),
  fc.record({ type: type("create2", "createContainer", "createTtl"), path, stat }),
  fc.record({ type: type("exists", "setData", "setAcl"), stat }),
  fc.record({ type: type("getData", "reconfig"), data, stat }),
  fc.record({ type: type("getAcl"), acl: acls, stat }),
  fc.record({ type: type("getChildren"), children: paths }),
  fc.record({ type: type("getChildren2"), children: paths, stat }),
  fc.record({ type: type("multi", "multiRead"), results: fc.array(multiResult, { maxLength: 4 }) }),
  fc.record({ type: type("addWatch"), err: int }),
  fc.record({ type: type("sasl"), token: data }),
  fc.record({ type: type("getEphemerals"), ephemerals: paths }),
  fc.record({ type: type("getAllChildrenNumber"), totalNumber: int }),
  fc.record({
    type: type("whoAmI"),
    clientInfo: fc.array(fc.record({ authScheme: path, user: fc.option(path, { nil: null }) }), { maxLength: 3 }),
  }),
  fc.record({
    type: type("delete", "ping", "closeSession", "setWatches", "setWatches2", "auth", "checkWatches", "removeWatches"),
  }),
);
