import type { LinkId } from "../core/effects.ts";
import type { NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";

/** What a replica wants to hear from its transport. Calls come one at a time, never from inside `send`. */
export interface TransportListener {
  linkUp(peer: NodeId, link: LinkId): void;
  linkDown(peer: NodeId, link: LinkId): void;
  message(peer: NodeId, link: LinkId, message: ReplicaMessage): void;
}

/**
 * FIFO links between members. A link delivers what was sent on it in order and without holes, or it breaks; a link
 * that comes back has a new number.
 */
export interface Transport {
  /** Name of the ensemble whose members it links: a directory of another is refused. "" where there is none. */
  readonly cluster?: string;
  /** Joins as `id` and keeps links to `peers` until closed. */
  attach(id: NodeId, peers: readonly NodeId[], listener: TransportListener): TransportPort;
}

/** An open transport. */
export interface TransportPort {
  /** Dropped when that link is gone, of which the listener hears by `linkDown`. Without a link: on any there is. */
  send(peer: NodeId, link: LinkId | undefined, message: ReplicaMessage): void;
  /** Keeps links to exactly these from now on. Links to others end, of which the listener hears. */
  setPeers(peers: readonly NodeId[]): void;
  close(): Promise<void>;
}
