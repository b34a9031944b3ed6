import { type Ballot, compareBallots, noBallot } from "./ballot.ts";

/** What a proposer says. Phase 1 asks for promises, phase 2 for acceptance. */
export type ProposerMessage<Value> =
  | { readonly kind: "prepare"; readonly ballot: Ballot }
  | { readonly kind: "accept"; readonly ballot: Ballot; readonly value: Value };

/** A value that an acceptor has accepted, and the ballot in which it did. */
export interface Acceptance<Value> {
  readonly ballot: Ballot;
  readonly value: Value;
}

/** What an acceptor answers. `ballot` is that of the question. */
export type AcceptorMessage<Value> =
  | { readonly kind: "promise"; readonly ballot: Ballot; readonly accepted: Acceptance<Value> | undefined }
  | { readonly kind: "accepted"; readonly ballot: Ballot; readonly value: Value }
  | { readonly kind: "nack"; readonly ballot: Ballot; readonly promised: Ballot };

/** All that an acceptor must not forget, not even in a crash. */
export interface AcceptorState<Value> {
  readonly promised: Ballot;
  readonly accepted: Acceptance<Value> | undefined;
}

/** An acceptor that has promised and accepted nothing. */
export const newAcceptor: AcceptorState<never> = { promised: noBallot, accepted: undefined };

/**
 * One step of an acceptor (Lamport, *Paxos Made Simple*, 2001, section 2.2). **`state` must be durable before `reply`
 * leaves**: a promise or an acceptance that a crash takes back lets two values be chosen.
 *
 * ```ts
 * import { answerProposer, newAcceptor } from "@tutti/consensus";
 *
 * const ballot = { round: 2, node: 1 };
 * const promised = answerProposer<string>(newAcceptor, { kind: "prepare", ballot });
 * console.log(promised.reply.kind); // => promise
 * const older = answerProposer(promised.state, { kind: "accept", ballot: { round: 1, node: 3 }, value: "late" });
 * console.log(older.reply.kind); // => nack
 * ```
 */
export function answerProposer<Value>(
  state: AcceptorState<Value>,
  message: ProposerMessage<Value>,
): { readonly state: AcceptorState<Value>; readonly reply: AcceptorMessage<Value> } {
  const { ballot } = message;
  const order = compareBallots(ballot, state.promised);
  switch (message.kind) {
    case "prepare": {
      // The same question again, after a loss, gets the same answer: it has one proposer only.
      if (order < 0) return refuse(state, ballot);
      return { state: { ...state, promised: ballot }, reply: { kind: "promise", ballot, accepted: state.accepted } };
    }
    case "accept": {
      // `>=`: the promise was made to this very ballot. A higher one is a promise as well, and is kept as one.
      if (order < 0) return refuse(state, ballot);
      const { value } = message;
      return {
        state: { promised: ballot, accepted: { ballot, value } },
        reply: { kind: "accepted", ballot, value },
      };
    }
  }
}

function refuse<Value>(
  state: AcceptorState<Value>,
  ballot: Ballot,
): { readonly state: AcceptorState<Value>; readonly reply: AcceptorMessage<Value> } {
  return { state, reply: { kind: "nack", ballot, promised: state.promised } };
}
