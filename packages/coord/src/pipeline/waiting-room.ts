import { ChurningMap } from "@tutti/stdx";
import type { ProposalToken } from "../ports/replication.ts";
import type { Connection } from "./connection.ts";

/**
 * What waits for the log, of all connections: how much of it there may be, and whose turn it is when there is room again.
 * Once it is full, everybody stays out until half of it has left, and whoever came first goes first.
 */
export class WaitingRoom {
  readonly #sizeMax: number;
  readonly #waiting = new ChurningMap<ProposalToken, Connection>();
  /** Who has more to ask, in the order in which they were sent away. */
  readonly #outside = new Set<Connection>();
  #isFull = false;
  #lastToken = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get isFull(): boolean {
    this.#isFull ||= this.#waiting.size >= this.#sizeMax;
    return this.#isFull;
  }

  enter(connection: Connection): ProposalToken {
    this.#lastToken += 1;
    this.#waiting.set(this.#lastToken, connection);
    return this.#lastToken;
  }

  /** Who waits under this token, and does no longer. */
  leave(token: ProposalToken): Connection | undefined {
    const connection = this.#waiting.get(token);
    this.#waiting.delete(token);
    return connection;
  }

  /** Nobody will ever hear of what waits. */
  empty(): void {
    this.#waiting.clear();
    this.letIn();
  }

  /** It takes nothing more until it hears `resumed`. */
  keepOut(connection: Connection): void {
    this.#outside.add(connection);
  }

  /** It is gone. */
  forget(connection: Connection): void {
    this.#outside.delete(connection);
  }

  /** Call it when something has left, and when there is news for those outside. */
  letIn(): void {
    if (this.#waiting.size > this.#sizeMax / 2) return;
    this.#isFull = false;
    // Whoever is sent away again goes to the end, behind those that were there.
    let left = this.#outside.size;
    for (const connection of this.#outside) {
      if (left === 0 || this.isFull) return;
      left -= 1;
      this.#outside.delete(connection);
      connection.resumed();
    }
  }
}
