import { assert } from "@tutti/stdx";
import type { ApplyResult, OpResult } from "../core/txn.ts";
import { errorCodes } from "../protocol/error-codes.ts";
import type { MultiOp } from "../protocol/multi-request.ts";
import type { MultiResult } from "../protocol/multi-response.ts";
import { createFlags } from "../protocol/opcodes.ts";
import type { Request } from "../protocol/requests.ts";
import type { Response } from "../protocol/responses.ts";

/** Writes of clients, whose outcome is a transaction's. */
export type ClientWrite = Extract<
  Request,
  {
    type:
      | "create"
      | "create2"
      | "createContainer"
      | "createTtl"
      | "delete"
      | "setData"
      | "setAcl"
      | "multi"
      | "reconfig"
      | "closeSession";
  }
>;

/** A multi that failed says so in every entry; one that succeeded answers each operation by its kind. */
function multiResults(ops: readonly MultiOp[], results: readonly OpResult[]): readonly MultiResult[] {
  if (results.some((result) => result.err !== errorCodes.ok)) {
    return results.map(({ err }) => ({ type: "error", err }));
  }
  return results.map((result, index) => {
    const op = ops[index];
    assert(op !== undefined, "a multi has as many results as operations");
    return multiResult(op, result);
  });
}

/** Only with the path. A flag for a container answers as create2 does, and so do that opcode and real TTLs. */
function answersAsCreate({ type, flags }: { readonly type: string; readonly flags: number }): boolean {
  return (type === "create" || type === "createTtl") && flags < createFlags.container;
}

function multiResult(op: MultiOp, { path, stat }: OpResult): MultiResult {
  switch (op.type) {
    case "delete":
    case "check":
      return { type: op.type };
    case "setData":
      assert(stat !== undefined, "a setData has a Stat");
      return { type: "setData", stat };
    default:
      assert(path !== undefined && stat !== undefined, "a create has a path and a Stat");
      return answersAsCreate(op) ? { type: "create", path } : { type: "create2", path, stat };
  }
}

/** The body of a successful write's reply. */
export function writeResponse(request: ClientWrite, result: ApplyResult): Response {
  const { path, stat } = result;
  switch (request.type) {
    case "create":
      assert(path !== undefined, "a create has a path");
      return { type: "create", path };
    case "create2":
    case "createContainer":
    case "createTtl":
      assert(path !== undefined && stat !== undefined, "a create has a path and a Stat");
      return { type: request.type, path, stat };
    case "reconfig":
      assert(stat !== undefined && result.data !== undefined, "a new configuration has a content and a Stat");
      return { type: "reconfig", data: result.data, stat };
    case "setData":
    case "setAcl":
      assert(stat !== undefined, "a change of a node has a Stat");
      return { type: request.type, stat };
    case "multi":
      return { type: "multi", results: multiResults(request.ops, result.results ?? []) };
    case "delete":
    case "closeSession":
      return { type: request.type };
  }
}
