import type { DecreeFault } from "./simulate-decree.ts";

/** Mistakes in single-decree Paxos that random runs are known to find. */
export const decreeFaults: readonly DecreeFault[] = [
  {
    name: "promise-not-durable",
    source: "P1: a promise is answered before it is durable",
    persist: (before, next) => (next.accepted === before.accepted ? before : next),
  },
  {
    name: "acceptance-not-durable",
    source: "P2: an acceptance is answered before it is durable",
    persist: (before, next) => ({ ...next, accepted: before.accepted }),
  },
  { name: "round-reused", source: "P3: a round is used again after a restart", forgetsRound: true },
  {
    name: "last-heard-adopted",
    source: "P4: the value heard last is adopted, not that of the highest ballot",
    hear: (message, arrival) =>
      message.kind === "promise" && message.accepted !== undefined
        ? { ...message, accepted: { ...message.accepted, ballot: { round: arrival, node: 1 } } }
        : message,
  },
  {
    name: "promise-not-raised",
    source: "P6: an acceptance above the promise does not raise it",
    state: (before, next) => (next.accepted === before.accepted ? next : { ...next, promised: before.promised }),
  },
  {
    name: "answers-counted-twice",
    source: "P7: one acceptor counts as often as it answers",
    sender: (_from, arrival) => 1 + (arrival % 5),
  },
  {
    name: "old-ballot-counted",
    source: "P8: answers to an older ballot count for the present one",
    hear: (message, _arrival, current) => (message.kind === "nack" ? message : { ...message, ballot: current }),
  },
  {
    name: "refusal-as-consent",
    source: "P9: a refusal is taken for consent",
    hear: (message) =>
      message.kind === "nack" ? { kind: "promise", ballot: message.ballot, accepted: undefined } : message,
  },
  { name: "one-is-enough", source: "P12: a single acceptance is taken for the choice", quorumSize: 1 },
  {
    name: "ballots-without-member",
    source: "P24: ballots of two proposers are compared by round alone",
    sharedNode: true,
  },
];
