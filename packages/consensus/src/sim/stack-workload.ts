import type { PositionedOperation } from "../check/witness.ts";
import type { Prng } from "@tutti/stdx";
import type { NodeId } from "../core/entry.ts";
import type { Machine } from "../driver/machine.ts";

/** What clients do to a machine in the simulator, and how it is judged. */
export interface StackWorkload<M extends Machine> {
  /** A machine in its initial state: for each start of each replica a new one. */
  machine(id: NodeId): M;
  /** A request, drawn from `chance` alone. */
  request(chance: Prng): Uint8Array;
  /** What a read asks for. Default: nothing, and only the place of reads in the order is checked. */
  question?(chance: Prng): Uint8Array;
  /** The machine's answer to such a question; it must not change it. */
  answer?(machine: M, question: Uint8Array): Uint8Array;
  /**
   * The state in short, compared between replicas at equal positions. Default: the bytes of its snapshot. Give one if
   * those depend on more than the state.
   */
  digest?(machine: M): string;
  /** Throws if the machine is in a state in which it must not be. Called after every transaction. */
  invariant?(machine: M): void;
  /** What is wrong with what the clients of a whole run saw, if something is: `replayWitness` tells, given a model. */
  judge?(calls: readonly ClientCall[]): string | undefined;
}

/** What a simulated client asked for: by a proposal, or by a read. */
export interface CallInput {
  readonly kind: "propose" | "read";
  readonly bytes: Uint8Array;
}

/**
 * One call of a simulated client, as `replayWitness` takes it: times are virtual milliseconds, and a read has its place
 * behind the transaction that it saw last. Calls that came to nothing are left out; where a client heard no answer, answer
 * and time are those of the replica that applied its request first.
 */
export type ClientCall = PositionedOperation<CallInput, Uint8Array>;
