import { type ErrorCode, errorCodes } from "../protocol/error-codes.ts";

/** Sessions as the committed log has them, and those about to come or go. Timers are somebody else's. */
export class SessionTable {
  readonly #timeouts = new Map<bigint, number>();
  readonly #opening = new Set<bigint>();
  readonly #closing = new Set<bigint>();

  /** Session ids with the timeout that each was created with, in ms. */
  get timeouts(): ReadonlyMap<bigint, number> {
    return this.#timeouts;
  }

  has(sessionId: bigint): boolean {
    return this.#timeouts.has(sessionId);
  }

  isClosing(sessionId: bigint): boolean {
    return this.#closing.has(sessionId);
  }

  /** Why this session may not change anything; undefined when it may. */
  problem(sessionId: bigint): ErrorCode | undefined {
    if (this.#closing.has(sessionId)) return errorCodes.sessionExpired;
    if (this.#timeouts.has(sessionId) || this.#opening.has(sessionId)) return undefined;
    return errorCodes.unknownSession;
  }

  prepareOpen(sessionId: bigint): void {
    this.#opening.add(sessionId);
  }

  prepareClose(sessionId: bigint): void {
    this.#closing.add(sessionId);
  }

  open(sessionId: bigint, timeoutMs: number): void {
    this.#opening.delete(sessionId);
    this.#timeouts.set(sessionId, timeoutMs);
  }

  close(sessionId: bigint): void {
    this.#closing.delete(sessionId);
    this.#timeouts.delete(sessionId);
  }

  dropOutstanding(): void {
    this.#opening.clear();
    this.#closing.clear();
  }
}
