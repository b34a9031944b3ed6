import type { ApplyResult } from "../core/txn.ts";
import type { AuditEntry } from "../ports/server-event.ts";
import { errorCodes } from "../protocol/error-codes.ts";
import type { MultiOp } from "../protocol/multi-request.ts";
import { createFlags } from "../protocol/opcodes.ts";
import type { Id } from "../protocol/records.ts";
import type { ClientWrite } from "./write-reply.ts";

/** Who did it. */
export interface Actor {
  readonly sessionId: bigint;
  readonly ids: readonly Id[];
  readonly address: string;
}

const nodeTypes: ReadonlyMap<number, string> = new Map([
  [createFlags.persistent, "persistent"],
  [createFlags.ephemeral, "ephemeral"],
  [createFlags.persistentSequential, "persistent_sequential"],
  [createFlags.ephemeralSequential, "ephemeral_sequential"],
  [createFlags.container, "container"],
  [createFlags.ttl, "persistent_with_ttl"],
  [createFlags.ttlSequential, "persistent_sequential_with_ttl"],
]);

type Change = Pick<AuditEntry, "operation" | "path" | "nodeType">;

function changeOf(op: MultiOp | ClientWrite): Change | undefined {
  switch (op.type) {
    case "create":
    case "create2":
    case "createContainer":
    case "createTtl":
      return { operation: "create", path: op.path, nodeType: nodeTypes.get(op.flags) };
    case "delete":
    case "setData":
    case "setAcl":
      return { operation: op.type, path: op.path, nodeType: undefined };
    case "reconfig":
      return { operation: op.type, path: "/zookeeper/config", nodeType: undefined };
    default:
      return undefined;
  }
}

/** As ZooKeeper names people: proved identities, and the address of whoever has none. */
function userOf({ ids, address }: Actor): string {
  const proved = ids.filter(({ scheme }) => scheme !== "ip" && scheme !== "super");
  const names = proved.map(({ scheme, id }) => (scheme === "digest" ? id.slice(0, id.indexOf(":")) : id));
  return names.length === 0 ? address : names.join(",");
}

/** What a write has changed or failed to change; a multi is as many entries as it has changes. */
export function auditOf(request: ClientWrite, { err, results, path }: ApplyResult, actor: Actor): AuditEntry[] {
  const who = { sessionId: actor.sessionId, user: userOf(actor), address: actor.address };
  const isDone = err === errorCodes.ok && results?.some((one) => one.err !== errorCodes.ok) !== true;
  const result = isDone ? "success" : "failure";
  const ops: readonly (MultiOp | ClientWrite)[] = request.type === "multi" ? request.ops : [request];
  return ops.flatMap((op, index) => {
    const change = changeOf(op);
    if (change === undefined) return [];
    // The name of a sequential node is known only afterwards.
    const made = isDone && change.operation === "create" ? (results?.[index]?.path ?? path) : undefined;
    return [{ ...who, ...change, path: made ?? change.path, result }];
  });
}
