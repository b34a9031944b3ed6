import { ChurningMap } from "@tutti/stdx";
import type { NodeId } from "../entry.ts";
import type { Session } from "../messages.ts";

/** Where the answer to a read goes: to this replica, or to a learner in its present session. */
export type ReadSource =
  | { readonly kind: "local" }
  | { readonly kind: "learner"; readonly node: NodeId; readonly session: Session };

export interface WaitingRead {
  readonly read: number;
  readonly source: ReadSource;
  /** The ping round that must reach a quorum; undefined until that round has been sent. */
  round: number | undefined;
}

const none: readonly never[] = [];

/** Reads that may be open at one replica; a driver refuses more at its door, and the core does not take them. */
export const openReadsMax = 65_536;

/**
 * Linearizable reads that wait for a leader, and at the leader for a quorum. Every replica keeps to its own bound, which
 * bounds the leader's list by the number of replicas.
 */
export class ReadBook {
  readonly #local: ChurningMap<number, true> = new ChurningMap<number, true>();
  /** Those that no leader has been asked about. */
  #unsent: Set<number> = new Set<number>();
  #waiting: WaitingRead[] = [];
  /** A read asked for at this replica. */
  add(read: number): void {
    if (this.#local.size >= openReadsMax) return;
    this.#local.set(read, true);
    this.#unsent.add(read);
  }

  /** Local reads that no leader has been asked about yet. */
  takeLocal(): readonly number[] {
    // Asked for at each step, and mostly there is nothing.
    if (this.#unsent.size === 0) return none;
    const taken = [...this.#unsent];
    this.#unsent = new Set();
    return taken;
  }

  /** Ends a local read; false if it was not open. */
  finishLocal(read: number): boolean {
    this.#unsent.delete(read);
    return this.#local.delete(read);
  }

  /** The leader is gone, and with it what it was asked: local reads are asked again. */
  reset(): void {
    this.#unsent = new Set(this.#local.keys());
    this.#waiting = [];
  }

  /** At the leader: this read needs a ping round that starts after now. */
  wait(read: number, source: ReadSource): void {
    this.#waiting.push({ read, source, round: undefined });
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  get hasUnsent(): boolean {
    return this.#waiting.at(-1)?.round === undefined && this.#waiting.length > 0;
  }

  /** Round `round` is being sent: the reads before it are answered when a quorum answers it. */
  roundSent(round: number): void {
    for (const waiting of this.#waiting) waiting.round ??= round;
  }

  /** A quorum answered every round up to `round`. */
  takeConfirmed(round: number): readonly WaitingRead[] {
    if (this.#waiting.length === 0) return none;
    const confirmed = this.#waiting.filter((waiting) => waiting.round !== undefined && waiting.round <= round);
    this.#waiting = this.#waiting.filter((one) => one.round === undefined || one.round > round);
    return confirmed;
  }
}
