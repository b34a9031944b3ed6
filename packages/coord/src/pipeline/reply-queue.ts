import { assert } from "@tutti/stdx";
import type { ErrorCode } from "../protocol/error-codes.ts";
import type { Id } from "../protocol/records.ts";
import type { ProposalToken } from "../ports/replication.ts";
import type { LocalRequest } from "./answer-read.ts";
import type { ClientWrite } from "./write-reply.ts";

interface WaitingBase {
  readonly xid: number;
  readonly sinceMs: number;
}

/** A request whose reply has not left. */
export type Waiting = WaitingBase &
  (
    | { readonly kind: "write"; readonly token: ProposalToken; readonly request: ClientWrite }
    | { readonly kind: "malformedMulti"; readonly token: ProposalToken }
    | { readonly kind: "sync"; readonly token: ProposalToken; readonly path: string }
    | { readonly kind: "read"; readonly request: LocalRequest; readonly ids: readonly Id[] }
    | { readonly kind: "refusal"; readonly err: ErrorCode; readonly zxid: bigint | undefined; readonly last: boolean }
  );

export type WaitingForToken = Extract<Waiting, { token: ProposalToken }>;

/**
 * Replies of one connection in the order of its requests. Writes are proposed when they arrive and wait for their
 * commit; a read stays behind the writes before it and sees exactly those.
 */
export class ReplyQueue {
  #waiting: Waiting[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  /** The first, if nothing has to happen elsewhere before it can be answered. */
  takeReady(): Exclude<Waiting, WaitingForToken> | undefined {
    const first = this.#waiting[0];
    if (first === undefined || "token" in first) return undefined;
    this.#waiting.shift();
    return first;
  }

  /** The first, which has just been decided. Proposals of one connection are decided in their order. */
  takeDecided(token: ProposalToken): WaitingForToken {
    const first = this.#waiting.shift();
    assert(first !== undefined && "token" in first, "a decided request is the first that waits");
    assert(first.token === token, "requests of one connection are decided in their order");
    return first;
  }

  clear(): void {
    this.#waiting = [];
  }
}
