import type { EventEmitter } from "eventemitter3";
import type { CoordError } from "../coord-error.ts";
import type { Acl, Stat } from "../protocol/records.ts";
import type { ClientInfo } from "../protocol/responses.ts";
import type { DataCodec } from "./codecs.ts";
import type { CreateMode } from "./create-mode.ts";
import type { SessionEvents, SessionState } from "../core/client/session-state.ts";
import type { Transaction } from "./transaction.ts";
import type { WatchCallback, WatchEvent } from "../core/client/watch-registry.ts";

/** The content of a node: bytes, text as UTF-8, or nothing. */
export type Data = Uint8Array | string | null;

/** How long a caller waits, and how he gives up before. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: as long as the session lives. */
  readonly timeoutMs?: number | undefined;
}

/** What kind of node is created, and who may do what with it. */
export interface CreateOptions extends CallOptions {
  /** Default `persistent`. */
  readonly mode?: CreateMode;
  /** Default: everybody may do everything. */
  readonly acl?: readonly Acl[];
}

/** How a node is created whose answer may be lost. */
export interface ProtectedCreateOptions extends CreateOptions {
  /**
   * The name gets a mark of this call, `_c_` + UUID + `-` as Curator's do, by which the node is found again when the
   * connection breaks before the answer, so that one is made and no second one. Default false.
   */
  readonly isProtected?: boolean;
}

/** Which version a node must have for a write. */
export interface VersionOptions extends CallOptions {
  /** The version that the node must have, default -1, which is any. */
  readonly version?: number;
}

/** Who hears of the next change to what was read. */
export interface WatchOptions extends CallOptions {
  /** Called once, when what was read changes, or on the next `deleted`. */
  readonly watch?: WatchCallback;
}

/** A node as it was when it was created. Its path has the number of a sequential one. */
export interface Created {
  readonly path: string;
  readonly stat: Stat;
}

/** What a node holds. */
export interface NodeData {
  /** Empty for a node without data. */
  readonly data: Uint8Array;
  readonly stat: Stat;
}

/** One read of a `multiRead`. */
export type MultiReadItem = { readonly get: string } | { readonly children: string };

/** What each read of a `multiRead` gives, in its place. */
export type MultiReadResults<Reads extends readonly MultiReadItem[]> = {
  readonly [K in keyof Reads]: (Reads[K] extends { readonly get: string } ? NodeData : readonly string[]) | CoordError;
};

/** A change at or below a path; `resync` says that the connection was away and changes may have been missed. */
export type WatchedChange = WatchEvent | { readonly type: "resync"; readonly path: string };

/** Subscribing is public, emitting is not. */
export type EventSource<Events extends object> = Pick<EventEmitter<Events>, "on" | "once" | "off">;

/**
 * A session with a ZooKeeper ensemble, ours or Apache's. Calls are answered in their order, also while the connection
 * is away: they wait for the next one. Reads that were on their way when it broke are asked again; writes reject with
 * `connection-lost`, since they may have happened.
 */
export interface Session extends AsyncDisposable {
  readonly events: EventSource<SessionEvents>;
  readonly state: SessionState;
  /** 0n before the first connection. */
  readonly id: bigint;
  /** As negotiated. */
  readonly timeoutMs: number;
  /** The newest position that a server has shown to this session. */
  readonly lastZxid: bigint;

  create(path: string, data?: Data, options?: ProtectedCreateOptions): Promise<Created>;
  delete(path: string, options?: VersionOptions): Promise<void>;
  exists(path: string, options?: WatchOptions): Promise<Stat | undefined>;
  get(path: string, options?: WatchOptions): Promise<NodeData>;
  /** The content as a value. */
  getAs<Value>(path: string, codec: DataCodec<Value>, options?: WatchOptions): Promise<Value>;
  set(path: string, data: Data, options?: VersionOptions): Promise<Stat>;
  /** Names, in no order. */
  children(path: string, options?: WatchOptions): Promise<readonly string[]>;
  getAcl(path: string, options?: CallOptions): Promise<{ readonly acl: readonly Acl[]; readonly stat: Stat }>;
  /** `version` is the version of the list, `stat.aversion`. */
  setAcl(path: string, acl: readonly Acl[], options?: VersionOptions): Promise<Stat>;
  /** After it, what this session reads is at least as new as everything that ended before the call. */
  sync(path?: string, options?: CallOptions): Promise<void>;
  transaction(): Transaction;
  /** Several reads of one moment. Each has its own result, or the error that it met. */
  multiRead<const Reads extends readonly MultiReadItem[]>(
    reads: Reads,
    options?: CallOptions,
  ): Promise<MultiReadResults<Reads>>;
  /** Paths of this session's ephemeral nodes below `prefix`. */
  ephemerals(prefix?: string, options?: CallOptions): Promise<readonly string[]>;
  /** Number of all descendants. */
  descendantCount(path: string, options?: CallOptions): Promise<number>;
  whoAmI(options?: CallOptions): Promise<readonly ClientInfo[]>;
  /** Authenticates, now and after each reconnection. `digest` takes `user:password`. A refusal ends the session. */
  addAuth(scheme: string, credential: string): void;
  /** The servers, one a line, and the version of that list. */
  config(options?: WatchOptions): Promise<NodeData>;
  reconfig(change: ReconfigChange, options?: CallOptions): Promise<NodeData>;

  /**
   * Every change at a path, with `recursive` below it too, from the moment in which iteration begins until it is left.
   * After a reconnection a `resync` comes first: read again what matters. At most `bufferMax` changes wait for a slow
   * reader; beyond it they become one `resync`. Servers before 3.6 know no such watch: there it is made of one-shot
   * watches, several changes may come as one, and `recursive` reads the whole subtree at its beginning.
   */
  watch(path: string, options?: PersistentWatchOptions): AsyncIterable<WatchedChange>;

  /** Takes back a one-shot watch that nobody waits for any more. */
  unwatch(path: string, callback: WatchCallback): void;

  /** Creates what is missing on the way to `path` and the node itself, empty. */
  ensurePath(path: string, options?: Pick<CreateOptions, "acl" | "signal" | "timeoutMs">): Promise<void>;
  /** Sets the content, creating the node when there is none. */
  createOrSet(path: string, data: Data, options?: CreateOptions): Promise<void>;
  /** Deletes a node and everything below it, in as many transactions as it takes. It may fail half-way. */
  deleteRecursive(path: string, options?: CallOptions): Promise<void>;

  /** Settles when a server has taken the session; rejects when none ever will. */
  connected(options?: CallOptions): Promise<void>;
  /** Ends the session: its ephemeral nodes go at once. Calling it twice is harmless. */
  close(): Promise<void>;
}

/** How much of the tree a persistent watch sees. */
export interface PersistentWatchOptions {
  /** Begins with a `resync`, once the server has taken the watch: whoever reads then misses nothing. Default false. */
  readonly initial?: boolean;
  readonly recursive?: boolean;
  readonly signal?: AbortSignal;
  /** Default 10 000. */
  readonly bufferMax?: number;
}

/** What is to change among the servers of an ensemble. */
export interface ReconfigChange {
  readonly joining?: string;
  readonly leaving?: string;
  readonly newMembers?: string;
  /** Version that the configuration must have; default: any. */
  readonly fromVersion?: bigint;
}
