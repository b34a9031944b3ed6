import type { Prng } from "@tutti/stdx";
import type { LinkId } from "../core/effects.ts";
import type { NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { EventQueue } from "./event-queue.ts";

/** How one run treats messages. Times are in virtual milliseconds, chances in [0, 1]. */
export interface NetworkWeather {
  readonly delayMinMs: number;
  readonly delayMeanMs: number;
  /** Chance that a vote is lost, repeated, or sent on a detour. Links are FIFO and lose only by breaking. */
  readonly lossChance: number;
  readonly repeatChance: number;
  readonly detourChance: number;
}

/** What the network tells a node. */
export interface NetworkPeer {
  readonly isUp: boolean;
  /** Whether it keeps a link to this one. It is enough if one of the two does. */
  wants(peer: NodeId): boolean;
  linkUp(peer: NodeId, link: LinkId): void;
  linkDown(peer: NodeId, link: LinkId): void;
  receive(from: NodeId, link: LinkId, message: ReplicaMessage): void;
}

interface Link {
  readonly id: LinkId;
  readonly ends: readonly [NodeId, NodeId];
  /** Per receiving end: known to it, gone for it, and the time before which nothing more may arrive. */
  readonly known: Map<NodeId, boolean>;
  broken: boolean;
  readonly arrivals: Map<NodeId, number>;
  /** What waits for a blocked direction to open, per receiving end. */
  readonly held: Map<NodeId, ReplicaMessage[]>;
}

export interface SimNetwork {
  send(from: NodeId, to: NodeId, link: LinkId | undefined, message: ReplicaMessage): void;
  /** Blocks or opens one direction. A blocked direction holds messages, as TCP does, until the link breaks. */
  block(from: NodeId, to: NodeId, blocked: boolean): void;
  breakLink(left: NodeId, right: NodeId): void;
  /** The node died: its links break, and its peers hear of it sooner or later. */
  nodeDown(node: NodeId): void;
  /** Tries to link every pair that is not linked. */
  connectAll(): void;
  calm(): void;
  readonly counts: { sent: number; lost: number; repeated: number; detoured: number; held: number; links: number };
}

interface NetworkOptions {
  readonly queue: EventQueue;
  readonly chance: Prng;
  readonly nodes: ReadonlyMap<NodeId, NetworkPeer>;
  readonly weather: NetworkWeather;
}

const linkBreakAfterMs = 150;

export function createSimNetwork({ queue, chance, nodes, weather }: NetworkOptions): SimNetwork {
  const blocked = new Set<string>();
  const links = new Map<string, Link>();
  const counts = { sent: 0, lost: 0, repeated: 0, detoured: 0, held: 0, links: 0 };
  let isCalm = false;
  const directionOf = (from: NodeId, to: NodeId): string => `${from}>${to}`;
  const pairOf = (left: NodeId, right: NodeId): string => (left < right ? `${left}-${right}` : `${right}-${left}`);
  // Exponential with a heavy tail: now and then a message takes ten times as long.
  const delay = (): number => {
    const exponential = -Math.log(1 - chance.nextUnit()) * weather.delayMeanMs;
    return weather.delayMinMs + (chance.nextUnit() < 0.01 && !isCalm ? exponential * 10 : exponential);
  };
  const other = (link: Link, node: NodeId): NodeId => (link.ends[0] === node ? link.ends[1] : link.ends[0]);

  const arrive = (link: Link, to: NodeId, message: ReplicaMessage): void => {
    const time = Math.max(queue.now + delay(), link.arrivals.get(to) ?? 0);
    link.arrivals.set(to, time);
    queue.at(time, () => {
      if (link.known.get(to) === true) nodes.get(to)?.receive(other(link, to), link.id, message);
    });
  };
  const breakNow = (link: Link): void => {
    if (link.broken) return;
    link.broken = true;
    const pair = pairOf(link.ends[0], link.ends[1]);
    if (links.get(pair) === link) links.delete(pair);
    // Each end hears of it in its own time: until then the link is half open.
    for (const end of link.ends) {
      const time = Math.max(queue.now + delay() * 4, link.arrivals.get(end) ?? 0);
      link.arrivals.set(end, time);
      queue.at(time, () => {
        if (link.known.get(end) !== true) return;
        link.known.set(end, false);
        nodes.get(end)?.linkDown(other(link, end), link.id);
      });
    }
  };
  const connect = (left: NodeId, right: NodeId): void => {
    const pair = pairOf(left, right);
    const reachable = !blocked.has(directionOf(left, right)) && !blocked.has(directionOf(right, left));
    if (links.has(pair) || !reachable) return;
    const [one, another] = [nodes.get(left), nodes.get(right)];
    if (one?.isUp !== true || another?.isUp !== true || !(one.wants(right) || another.wants(left))) return;
    counts.links += 1;
    const link: Link = {
      id: counts.links,
      ends: [left, right],
      known: new Map(),
      broken: false,
      arrivals: new Map(),
      held: new Map(),
    };
    links.set(pair, link);
    for (const end of link.ends) {
      const time = queue.now + delay();
      link.arrivals.set(end, time);
      queue.at(time, () => {
        if (link.broken || nodes.get(end)?.isUp !== true) return breakNow(link);
        link.known.set(end, true);
        nodes.get(end)?.linkUp(other(link, end), link.id);
      });
    }
  };
  const sendVote = (from: NodeId, to: NodeId, message: ReplicaMessage): void => {
    const link = links.get(pairOf(from, to));
    if (link === undefined || blocked.has(directionOf(from, to))) return;
    const roll = isCalm ? 1 : chance.nextUnit();
    if (roll < weather.lossChance) {
      counts.lost += 1;
      return;
    }
    const copies = !isCalm && chance.nextUnit() < weather.repeatChance ? 2 : 1;
    counts.repeated += copies - 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const detour = !isCalm && chance.nextUnit() < weather.detourChance;
      if (detour) counts.detoured += 1;
      const time = queue.now + delay() * (detour ? 20 : 1);
      queue.at(time, () => {
        if (link.known.get(to) === true) nodes.get(to)?.receive(from, link.id, message);
      });
    }
  };
  return {
    counts,
    calm: () => {
      isCalm = true;
    },
    send: (from, to, linkId, message) => {
      counts.sent += 1;
      if (linkId === undefined) return sendVote(from, to, message);
      const link = links.get(pairOf(from, to));
      if (link === undefined || link.id !== linkId || link.broken) return;
      const held = link.held.get(to);
      if (held !== undefined || blocked.has(directionOf(from, to))) {
        counts.held += 1;
        if (held === undefined) link.held.set(to, [message]);
        else held.push(message);
        return;
      }
      arrive(link, to, message);
    },
    block: (from, to, isBlocked) => {
      const direction = directionOf(from, to);
      const link = links.get(pairOf(from, to));
      if (!isBlocked) {
        blocked.delete(direction);
        const held = link?.held.get(to) ?? [];
        link?.held.delete(to);
        if (link !== undefined) for (const message of held) arrive(link, to, message);
        return;
      }
      blocked.add(direction);
      queue.at(queue.now + linkBreakAfterMs * (0.5 + chance.nextUnit()), () => {
        if (link !== undefined && blocked.has(direction)) breakNow(link);
      });
    },
    breakLink: (left, right) => {
      const link = links.get(pairOf(left, right));
      if (link !== undefined) breakNow(link);
    },
    nodeDown: (node) => {
      for (const link of [...links.values()]) {
        if (!link.ends.includes(node)) continue;
        link.known.set(node, false);
        breakNow(link);
      }
    },
    connectAll: () => {
      const ids = [...nodes.keys()];
      for (const [index, left] of ids.entries()) for (const right of ids.slice(index + 1)) connect(left, right);
    },
  };
}
