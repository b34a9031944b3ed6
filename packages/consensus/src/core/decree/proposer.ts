import type { NodeId } from "../entry.ts";
import type { QuorumSystem } from "../quorum.ts";
import type { Acceptance, AcceptorMessage, ProposerMessage } from "./acceptor.ts";
import { type Ballot, compareBallots } from "./ballot.ts";

/** What happened, in the words of the field, for traces and lessons. Nothing may depend on it. */
export type DecreeEvent<Value> =
  | { readonly kind: "promise"; readonly from: NodeId; readonly ballot: Ballot; readonly accepted: Value | undefined }
  | { readonly kind: "accepted"; readonly from: NodeId; readonly ballot: Ballot; readonly value: Value }
  | { readonly kind: "nack"; readonly from: NodeId; readonly ballot: Ballot; readonly promised: Ballot }
  | { readonly kind: "learned"; readonly ballot: Ballot; readonly value: Value };

/** Who a proposer is, and whose acceptance it needs. */
export interface ProposerOptions<Value> {
  readonly id: NodeId;
  readonly quorum: QuorumSystem;
  /** The highest round this proposer ever began, in any life. */
  readonly round?: number;
  readonly onEvent?: (event: DecreeEvent<Value>) => void;
}

/** A proposer of single-decree Paxos. */
export interface Proposer<Value> {
  /** The highest round begun or heard of. **Must be durable before the `prepare` of that round leaves.** */
  readonly round: number;
  /** The value that is chosen, once this proposer knows. It never changes. */
  readonly chosen: Value | undefined;
  /** Phase 1: begins a ballot above all that this proposer began or heard of. Send the message to every acceptor. */
  begin(): ProposerMessage<Value> & { readonly kind: "prepare" };
  /** The value that may be proposed: `adopted`, if some acceptor of the quorum had accepted one. */
  readonly elected: { readonly ballot: Ballot; readonly adopted: Acceptance<Value> | undefined } | undefined;
  /** Phase 2: undefined until a quorum has promised. An adopted value takes the place of `value`. */
  propose(value: Value): (ProposerMessage<Value> & { readonly kind: "accept" }) | undefined;
  receive(from: NodeId, message: AcceptorMessage<Value>): void;
}

interface Attempt<Value> {
  readonly ballot: Ballot;
  /** Acceptors by number, so that an answer that comes twice counts once. */
  readonly promised: Set<NodeId>;
  readonly accepted: Set<NodeId>;
  adopted: Acceptance<Value> | undefined;
  proposed: { readonly value: Value } | undefined;
}

/**
 * The proposer of single-decree Paxos. A value is chosen when a quorum accepted it in one ballot; since a proposer takes
 * over the value of the highest ballot that its quorum reports, every later ballot can only choose the same.
 *
 * ```ts
 * import { type AcceptorState, answerProposer, createProposer, majority, newAcceptor } from "@tutti/consensus";
 *
 * const acceptors = new Map<number, AcceptorState<string>>([1, 2, 3].map((id) => [id, newAcceptor]));
 * const proposer = createProposer<string>({ id: 1, quorum: majority([1, 2, 3]) });
 * const ask = (message: Parameters<typeof answerProposer<string>>[1]) => {
 *   for (const [id, acceptor] of acceptors) {
 *     const { state, reply } = answerProposer(acceptor, message);
 *     acceptors.set(id, state); // durable, before the reply leaves
 *     proposer.receive(id, reply);
 *   }
 * };
 * ask(proposer.begin());
 * const accept = proposer.propose("green");
 * if (accept !== undefined) ask(accept);
 * console.log(proposer.chosen); // => green
 * ```
 */
export function createProposer<Value>(options: ProposerOptions<Value>): Proposer<Value> {
  const { id, quorum, onEvent } = options;
  let round = options.round ?? 0;
  let attempt: Attempt<Value> | undefined;
  let chosen: { readonly value: Value } | undefined;

  const onPromise = (from: NodeId, accepted: Acceptance<Value> | undefined, current: Attempt<Value>): void => {
    onEvent?.({ kind: "promise", from, ballot: current.ballot, accepted: accepted?.value });
    current.promised.add(from);
    // What a late promise reports may be ignored: the quorum before it has seen all that could have been chosen.
    if (accepted === undefined || current.proposed !== undefined) return;
    const isHigher = current.adopted === undefined || compareBallots(accepted.ballot, current.adopted.ballot) > 0;
    if (isHigher) current.adopted = accepted;
  };
  const onAccepted = (from: NodeId, value: Value, current: Attempt<Value>): void => {
    onEvent?.({ kind: "accepted", from, ballot: current.ballot, value });
    current.accepted.add(from);
    if (chosen !== undefined || !quorum.isQuorum(current.accepted)) return;
    chosen = { value };
    onEvent?.({ kind: "learned", ballot: current.ballot, value });
  };
  return {
    get round() {
      return round;
    },
    get chosen() {
      return chosen?.value;
    },
    get elected() {
      if (attempt === undefined || !quorum.isQuorum(attempt.promised)) return undefined;
      return { ballot: attempt.ballot, adopted: attempt.adopted };
    },
    begin: () => {
      round += 1;
      const ballot: Ballot = { round, node: id };
      attempt = { ballot, promised: new Set(), accepted: new Set(), adopted: undefined, proposed: undefined };
      return { kind: "prepare", ballot };
    },
    propose: (value) => {
      if (attempt === undefined || !quorum.isQuorum(attempt.promised)) return undefined;
      // One ballot, one value: asked again, it says the same.
      attempt.proposed ??= { value: attempt.adopted === undefined ? value : attempt.adopted.value };
      return { kind: "accept", ballot: attempt.ballot, value: attempt.proposed.value };
    },
    receive: (from, message) => {
      if (message.kind === "nack") {
        round = Math.max(round, message.promised.round);
        onEvent?.({ kind: "nack", from, ballot: message.ballot, promised: message.promised });
        return;
      }
      // An answer to an older ballot says nothing about this one.
      if (attempt === undefined || compareBallots(message.ballot, attempt.ballot) !== 0) return;
      if (message.kind === "promise") onPromise(from, message.accepted, attempt);
      else onAccepted(from, message.value, attempt);
    },
  };
}
