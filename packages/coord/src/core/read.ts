import { type ErrorCode, errorCodes } from "../protocol/error-codes.ts";
import type { MultiReadOp } from "../protocol/multi-request.ts";
import type { MultiResult } from "../protocol/multi-response.ts";
import { permissions } from "../protocol/opcodes.ts";
import type { Id } from "../protocol/records.ts";
import type { Request } from "../protocol/requests.ts";
import type { Response } from "../protocol/responses.ts";
import { isAllowed, maskDigests, userOf } from "./acl.ts";
import type { DataTree } from "./data-tree.ts";
import { statOf, type Znode } from "./znode.ts";

/** Requests that are answered from the tree of this server alone. */
export type ReadRequestType =
  | "exists"
  | "getData"
  | "getAcl"
  | "getChildren"
  | "getChildren2"
  | "getAllChildrenNumber"
  | "getEphemerals"
  | "multiRead"
  | "whoAmI";

export type ReadOp = Extract<Request, { type: ReadRequestType }>;

export interface Reader {
  readonly tree: DataTree;
  readonly sessionId: bigint;
  readonly ids: readonly Id[];
}

/** The answer, or why there is none. */
export type ReadOutcome = Response | ErrorCode;

/** The node if these ids may read it. Reads do not validate paths: a bad one is just a missing node. */
function readable(reader: Reader, path: string, perms: number = permissions.read): Znode | ErrorCode {
  const node = reader.tree.get(path);
  if (node === undefined) return errorCodes.noNode;
  return isAllowed(node.acl, perms, reader.ids) ? node : errorCodes.noAuth;
}

function readAclOf(reader: Reader, path: string): ReadOutcome {
  const node = readable(reader, path, permissions.read | permissions.admin);
  if (typeof node === "number") return node;
  const isAdmin = isAllowed(node.acl, permissions.admin, reader.ids);
  return { type: "getAcl", acl: isAdmin ? node.acl : maskDigests(node.acl), stat: statOf(node) };
}

/** Only the caller's own. The prefix is raw text: `/a` lists `/ab`, too. */
function readEphemerals(reader: Reader, prefixPath: string): ReadOutcome {
  const own = [...reader.tree.ephemeralsOf(reader.sessionId)];
  const all = prefixPath === "" || prefixPath === "/";
  return { type: "getEphemerals", ephemerals: all ? own : own.filter((path) => path.startsWith(prefixPath)) };
}

/** Each operation for itself; one that fails does not touch the others. */
function readMulti(reader: Reader, ops: readonly MultiReadOp[]): ReadOutcome {
  const { tree } = reader;
  const results = ops.map((op): MultiResult => {
    const node = readable(reader, op.path);
    if (typeof node === "number") return { type: "error", err: node };
    if (op.type === "getData") return { type: "getData", data: node.data, stat: statOf(node) };
    return { type: "getChildren", children: tree.childNamesOf(node) };
  });
  return { type: "multiRead", results };
}

/** Answers a read from the tree as it stands. Sets no watch. */
export function read(request: ReadOp, reader: Reader): ReadOutcome {
  switch (request.type) {
    case "getAcl":
      return readAclOf(reader, request.path);
    case "getEphemerals":
      return readEphemerals(reader, request.prefixPath);
    case "multiRead":
      return readMulti(reader, request.ops);
    case "whoAmI":
      return { type: "whoAmI", clientInfo: reader.ids.map((id) => ({ authScheme: id.scheme, user: userOf(id) })) };
    default: {
      if (request.type === "exists" && request.path.includes("\0")) return errorCodes.badArguments;
      const node = readable(reader, request.path);
      return typeof node === "number" ? node : readNode(request, node, reader);
    }
  }
}

type NodeRead = Extract<
  ReadOp,
  { type: "exists" | "getData" | "getChildren" | "getChildren2" | "getAllChildrenNumber" }
>;

function readNode(request: NodeRead, node: Znode, { tree }: Reader): Response {
  switch (request.type) {
    case "exists":
      return { type: "exists", stat: statOf(node) };
    case "getData":
      return { type: "getData", data: node.data, stat: statOf(node) };
    case "getChildren":
      return { type: "getChildren", children: tree.childNamesOf(node) };
    case "getChildren2":
      return { type: "getChildren2", children: tree.childNamesOf(node), stat: statOf(node) };
    case "getAllChildrenNumber": {
      // Under its name "" the root counts itself, too (seen on ZooKeeper 3.9.4).
      const itself = request.path === "" ? 1 : 0;
      return { type: "getAllChildrenNumber", totalNumber: tree.descendantCount(request.path) + itself };
    }
  }
}
