import { keepDialing, LinkError, listenForLinks, type Link, type LinkOptions, type LinkServer } from "@tutti/link";
import type { LinkId } from "../core/effects.ts";
import type { NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import { ConsensusError } from "../consensus-error.ts";
import type { Transport, TransportListener, TransportPort } from "../ports/transport.ts";
import {
  decodeMessage,
  encodeMessage,
  oldestVersionFor,
  oldestWireVersion,
  wireVersion,
} from "../wire/replica-codec.ts";
import { FragmentJoiner, fragmentsOf, wholeMark } from "./fragments.ts";

/** Where a member takes links from the others. */
export interface MemberAddress {
  readonly host: string;
  readonly port: number;
}

/** PEM texts: this member's certificate and key, and the authorities that the others' certificates must come from. */
export interface TransportTls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  readonly ca: string | Uint8Array;
}

/** What a refused or broken link was about, for logs and metrics. The transport goes on trying. */
export interface LinkProblem {
  /** The member, where it is known. */
  readonly peer: NodeId | undefined;
  /** `wrong-secret`, `wrong-cluster`, `connect-failed`, `silent`, `overflow` … */
  readonly code: string;
  readonly message: string;
}

/** Who a member is to the others, where it listens, and how it is believed. */
export interface TcpTransportOptions {
  /** Number of this member. */
  readonly id: NodeId;
  /** Where to listen. Port 0 takes a free one. Anything but loopback needs a secret or TLS. */
  readonly listen: MemberAddress;
  /** Where the others listen; looked at again before every attempt to reach one. */
  readonly addressOf: (member: NodeId) => MemberAddress | undefined;
  /** Name of the ensemble: members and directories of another are refused. Default: none, which goes with every other member. */
  readonly cluster?: string;
  /** Known to all members and to nobody else. At least 16 bytes. */
  readonly secret?: Uint8Array;
  readonly tls?: TransportTls;
  /** Allows to listen beyond loopback without secret and TLS. Default false. */
  readonly isNetworkTrusted?: boolean;
  /** Bytes that may wait for one member, snapshots aside; then its link breaks, and it comes into step anew. Default 64 MiB. */
  readonly unsentBytesMax?: number;
  /** Largest message, which is a chunk of a snapshot. Default 256 MiB. */
  readonly messageBytesMax?: number;
  /** Silence on a link after which it is taken for dead. Default 4 000. */
  readonly silenceMs?: number;
  readonly onProblem?: (problem: LinkProblem) => void;
}

/** Links over TCP or TLS, one for each pair of members; the one with the larger number dials. */
export interface TcpTransport extends Transport, AsyncDisposable {
  /** Where this member listens. */
  readonly address: MemberAddress;
  /** Also done by the replica that uses it, when that is closed. */
  close(): Promise<void>;
}

const protocolName = "tutti-zab";
const secretBytesMin = 16;
/** Links to members that this one does not know: of an ensemble that changed while it was away, or that it has left. */
const guestsMax = 64;
/** How long the smaller of two numbers waits to be dialed. */
const patienceMs = 1000;
const loopback = /^(127\.|::1$|localhost$|::ffff:127\.)/;

/**
 * Listens for the other members. Rejects with `listen-failed` or `invalid-options`.
 *
 * ```ts
 * import { createTcpTransport } from "@tutti/consensus";
 *
 * const transport = await createTcpTransport({
 *   id: 1,
 *   listen: { host: "127.0.0.1", port: 0 },
 *   addressOf: () => undefined, // member 1 is alone for now
 * });
 * console.log(transport.address.host); // => 127.0.0.1
 * await transport.close();
 * ```
 */
export function createTcpTransport(options: TcpTransportOptions): Promise<TcpTransport> {
  return openTcpTransport(options, wireVersion);
}

