import { type ErrorCode, errorCodes } from "../protocol/error-codes.ts";

/** What a client and its server agreed on. */
export interface Attachment {
  /** As it was negotiated last. */
  readonly timeoutMs: number;
  /** 16 bytes that prove its ownership to whichever server it comes back to. */
  readonly password: Uint8Array;
  /** The server that it is attached to; what another one sends in its name comes too late. */
  readonly serverId: number;
}

/** A session as all servers know it. */
export interface Session extends Attachment {
  /** The transaction that created or attached it last; `openedBefore` for one of a snapshot. */
  readonly openedZxid: bigint;
}

/** The server in requests that the servers make themselves. */
export const anyServer = 0;

/** The zxid of openings that a snapshot does not keep. */
export const openedBefore = 0n;

/** Sessions as the committed log has them, and those about to come, move or go. Timers are somebody else's. */
export class SessionTable {
  readonly #sessions = new Map<bigint, Session>();
  /** What was prepared last for each. */
  readonly #opening = new Map<bigint, Session>();
  readonly #closing = new Set<bigint>();

  /** By session id. */
  get all(): ReadonlyMap<bigint, Session> {
    return this.#sessions;
  }

  get(sessionId: bigint): Session | undefined {
    return this.#sessions.get(sessionId);
  }

  /** With what is about to be committed; undefined for a session that is about to close. */
  getOutstanding(sessionId: bigint): Session | undefined {
    if (this.#closing.has(sessionId)) return undefined;
    return this.#opening.get(sessionId) ?? this.#sessions.get(sessionId);
  }

  /** Why a server may not change anything in the name of this session; undefined when it may. */
  problem(sessionId: bigint, serverId: number): ErrorCode | undefined {
    if (this.#closing.has(sessionId)) return errorCodes.sessionExpired;
    const session = this.getOutstanding(sessionId);
    if (session === undefined) return errorCodes.unknownSession;
    return serverId === anyServer || serverId === session.serverId ? undefined : errorCodes.sessionMoved;
  }

  prepareOpen(sessionId: bigint, attachment: Attachment, openedZxid: bigint): void {
    this.#opening.set(sessionId, { ...attachment, openedZxid });
  }

  prepareClose(sessionId: bigint): void {
    this.#closing.add(sessionId);
  }

  /** Creates a session, or moves one. A later move that is on its way stays so, wherever it leads. */
  open(sessionId: bigint, { timeoutMs, password, serverId }: Attachment, openedZxid: bigint): void {
    this.#sessions.set(sessionId, { timeoutMs, password, serverId, openedZxid });
    if (this.#opening.get(sessionId)?.openedZxid === openedZxid) this.#opening.delete(sessionId);
  }

  close(sessionId: bigint): void {
    this.#closing.delete(sessionId);
    this.#sessions.delete(sessionId);
    this.#opening.delete(sessionId);
  }

  dropOutstanding(): void {
    this.#opening.clear();
    this.#closing.clear();
  }
}
