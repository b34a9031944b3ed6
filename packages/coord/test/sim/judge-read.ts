import { assert } from "@tutti/stdx";
import { errorCodes } from "../../src/protocol/error-codes.ts";
import type { Request } from "../../src/protocol/requests.ts";
import { type ReplyBody, shown } from "./judge-write.ts";
import { type ModelNode, modelStat, textOf, type TreeModel } from "./tree-model.ts";

/** Requests that one server answers from what it knows. */
export type ReadRequest = Exclude<
  Request,
  { type: "create" | "create2" | "createContainer" | "createTtl" | "delete" | "setData" | "multi" | "closeSession" }
>;

interface ReadReply {
  readonly tree: TreeModel;
  /** What the server had applied. */
  readonly zxid: bigint;
  readonly sessionId: bigint;
  readonly err: number;
  readonly body: ReplyBody | undefined;
  readonly at: string;
}

const absent = { err: errorCodes.noNode };

/** A read shows the tree as it was at the zxid of its answer, the whole of it and nothing else. */
export function judgeRead(request: ReadRequest, reply: ReadReply): void {
  const expected = expectedOf(request, reply);
  if (expected === undefined) return;
  const { err, body, at } = reply;
  const found = shown(err === 0 ? seenOf(body) : { err });
  assert(found === shown(expected), `${at}: shows ${shown(expected)}, not ${found}`);
}

function sorted(children: Iterable<string>): readonly string[] {
  return [...children].toSorted();
}

/** Undefined for what says nothing of the tree. */
function expectedOf(request: ReadRequest, { tree, zxid, sessionId }: ReadReply): unknown {
  const get = (path: string): ModelNode | undefined => tree.get(path, zxid);
  switch (request.type) {
    case "exists":
    case "getData":
    case "getChildren":
    case "getChildren2": {
      const node = get(request.path);
      return node === undefined ? absent : nodeAs(request.type, node);
    }
    case "getAllChildrenNumber": {
      if (get(request.path) === undefined) return absent;
      const below = [...tree.paths].filter((path) => path.startsWith(`${request.path}/`) && get(path) !== undefined);
      return { totalNumber: below.length };
    }
    case "getEphemerals":
      return {
        ephemerals: sorted(tree.ephemeralsOf(sessionId, zxid).filter((path) => path.startsWith(request.prefixPath))),
      };
    case "multiRead":
      return {
        results: request.ops.map((op) => {
          const node = get(op.path);
          return node === undefined
            ? { type: "error", err: errorCodes.noNode }
            : { type: op.type, ...nodeAs(op.type, node) };
        }),
      };
    default:
      return undefined;
  }
}

function nodeAs(type: "exists" | "getData" | "getChildren" | "getChildren2", node: ModelNode): object {
  const stat = modelStat(node);
  if (type === "exists") return { stat };
  if (type === "getData") return { data: node.data, stat };
  const children = sorted(node.children);
  return type === "getChildren2" ? { children, stat } : { children };
}

/** A reply in the same form. */
function seenOf(body: ReplyBody | undefined): unknown {
  if (body === undefined) return undefined;
  if ("results" in body) return { results: body.results.map((result) => ({ type: result.type, ...plain(result) })) };
  return plain(body);
}

function plain(body: object): object {
  const { type: _type, ...fields } = body as { readonly type?: string };
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => {
      if (name === "data") return [name, textOf(value as Uint8Array | null)];
      if (name === "children" || name === "ephemerals") return [name, sorted(value as readonly string[])];
      return [name, value];
    }),
  );
}
