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

/** A request, and what became of it. */
interface Place {
  readonly waiting: Waiting;
  outcome: Decision | "synced" | undefined;
}

/**
 * Replies of one connection in the order of its requests. Writes are proposed when they arrive and wait for their
 * commit; a read stays behind the writes before it and sees exactly those. A sync may be over before a write that came
 * earlier: its reply keeps its place, and tells what the server has applied when it leaves. A write that came later ends it:
 * what was committed before the sync was asked for has a place before that write.
 */
export class ReplyQueue {
  #places: Place[] = [];

  get length(): number {
    return this.#places.length;
  }

  push(waiting: Waiting): void {
    this.#places.push({ waiting, outcome: undefined });
  }

  /** Whether somebody else must decide about something here. */
  get waitsForOthers(): boolean {
    return this.#places.some(waitsForOthers);
  }

  find(token: ProposalToken): WaitingForCommit {
    const found = this.#places.find(({ waiting }) => "token" in waiting && waiting.token === token)?.waiting;
    assert(found !== undefined && isForCommit(found), "what is decided has been waiting");
    return found;
  }

  decide(token: ProposalToken, decision: Decision): void {
    for (const place of this.#places) {
      const { waiting } = place;
      if (!("token" in waiting)) continue;
      if (waiting.token === token) {
        place.outcome = decision;
        return;
      }
      if (waiting.kind === "sync") place.outcome = "synced";
    }
  }

  /** The sync is over, if no write behind it has ended it before. */
  synced(token: ProposalToken): void {
    const place = this.#places.find(({ waiting }) => waiting.kind === "sync" && waiting.token === token);
    if (place !== undefined) place.outcome = "synced";
  }

  /** The first, if it can leave. */
  takeReady(): Ready | undefined {
    const [first] = this.#places;
    if (first === undefined || waitsForOthers(first)) return undefined;
    this.#places.shift();
    const { waiting, outcome } = first;
    if (!isForCommit(waiting)) return { kind: "due", waiting };
    assert(outcome !== undefined && outcome !== "synced", "what leaves was decided");
    return { kind: "decided", waiting, ...outcome };
  }

  clear(): void {
    this.#places = [];
  }
}

function waitsForOthers({ waiting, outcome }: Place): boolean {
  return "token" in waiting && outcome === undefined;
}

function isForCommit(waiting: Waiting): waiting is WaitingForCommit {
  return waiting.kind === "write" || waiting.kind === "malformedMulti";
}
