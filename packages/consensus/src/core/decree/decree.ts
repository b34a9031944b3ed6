import type { NodeId } from "../entry.ts";
import { majority } from "../quorum.ts";
import {
  type AcceptorMessage,
  type AcceptorState,
  answerProposer,
  newAcceptor,
  type ProposerMessage,
} from "./acceptor.ts";
import { type Ballot } from "./ballot.ts";
import { createProposer, type DecreeEvent, type Proposer } from "./proposer.ts";

/** An event, and the proposer that saw it. */
export type DecreeTrace<Value> = DecreeEvent<Value> & { readonly proposer: NodeId };

/** Who takes part in a decree, and who hears of it. */
export interface DecreeOptions<Value> {
  /** The acceptors. Each is a proposer as well. */
  readonly members: readonly NodeId[];
  readonly onEvent?: (event: DecreeTrace<Value>) => void;
}

/** One member as a proposer, in the three steps in which Paxos is taught. */
export interface DecreeProposer<Value> {
  /** Phase 1: asks every member for a promise. Undefined when no quorum promised: try again, with a higher ballot. */
  electLeader(): { readonly ballot: Ballot; readonly adopted: Value | undefined } | undefined;
  /**
   * Phase 2: asks every member to accept `value`, or the value that an earlier ballot may have chosen. Returns what was
   * proposed; undefined when this member is not elected.
   */
  propose(value: Value): Value | undefined;
  /** The chosen value, if a quorum accepted. Undefined means unknown: it may be chosen by a later ballot. */
  confirm(): Value | undefined;
}

/** All members of one decree in memory, with links that can be cut. For lessons, and for tests without a network. */
export interface Decree<Value> {
  proposer(id: NodeId): DecreeProposer<Value>;
  /** Nothing reaches this member and nothing leaves it, until it is mended. */
  cut(id: NodeId): void;
  mend(id: NodeId): void;
  /** Loses all that is not durable: the attempt that was under way. Promises and acceptances stay. */
  restart(id: NodeId): void;
  acceptor(id: NodeId): AcceptorState<Value>;
}

/**
 * Single-decree Paxos among members in memory: every message is delivered at once, or not at all.
 *
 * ```ts
 * import { createDecree } from "@tutti/consensus";
 *
 * const decree = createDecree<string>({ members: [1, 2, 3] });
 * const first = decree.proposer(1);
 * first.electLeader();
 * first.propose("tea");
 * console.log(first.confirm()); // => tea
 * const second = decree.proposer(2);
 * second.electLeader();
 * console.log(second.propose("coffee")); // => tea
 * ```
 */
export function createDecree<Value>({ members, onEvent }: DecreeOptions<Value>): Decree<Value> {
  const quorum = majority(members);
  const acceptors = new Map<NodeId, AcceptorState<Value>>(members.map((id) => [id, newAcceptor]));
  const proposers = new Map<NodeId, Proposer<Value>>();
  const away = new Set<NodeId>();
  const open = (id: NodeId, round: number): Proposer<Value> => {
    const tell =
      onEvent === undefined ? {} : { onEvent: (event: DecreeEvent<Value>) => onEvent({ ...event, proposer: id }) };
    const proposer = createProposer<Value>({ id, quorum, round, ...tell });
    proposers.set(id, proposer);
    return proposer;
  };
  const known = (id: NodeId): Proposer<Value> => {
    const proposer = proposers.get(id);
    if (proposer === undefined) throw new RangeError(`${id} is none of the members ${members.join(", ")}`);
    return proposer;
  };
  const acceptor = (id: NodeId): AcceptorState<Value> => acceptors.get(id) ?? newAcceptor;
  const ask = (id: NodeId, message: ProposerMessage<Value>): void => {
    for (const to of members) {
      if (to !== id && (away.has(id) || away.has(to))) continue;
      const answered: { state: AcceptorState<Value>; reply: AcceptorMessage<Value> } = answerProposer(
        acceptor(to),
        message,
      );
      // Durable first, as everywhere: here the map is the disk.
      acceptors.set(to, answered.state);
      known(id).receive(to, answered.reply);
    }
  };
  for (const id of members) open(id, 0);
  return {
    acceptor,
    cut: (id) => away.add(id),
    mend: (id) => away.delete(id),
    restart: (id) => open(id, known(id).round),
    proposer: (id) => {
      known(id);
      return {
        electLeader: () => {
          ask(id, known(id).begin());
          const { elected } = known(id);
          return elected === undefined ? undefined : { ballot: elected.ballot, adopted: elected.adopted?.value };
        },
        propose: (value) => {
          const message = known(id).propose(value);
          if (message === undefined) return undefined;
          ask(id, message);
          return message.value;
        },
        confirm: () => known(id).chosen,
      };
    },
  };
}
