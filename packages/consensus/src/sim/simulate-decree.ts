import { createPrng } from "@tutti/stdx";
import {
  type AcceptorMessage,
  type AcceptorState,
  answerProposer,
  newAcceptor,
  type ProposerMessage,
} from "../core/decree/acceptor.ts";
import type { Ballot } from "../core/decree/ballot.ts";
import { createProposer, type Proposer } from "../core/decree/proposer.ts";
import { majority } from "../core/quorum.ts";

/** A mistake that an implementation could make, put between the parts: each repeats an entry of the catalogue. */
export interface DecreeFault {
  readonly name: string;
  /** The entry of the catalogue, in a sentence. */
  readonly source: string;
  /** What reaches the disk, instead of `next`. */
  readonly persist?: (before: AcceptorState<string>, next: AcceptorState<string>) => AcceptorState<string>;
  /** What the acceptor goes on with, instead of `next`. */
  readonly state?: (before: AcceptorState<string>, next: AcceptorState<string>) => AcceptorState<string>;
  /** What a proposer hears, instead of `message`. */
  readonly hear?: (message: AcceptorMessage<string>, arrival: number, current: Ballot) => AcceptorMessage<string>;
  /** From whom it seems to come. */
  readonly sender?: (from: number, arrival: number) => number;
  readonly forgetsRound?: boolean;
  readonly quorumSize?: number;
  readonly sharedNode?: boolean;
}

interface Flying {
  readonly from: number;
  readonly to: number;
  readonly message: ProposerMessage<string> | AcceptorMessage<string>;
}

/**
 * Runs the parts of single-decree Paxos: members that propose at random over a network that loses, repeats and reorders,
 * and that crash at random. Returns the values that were chosen: never more than one, unless a fault is planted.
 *
 * ```ts
 * import { simulateDecree } from "@tutti/consensus/sim";
 *
 * for (let seed = 1; seed <= 20; seed += 1) {
 *   if (simulateDecree(seed, undefined).size > 1) throw new Error(`two values were chosen under seed ${seed}`);
 * }
 * console.log("never two"); // => never two
 * ```
 */
export function simulateDecree(seed: number, fault: DecreeFault | undefined): ReadonlySet<string> {
  const chance = createPrng(seed);
  const members = Array.from({ length: 3 + 2 * chance.nextBelow(2) }, (_, index) => index + 1);
  const size = fault?.quorumSize;
  const quorum =
    size === undefined
      ? majority(members)
      : { voters: members, isQuorum: (some: ReadonlySet<number>) => some.size >= size };
  const chosen = new Set<string>();
  const disks = new Map<number, AcceptorState<string>>(members.map((id) => [id, newAcceptor]));
  const states = new Map<number, AcceptorState<string>>(disks);
  const proposers = new Map<number, Proposer<string>>();
  const begun = new Map<number, Ballot>();
  let flying: Flying[] = [];
  let arrivals = 0;
  // Each run has its own weather: many duels or few, a lossy network or a slow one.
  const beginChance = 0.005 + chance.nextUnit() * 0.1;
  const crashChance = chance.nextUnit() < 0.5 ? 0 : chance.nextUnit() * 0.05;
  const lossChance = chance.nextUnit() * 0.4;
  const repeatChance = chance.nextUnit() < 0.5 ? 0 : chance.nextUnit() * 0.4;
  // High: the newest message overtakes all others, and old ones come very late.
  const overtakeChance = chance.nextUnit() * 0.5;
  const open = (id: number, round: number): void => {
    const onEvent = (event: { readonly kind: string; readonly value?: string | undefined }): void => {
      if (event.kind === "learned" && event.value !== undefined) chosen.add(event.value);
    };
    begun.delete(id);
    proposers.set(id, createProposer<string>({ id: fault?.sharedNode === true ? 1 : id, quorum, round, onEvent }));
  };
  const ask = (from: number, message: ProposerMessage<string>): void => {
    begun.set(from, message.ballot);
    for (const to of members) flying.push({ from, to, message });
  };
  const deliver = ({ from, to, message }: Flying): void => {
    if (message.kind === "prepare" || message.kind === "accept") {
      const before = states.get(to) ?? newAcceptor;
      const { state, reply } = answerProposer(before, message);
      disks.set(to, fault?.persist?.(disks.get(to) ?? newAcceptor, state) ?? state);
      states.set(to, fault?.state?.(before, state) ?? state);
      flying.push({ from: to, to: from, message: reply });
      return;
    }
    arrivals += 1;
    const heard = fault?.hear?.(message, arrivals, begun.get(to) ?? message.ballot) ?? message;
    proposers.get(to)?.receive(fault?.sender?.(from, arrivals) ?? from, heard);
    const next = proposers.get(to)?.propose(`value ${arrivals} of ${to}`);
    if (next !== undefined && chance.nextUnit() < 0.7) ask(to, next);
  };
  for (const id of members) open(id, 0);
  for (let step = 0; step < 400; step += 1) {
    const roll = chance.nextUnit();
    const id = members[chance.nextBelow(members.length)] ?? 1;
    if (roll < beginChance) {
      const message = proposers.get(id)?.begin();
      if (message !== undefined) ask(id, message);
    } else if (roll < beginChance + crashChance) {
      open(id, fault?.forgetsRound === true ? 0 : (proposers.get(id)?.round ?? 0));
      states.set(id, disks.get(id) ?? newAcceptor);
      // Its client is still there, and asks again.
      const message = chance.nextUnit() < 0.5 ? proposers.get(id)?.begin() : undefined;
      if (message !== undefined) ask(id, message);
    } else if (flying.length > 0) {
      const index = chance.nextUnit() < overtakeChance ? flying.length - 1 : chance.nextBelow(flying.length);
      const [taken] = chance.nextUnit() < repeatChance ? [flying[index]] : flying.splice(index, 1);
      if (taken !== undefined && chance.nextUnit() >= lossChance) deliver(taken);
      if (flying.length > 200) flying = flying.slice(100);
    }
  }
  return chosen;
}
