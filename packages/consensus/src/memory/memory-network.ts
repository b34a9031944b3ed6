import type { NodeId } from "../core/entry.ts";
import type { LinkId } from "../core/effects.ts";
import type { Transport, TransportListener } from "../ports/transport.ts";

/** Links between replicas of one process, with a switch for each pair. */
export interface MemoryNetwork {
  readonly transport: Transport;
  /** Breaks the link between two members and keeps it broken. */
  cut(left: NodeId, right: NodeId): void;
  /** Lets two members link again. */
  mend(left: NodeId, right: NodeId): void;
}

interface Member {
  readonly listener: TransportListener;
  peers: ReadonlySet<NodeId>;
  readonly links: Map<NodeId, LinkId>;
}

function pairOf(left: NodeId, right: NodeId): string {
  return left < right ? `${left}-${right}` : `${right}-${left}`;
}

/**
 * A network in memory: FIFO, without loss until it is cut. For tests, examples, and ensembles inside one process.
 *
 * ```ts
 * import { createMemoryDisk, createMemoryNetwork, openReplica, zab } from "@tutti/consensus";
 *
 * const network = createMemoryNetwork();
 * const machine = { apply: () => new Uint8Array(), *snapshot() {}, restore: () => {} };
 * const open = (id: number) =>
 *   openReplica({ id, members: [1, 2, 3], protocol: zab(), machine, storage: createMemoryDisk(), transport: network.transport });
 * const replicas = await Promise.all([1, 2, 3].map(open));
 * await replicas[0]?.propose(new Uint8Array()); // reaches the leader over the network, whoever it is
 * console.log(replicas.filter((replica) => replica.status().role === "leading").length); // => 1
 * for (const replica of replicas) await replica.close();
 * ```
 */
export function createMemoryNetwork(): MemoryNetwork {
  const members = new Map<NodeId, Member>();
  const cuts = new Set<string>();
  let linkCount = 0;
  let queue: (() => void)[] = [];

  // Deliveries take turns with timers and I/O: chains of microtasks would starve both.
  const later = (delivery: () => void): void => {
    queue.push(delivery);
    if (queue.length > 1) return;
    setImmediate(() => {
      const due = queue;
      queue = [];
      for (const deliver of due) deliver();
    });
  };
  const link = (left: NodeId, right: NodeId): void => {
    const [one, other] = [members.get(left), members.get(right)];
    if (one === undefined || other === undefined || cuts.has(pairOf(left, right))) return;
    // One of the two is enough: a member that was away while others came does not know them.
    if (!(one.peers.has(right) || other.peers.has(left)) || one.links.has(right)) return;
    linkCount += 1;
    const id = linkCount;
    one.links.set(right, id);
    other.links.set(left, id);
    later(() => one.listener.linkUp(right, id));
    later(() => other.listener.linkUp(left, id));
  };
  const unlink = (left: NodeId, right: NodeId): void => {
    for (const [node, peer] of [
      [left, right],
      [right, left],
    ] as const) {
      const member = members.get(node);
      const id = member?.links.get(peer);
      if (member === undefined || id === undefined) continue;
      member.links.delete(peer);
      later(() => member.listener.linkDown(peer, id));
    }
  };
  const transport: Transport = {
    attach: (id, peers, listener) => {
      const member: Member = { listener, peers: new Set(peers), links: new Map() };
      members.set(id, member);
      for (const peer of members.keys()) if (peer !== id) link(id, peer);
      return {
        send: (peer, wanted, message) => {
          const present = member.links.get(peer);
          const receiver = members.get(peer);
          if (present === undefined || receiver === undefined || (wanted !== undefined && wanted !== present)) return;
          later(() => {
            if (receiver.links.get(id) === present) receiver.listener.message(id, present, message);
          });
        },
        setPeers: (wanted) => {
          member.peers = new Set(wanted);
          for (const peer of member.links.keys()) if (!member.peers.has(peer)) unlink(id, peer);
          // Also with those that are not wanted here, and want this one.
          for (const peer of members.keys()) if (peer !== id) link(id, peer);
        },
        close: async () => {
          if (members.get(id) !== member) return;
          for (const peer of member.links.keys()) unlink(id, peer);
          members.delete(id);
        },
      };
    },
  };
  return {
    transport,
    cut: (left, right) => {
      cuts.add(pairOf(left, right));
      unlink(left, right);
    },
    mend: (left, right) => {
      cuts.delete(pairOf(left, right));
      link(left, right);
    },
  };
}
