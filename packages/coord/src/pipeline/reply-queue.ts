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

/** Whose outcome is a transaction's. */
export type WaitingForCommit = Extract<Waiting, { kind: "write" | "malformedMulti" }>;

/** What can leave now: a reply that is made already, or a request that needs nobody else any more. */
export type Ready =
  | { readonly kind: "decided"; readonly waiting: WaitingForCommit; readonly frame: Uint8Array; readonly last: boolean }
  | { readonly kind: "due"; readonly waiting: Exclude<Waiting, WaitingForCommit> };

interface Decision {
  readonly frame: Uint8Array;
  /** Nothing is sent behind it. */
  readonly last: boolean;
}

/**
 * Replies of one connection in the order of its requests. Writes are proposed when they arrive and wait for their
 * commit; a read stays behind the writes before it and sees exactly those. A sync may be over before a write that came
 * earlier: its reply keeps its place, and tells what the server has applied when it leaves. A write that came later ends it:
 * what was committed before the sync was asked for has a place before that write.
 */
export class ReplyQueue {
  #waiting: Waiting[] = [];
  readonly #decisions = new Map<ProposalToken, Decision>();
  /** Tokens of syncs that are over. */
  readonly #synced = new Set<ProposalToken>();

  get length(): number {
    return this.#waiting.length;
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  /** Whether somebody else must decide about something here. */
  get waitsForOthers(): boolean {
    return this.#waiting.some((waiting) => "token" in waiting && !this.#isDecided(waiting));
  }

  find(token: ProposalToken): WaitingForCommit {
    const found = this.#waiting.find((waiting) => "token" in waiting && waiting.token === token);
    assert(found !== undefined && isForCommit(found), "what is decided has been waiting");
    return found;
  }

  decide(token: ProposalToken, decision: Decision): void {
    this.#decisions.set(token, decision);
    for (const waiting of this.#waiting) {
      if (!("token" in waiting)) continue;
      if (waiting.token === token) return;
      if (waiting.kind === "sync") this.#synced.add(waiting.token);
    }
  }

  /** The sync is over, if no write behind it has ended it before. */
  synced(token: ProposalToken): void {
    if (this.#waiting.some((waiting) => waiting.kind === "sync" && waiting.token === token)) this.#synced.add(token);
  }

  /** The first, if it can leave. */
  takeReady(): Ready | undefined {
    const [first] = this.#waiting;
    if (first === undefined || ("token" in first && !this.#isDecided(first))) return undefined;
    this.#waiting.shift();
    if (!isForCommit(first)) {
      if (first.kind === "sync") this.#synced.delete(first.token);
      return { kind: "due", waiting: first };
    }
    const decision = this.#decisions.get(first.token);
    assert(decision !== undefined, "what leaves was decided");
    this.#decisions.delete(first.token);
    return { kind: "decided", waiting: first, ...decision };
  }

  #isDecided({ token }: { readonly token: ProposalToken }): boolean {
    return this.#decisions.has(token) || this.#synced.has(token);
  }

  clear(): void {
    this.#waiting = [];
    this.#decisions.clear();
    this.#synced.clear();
  }
}

function isForCommit(waiting: Waiting): waiting is WaitingForCommit {
  return waiting.kind === "write" || waiting.kind === "malformedMulti";
}
