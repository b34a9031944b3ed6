import type { Prng } from "@tutti/stdx";
import type { Members } from "../core/configuration.ts";
import type { NodeId } from "../core/entry.ts";
import type { EventQueue } from "./event-queue.ts";
import type { ScriptedEvent } from "./script.ts";

/** What a client asks for, as a script holds it. */
type Ask = (event: Pick<ScriptedEvent, "act" | "node" | "value">) => void;

export interface ReconfiguringOptions {
  readonly queue: EventQueue;
  readonly chance: Prng;
  readonly ids: readonly NodeId[];
  readonly isOver: () => boolean;
  readonly ask: Ask;
}

/** Clients that ask for other members now and then: any nodes as voters, some of the others as observers. */
export function startReconfiguring({ queue, chance, ids, isOver, ask }: ReconfiguringOptions): void {
  const meanMs = 20 + chance.nextUnit() * chance.nextUnit() * 500;
  let sequence = 0;
  const next = (): void => {
    if (isOver()) return;
    sequence += 1;
    const drawn = ids.map((id) => ({ id, rank: chance.nextUnit() })).toSorted((a, b) => a.rank - b.rank);
    // Few rather than many: small electorates are often disjoint.
    const voterCount = 1 + chance.nextBelow(1 + chance.nextBelow(Math.min(5, ids.length)));
    const voters = drawn.slice(0, voterCount).map(({ id }) => id);
    const observers = drawn.slice(voterCount).flatMap(({ id }) => (chance.nextUnit() < 0.5 ? [id] : []));
    const node = ids[chance.nextBelow(ids.length)] ?? 1;
    ask({ act: "reconfigure", node, value: numberOf(sequence, { voters, observers }) });
    queue.at(queue.now - Math.log(1 - chance.nextUnit()) * meanMs, next);
  };
  queue.at(100, next);
}

/** Simulated members are few: a request for others fits into the one number that an event of a script has. */
const memberBits = 12;

function numberOf(sequence: number, { voters, observers }: Members): number {
  const bits = (ids: readonly NodeId[]): number => ids.reduce((sum, id) => sum + 2 ** (id - 1), 0);
  return (sequence * 2 ** memberBits + bits(observers)) * 2 ** memberBits + bits(voters);
}

/** What an event `reconfigure` asks for, and as its how-many-th. */
export function readReconfigure(value: number): { readonly members: Members; readonly sequence: number } {
  const range = 2 ** memberBits;
  const idsOf = (bits: number): readonly NodeId[] =>
    Array.from({ length: memberBits }, (_, index) => index + 1).filter(
      (id) => Math.floor(bits / 2 ** (id - 1)) % 2 === 1,
    );
  const members = { voters: idsOf(value % range), observers: idsOf(Math.floor(value / range) % range) };
  return { members, sequence: Math.floor(value / range / range) };
}

/**
 * What a node is started with that may join later: that it will observe, or, as ZooKeeper's servers do, that it and others like
 * it have a vote already.
 */
export function membersOfSpare(id: NodeId, { voters, observers }: Members, ids: readonly NodeId[]): Members {
  return id % 2 === 0 ? { voters, observers: [...observers, id] } : { voters: ids, observers: [] };
}
