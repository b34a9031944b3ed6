import type { MultiOp } from "../protocol/multi-request.ts";
import type { Id } from "../protocol/records.ts";
import type { Request } from "../protocol/requests.ts";

/** What goes through replication: the writes of clients, and what the server itself has to say. */
export type WriteOp =
  | Exclude<MultiOp, { type: "check" }>
  | Extract<Request, { type: "multi" | "setAcl" | "reconfig" | "closeSession" }>
  | { readonly type: "createSession"; readonly timeoutMs: number; readonly password: Uint8Array }
  /** A client with a session of another server, or with another timeout, wants to go on here. */
  | { readonly type: "attachSession"; readonly timeoutMs: number; readonly password: Uint8Array }
  /** From the leader: a session is over, unless it came back since this was said. */
  | { readonly type: "expireSession"; readonly openedZxid: bigint }
  /** A multi that could not be decoded: an error, and it takes a position. */
  | { readonly type: "malformedMulti" }
  /** From the reaper: remove a container or TTL node if that is still right. */
  | { readonly type: "reap"; readonly path: string };

export interface WriteRequest {
  /** The server that asks; `anyServer` where the session is not attached to the one that asks, as when it expires. */
  readonly serverId: number;
  /** 0n for requests of the server itself. */
  readonly sessionId: bigint;
  readonly xid: number;
  /** Who the connection was when it sent the request. */
  readonly ids: readonly Id[];
  readonly op: WriteOp;
}
