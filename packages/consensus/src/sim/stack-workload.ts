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
  /** What is wrong with what the clients of a whole run saw, if something is. */
  judge?(calls: readonly ClientCall[]): string | undefined;
}

/**
 * One call of a simulated client. Times are virtual milliseconds. What came to nothing is not told of; where a client had
 * no answer, the answer and the time are those of the replica that applied its request first.
 */
export interface ClientCall {
  /** The replica that was asked. */
  readonly process: number;
  readonly kind: "propose" | "read";
  readonly input: Uint8Array;
  /** `refused` if the machine's `prepare` said no. */
  readonly output: Uint8Array | "refused";
  readonly calledAt: number;
  readonly returnedAt: number;
}