/** As a member speaks that was not upgraded yet. */
export async function openTcpTransport(options: TcpTransportOptions, version: number): Promise<TcpTransport> {
  checkOptions(options);
  const hub = new LinkHub(options, {}, version);
  try {
    await hub.listen();
  } catch (thrown) {
    throw ConsensusError.from(thrown, "listen-failed");
  }
  const close = (): Promise<void> => hub.close();
  return {
    cluster: options.cluster ?? "",
    address: hub.address,
    attach: (id, peers, listener) => hub.attach(id, peers, listener),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The transport over sockets of another kind than the system's, which is listening when the promise settles. */
export function createHubTransport(
  options: TcpTransportOptions,
  link: Pick<LinkOptions, "host" | "heartbeatMs" | "helloTimeoutMs">,
): { readonly transport: Transport; readonly listening: Promise<void> } {
  const hub = new LinkHub(options, link);
  return { transport: hub, listening: hub.listen() };
}

function checkOptions({ id, listen, secret, tls, isNetworkTrusted = false }: TcpTransportOptions): void {
  const problems: string[] = [];
  if (!Number.isSafeInteger(id) || id < 1) problems.push(`id ${id} is not a positive integer`);
  if (secret !== undefined && secret.length < secretBytesMin) {
    problems.push(`the secret has ${secret.length} bytes, fewer than ${secretBytesMin}`);
  }
  if (secret === undefined && tls === undefined && !isNetworkTrusted && !loopback.test(listen.host)) {
    problems.push(`${listen.host} is not loopback: give a secret, TLS, or isNetworkTrusted`);
  }
  if (problems.length > 0) throw new ConsensusError("invalid-options", problems.join("; "));
}

interface Present {
  readonly link: Link;
  readonly id: LinkId;
  /** In which both ends talk. */
  readonly version: number;
  /** Bytes of snapshots that have not left; they are bounded by the state, not by time. */
  snapshotBytes: number;
}

class LinkHub implements Transport, TransportPort {
  readonly #options: TcpTransportOptions;
  readonly #linkOptions: LinkOptions;
  readonly #unsentBytesMax: number;
  readonly #messageBytesMax: number;
  readonly #present: Map<NodeId, Present> = new Map<NodeId, Present>();
  /** By member with a smaller number: how to stop dialing it. */
  readonly #dialing: Map<NodeId, AbortController> = new Map<NodeId, AbortController>();
  #server: LinkServer | undefined;
  #peers: ReadonlySet<NodeId> = new Set();
  #listener: TransportListener | undefined;
  #linkCount = 0;

  constructor(options: TcpTransportOptions, link: Partial<LinkOptions> = {}, version: number = wireVersion) {
    this.#options = options;
    const { id, cluster = "", secret, tls, silenceMs } = options;
    this.#unsentBytesMax = options.unsentBytesMax ?? 64 * 1024 * 1024;
    this.#messageBytesMax = options.messageBytesMax ?? 256 * 1024 * 1024;
    this.#linkOptions = {
      identity: { protocol: protocolName, version, oldestVersion: oldestWireVersion, cluster, node: String(id) },
      secret,
      tls: tls === undefined ? undefined : { cert: pem(tls.cert), key: pem(tls.key), ca: pem(tls.ca) },
      unsentBytesMax: Number.MAX_SAFE_INTEGER,
      ...(silenceMs === undefined ? {} : { silenceMs }),
      ...link,
    };
  }

  get address(): MemberAddress {
    return this.#server?.address ?? this.#options.listen;
  }

  async listen(): Promise<void> {
    this.#server = await listenForLinks(this.#options.listen, {
      ...this.#linkOptions,
      admit: ({ node }) => {
        const peer = Number(node);
        if (this.#listener === undefined) return "not ready yet";
        if (!Number.isSafeInteger(peer) || peer < 1 || peer === this.#options.id)
          return `${node} is not another member`;
        return this.#refusalOf(peer);
      },
      onLink: (link) => void this.#add(Number(link.peer.node), link),
      onFailure: ({ code, message }) => this.#tell({ peer: undefined, code, message }),
    });
  }

  /**
   * Who knows the other dials: of two that know each other the larger number, and the smaller one too when it has waited in
   * vain. A member that was away while others came does not know them, and they may have to reach it.
   */
  #refusalOf(peer: NodeId): string | undefined {
    if (this.#peers.has(peer)) {
      const isOurs = peer < this.#options.id && this.#present.has(peer);
      return isOurs ? `${this.#options.id} dials ${peer}` : undefined;
    }
    let guests = 0;
    for (const present of this.#present.keys()) if (!this.#peers.has(present)) guests += 1;
    return guests < guestsMax ? undefined : `${guestsMax} strangers are linked already`;
  }

  attach(id: NodeId, peers: readonly NodeId[], listener: TransportListener): TransportPort {
    if (id !== this.#options.id) {
      throw new ConsensusError("invalid-options", `the transport of member ${this.#options.id} was given to ${id}`);
    }
    this.#listener = listener;
    this.setPeers(peers);
    return this;
  }

  setPeers(peers: readonly NodeId[]): void {
    this.#peers = new Set(peers);
    for (const [peer, dialing] of this.#dialing) {
      if (this.#peers.has(peer)) continue;
      dialing.abort();
      this.#dialing.delete(peer);
    }
    for (const [peer, { link }] of this.#present) if (!this.#peers.has(peer)) link.close();
    for (const peer of peers) if (!this.#dialing.has(peer)) void this.#keep(peer);
  }

  send(peer: NodeId, wanted: LinkId | undefined, message: ReplicaMessage): void {
    const present = this.#present.get(peer);
    if (present === undefined || (wanted !== undefined && wanted !== present.id)) return;
    if (present.version < wireVersion && present.version < oldestVersionFor(message)) {
      // It would take it for something else. Without this member the others go on, and so does it once it is upgraded.
      const reason = new LinkError("wrong-version", `member ${peer} does not understand ${message.kind} as it is now`);
      queueMicrotask(() => present.link.destroy(reason));
      return;
    }
    const bytes = encodeMessage(message, wholeMark);
    if (message.kind === "snap" || message.kind === "state") present.snapshotBytes += bytes.length;
    else if (present.link.unsentBytes - present.snapshotBytes > this.#unsentBytesMax) {
      const reason = new LinkError("overflow", `more than ${this.#unsentBytesMax} bytes wait for member ${peer}`);
      queueMicrotask(() => present.link.destroy(reason));
      return;
    }
    for (const fragment of fragmentsOf(bytes)) present.link.send(fragment);
  }

  async close(): Promise<void> {
    this.#listener = undefined;
    for (const dialing of this.#dialing.values()) dialing.abort();
    for (const { link } of this.#present.values()) link.close();
    this.#present.clear();
    await this.#server?.close();
  }

  async #keep(peer: NodeId): Promise<void> {
    const dialing = new AbortController();
    const { signal } = dialing;
    this.#dialing.set(peer, dialing);
    const { addressOf } = this.#options;
    const address = (): MemberAddress => addressOf(peer) ?? { host: "127.0.0.1", port: 0 };
    const isLarger = peer > this.#options.id;
    await keepDialing(
      address,
      this.#linkOptions,
      {
        ...(isLarger ? { mayDial: () => !this.#present.has(peer), firstMs: patienceMs, retryMsMin: patienceMs } : {}),
        onLink: (link) => this.#add(peer, link),
        onFailure: ({ code, message }) => this.#tell({ peer, code, message }),
      },
      signal,
    );
  }

  /** Settles when the link is over. A peer that comes again has given up its old link, whether we heard so or not. */
  async #add(peer: NodeId, link: Link): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined || Number(link.peer.node) !== peer) {
      link.destroy();
      return;
    }
    this.#present.get(peer)?.link.destroy(new LinkError("closed", "the member has made a new link"));
    this.#linkCount += 1;
    const version = Math.min(this.#linkOptions.identity.version, link.peer.version);
    const present: Present = { link, id: this.#linkCount, version, snapshotBytes: 0 };
    const joiner = new FragmentJoiner(this.#messageBytesMax);
    this.#present.set(peer, present);
    const isPresent = (): boolean => this.#present.get(peer) === present;
    await new Promise<void>((resolve) => {
      link.listen({
        frame: (frame) => {
          if (!isPresent()) return;
          const bytes = joiner.add(frame);
          if (bytes !== undefined) listener.message(peer, present.id, decodeMessage(bytes));
        },
        drained: () => {
          present.snapshotBytes = 0;
        },
        down: ({ code, message }) => {
          resolve();
          if (!isPresent()) return;
          this.#present.delete(peer);
          this.#tell({ peer, code, message });
          listener.linkDown(peer, present.id);
        },
      });
      listener.linkUp(peer, present.id);
    });
  }

  #tell(problem: LinkProblem): void {
    if (this.#listener !== undefined) this.#options.onProblem?.(problem);
  }
}

function pem(value: string | Uint8Array): Buffer | string {
  return typeof value === "string" ? value : Buffer.from(value);
}
