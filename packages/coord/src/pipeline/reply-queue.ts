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

/** What can leave now: a reply that is made already, or a request that needs nobody else. */
export type Ready =
  | { readonly kind: "decided"; readonly waiting: WaitingForToken; readonly frame: Uint8Array; readonly last: boolean }
  | { readonly kind: "due"; readonly waiting: Exclude<Waiting, WaitingForToken> };

interface Decision {
  readonly frame: Uint8Array;
  /** Nothing is sent behind it. */
  readonly last: boolean;
}

/**
 * Replies of one connection in the order of its requests. Writes are proposed when they arrive and wait for their
 * commit; a read stays behind the writes before it and sees exactly those. A sync may be decided before a write that
 * came earlier, or after one that came later: its reply keeps its place all the same.
 */
export class ReplyQueue {
  #waiting: Waiting[] = [];
  readonly #decisions = new Map<ProposalToken, Decision>();

  get length(): number {
    return this.#waiting.length;
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  /** Whether somebody else must decide about something here. */
  get waitsForOthers(): boolean {
    return this.#waiting.some((waiting) => "token" in waiting && !this.#decisions.has(waiting.token));
  }

  find(token: ProposalToken): WaitingForToken {
    const found = this.#waiting.find((waiting) => "token" in waiting && waiting.token === token);
    assert(found !== undefined && "token" in found, "what is decided has been waiting");
    return found;
  }

  decide(token: ProposalToken, decision: Decision): void {
    this.#decisions.set(token, decision);
  }

  /** The first, if it can leave. */
  takeReady(): Ready | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    if (!("token" in first)) {
      this.#waiting.shift();
      return { kind: "due", waiting: first };
    }
    const decision = this.#decisions.get(first.token);
    if (decision === undefined) return undefined;
    this.#decisions.delete(first.token);
    this.#waiting.shift();
    return { kind: "decided", waiting: first, ...decision };
  }

  clear(): void {
    this.#waiting = [];
    this.#decisions.clear();
  }
}
