import type { Prng } from "@tutti/stdx";
import type { LinkId } from "../core/effects.ts";
import type { NodeId } from "../core/entry.ts";
import type { EventQueue } from "./event-queue.ts";

/** How one run treats messages. Times are in virtual milliseconds, chances in [0, 1]. */
export interface NetworkWeather {
  readonly delayMinMs: number;
  readonly delayMeanMs: number;
  /** Chance that a vote is lost, repeated, or sent on a detour. Links are FIFO and lose only by breaking. */
  readonly lossChance: number;
  readonly repeatChance: number;
  readonly detourChance: number;
  /** Chance that a piece of bytes arrives with a bit that is another. */
  readonly damageChance?: number;
}

/** What the network tells a node. */
export interface NetworkPeer<Message> {
  readonly isUp: boolean;
  /** Whether it keeps a link to that member. It is enough if one of the two does. Default: to every one. */
  wants?(peer: NodeId): boolean;
  linkUp(peer: NodeId, link: LinkId): void;
  linkDown(peer: NodeId, link: LinkId): void;
  receive(from: NodeId, link: LinkId, message: Message): void;
}

interface Link<Message> {
  readonly id: LinkId;
  readonly ends: readonly [NodeId, NodeId];
  /** Per receiving end: known to it, gone for it, and the time before which nothing more may arrive. */
  readonly known: Map<NodeId, boolean>;
  broken: boolean;
  readonly arrivals: Map<NodeId, number>;
  /** What waits for a blocked direction to open, per receiving end. */
  readonly held: Map<NodeId, Message[]>;
}

/** FIFO links between simulated members, which stall, break and stay half open as they are told. */
export interface SimNetwork<Message> {
  send(from: NodeId, to: NodeId, link: LinkId | undefined, message: Message): void;
  /** Blocks or opens one direction. A blocked direction holds messages, as TCP does, until the link breaks. */
  block(from: NodeId, to: NodeId, blocked: boolean): void;
  /**
   * Both ends hear of it. One of them, who would be the one to dial again, hears so much later: until then the link is
   * half open.
   */
  breakLink(left: NodeId, right: NodeId, lateMs?: number): void;
  /** The node died: its links break, and its peers hear of it sooner or later. */
  nodeDown(node: NodeId): void;
  /** Tries to link every pair that is not linked. */
  connectAll(): void;
  calm(): void;
  readonly counts: { sent: number; lost: number; repeated: number; detoured: number; held: number; links: number };
}

interface NetworkOptions<Message> {
  readonly queue: EventQueue;
  readonly chance: Prng;
  readonly nodes: ReadonlyMap<NodeId, NetworkPeer<Message>>;
  readonly weather: NetworkWeather;
}

const linkBreakAfterMs = 150;

export function createSimNetwork<Message>({
  queue,
  chance,
  nodes,
  weather,
}: NetworkOptions<Message>): SimNetwork<Message> {
  const blocked = new Set<string>();
  const links = new Map<string, Link<Message>>();
  const counts = { sent: 0, lost: 0, repeated: 0, detoured: 0, held: 0, links: 0 };
  let isCalm = false;
  const directionOf = (from: NodeId, to: NodeId): string => `${from}>${to}`;
  const pairOf = (left: NodeId, right: NodeId): string => (left < right ? `${left}-${right}` : `${right}-${left}`);
  // Exponential with a heavy tail: now and then a message takes ten times as long.
  const delay = (): number => {
    const exponential = -Math.log(1 - chance.nextUnit()) * weather.delayMeanMs;
    return weather.delayMinMs + (chance.nextUnit() < 0.01 && !isCalm ? exponential * 10 : exponential);
  };
  const other = (link: Link<Message>, node: NodeId): NodeId => (link.ends[0] === node ? link.ends[1] : link.ends[0]);

  const arrive = (link: Link<Message>, to: NodeId, message: Message): void => {
    const time = Math.max(queue.now + delay(), link.arrivals.get(to) ?? 0);
    link.arrivals.set(to, time);
    queue.at(time, () => {
      if (link.known.get(to) === true) nodes.get(to)?.receive(other(link, to), link.id, message);
    });
  };
  const breakNow = (link: Link<Message>, lateMs: number = 0): void => {
    if (link.broken) return;
    link.broken = true;
    const pair = pairOf(link.ends[0], link.ends[1]);
    const free = (): void => {
      if (links.get(pair) === link) links.delete(pair);
    };
    if (lateMs === 0) free();
    else queue.at(queue.now + lateMs, free);
    // Each end hears of it in its own time: until then the link is half open.
    for (const end of link.ends) {
      const late = end === link.ends[1] ? lateMs : 0;
      const time = Math.max(queue.now + delay() * 4 + late, link.arrivals.get(end) ?? 0);
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
    const [one, two] = [nodes.get(left), nodes.get(right)];
    if (one?.isUp !== true || two?.isUp !== true) return;
    if (one.wants?.(right) === false && two.wants?.(left) === false) return;
    counts.links += 1;
    const link: Link<Message> = {
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
  const sendVote = (from: NodeId, to: NodeId, message: Message): void => {
    const link = links.get(pairOf(from, to));
    if (link === undefined || link.broken || blocked.has(directionOf(from, to))) return;
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
    breakLink: (left, right, lateMs) => {
      const link = links.get(pairOf(left, right));
      if (link !== undefined) breakNow(link, lateMs);
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
