import { EventEmitter } from "eventemitter3";
import type { EventSource, NodeData, Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { childPath } from "../core/zookeeper-path.ts";
import { hasCode } from "./recipe-options.ts";
import { childrenOf } from "./steps.ts";

/** What has changed in a cache. Deleted and created again at once is `changed`, with another `czxid`. */
export type CacheChange =
  | { readonly type: "added" | "changed"; readonly path: string; readonly node: NodeData }
  | { readonly type: "removed"; readonly path: string };

/** What a cache tells of: each change, after `nodes` shows it. */
export interface CacheEvents {
  change: [change: CacheChange];
}

/** How much of the tree a cache follows. */
export interface CacheOptions {
  /** `node`: the node alone; `children`: with its children; `tree`: with everything below. Default `tree`. */
  readonly scope?: "node" | "children" | "tree";
  /** Nodes that are kept, default 100000; a tree that has more ends the cache with `overloaded`. */
  readonly nodesMax?: number;
}

/**
 * A copy of a part of the tree, kept up to date. What it shows was true once, in an order that happened; it may be
 * behind, by more while the connection is away. After a break it reads everything again, so it converges.
 */
export interface NodeCache extends AsyncDisposable {
  readonly events: EventSource<CacheEvents>;
  /** Settles when everything was read for the first time; rejects when that fails. */
  readonly ready: Promise<void>;
  /** Settles when it is kept up to date no longer: with the reason, or undefined after `close`. */
  readonly stopped: Promise<CoordError | undefined>;
  get(path: string): NodeData | undefined;
  /** All nodes, by path. */
  readonly nodes: ReadonlyMap<string, NodeData>;
  close(): Promise<void>;
}

const depths = { node: 0, children: 1, tree: Number.POSITIVE_INFINITY } as const;
/** Reads that are under way together. */
const readsMax = 200;

class WatchedCache implements NodeCache {
  readonly events: EventEmitter<CacheEvents> = new EventEmitter<CacheEvents>();
  readonly nodes: Map<string, NodeData> = new Map<string, NodeData>();
  readonly ready: Promise<void>;
  readonly stopped: Promise<CoordError | undefined>;
  readonly #session: Session;
  readonly #root: string;
  readonly #depthMax: number;
  readonly #nodesMax: number;
  readonly #stop = new AbortController();
  #failure: CoordError | undefined;

  constructor(session: Session, root: string, { scope = "tree", nodesMax = 100_000 }: CacheOptions) {
    this.#session = session;
    this.#root = root;
    this.#depthMax = depths[scope];
    this.#nodesMax = nodesMax;
    let settle: { readonly resolve: () => void; readonly reject: (error: CoordError) => void } | undefined;
    this.ready = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    // Whoever does not wait for it hears of the failure by `stopped`.
    this.ready.catch(() => undefined);
    this.stopped = this.#follow(() => settle?.resolve()).then(
      () => undefined,
      (thrown: unknown) => {
        return this.#failure ?? (this.#stop.signal.aborted ? undefined : CoordError.from(thrown, "system-error"));
      },
    );
    void this.stopped.then((error) => {
      settle?.reject(error ?? new CoordError("closed", `cache ${root}: closed before it was ready`, { path: root }));
    });
  }

  get(path: string): NodeData | undefined {
    return this.nodes.get(path);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #follow(onReady: () => void): Promise<void> {
    const { signal } = this.#stop;
    const recursive = this.#depthMax > 0;
    const reads = new Set<Promise<void>>();
    for await (const { type, path } of this.#session.watch(this.#root, { recursive, initial: true, signal })) {
      if (type === "resync") {
        await Promise.all(reads);
        await this.#readAll();
        onReady();
      } else if (this.#depthOf(path) <= this.#depthMax && type !== "childrenChanged") {
        // Answers come in the order of the questions, each newer than the one before.
        const reading: Promise<void> = this.#read(path).then(
          () => void reads.delete(reading),
          (thrown: unknown) => {
            this.#failure ??= CoordError.from(thrown, "system-error");
            this.#stop.abort();
          },
        );
        reads.add(reading);
        if (reads.size >= readsMax) await Promise.race(reads);
      }
    }
  }

  #depthOf(path: string): number {
    if (path === this.#root) return 0;
    const below = this.#root === "/" ? path : path.slice(this.#root.length);
    return below.split("/").length - 1;
  }

  async #readAll(): Promise<void> {
    const seen = new Set<string>();
    let level = [this.#root];
    for (let depth = 0; level.length > 0; depth += 1) {
      const next: string[] = [];
      for (let start = 0; start < level.length; start += readsMax) {
        const chunk = level.slice(start, start + readsMax);
        await Promise.all(
          chunk.map(async (path) => {
            if (!(await this.#read(path))) return;
            seen.add(path);
            if (depth >= this.#depthMax) return;
            for (const name of await childrenOf(this.#session, path)) next.push(childPath(path, name));
          }),
        );
      }
      level = next;
    }
    for (const path of this.nodes.keys()) if (!seen.has(path)) this.#remove(path);
  }

  /** Whether it is there. */
  async #read(path: string): Promise<boolean> {
    let node: NodeData;
    try {
      node = await this.#session.get(path, { signal: this.#stop.signal });
    } catch (thrown) {
      if (!hasCode(thrown, "no-node")) throw thrown;
      this.#remove(path);
      return false;
    }
    const old = this.nodes.get(path);
    // By zxid, since a node that was deleted and made again has its old version.
    if (old?.stat.mzxid === node.stat.mzxid && old.stat.czxid === node.stat.czxid) return true;
    if (old === undefined && this.nodes.size >= this.#nodesMax) {
      throw new CoordError("overloaded", `cache ${this.#root}: more than ${this.#nodesMax} nodes`, {
        path: this.#root,
      });
    }
    this.nodes.set(path, node);
    this.#tell({ type: old === undefined ? "added" : "changed", path, node });
    return true;
  }

  #remove(path: string): void {
    if (this.nodes.delete(path)) this.#tell({ type: "removed", path });
  }

  /** In a turn of its own, so that a listener that throws cannot end the cache. */
  #tell(change: CacheChange): void {
    queueMicrotask(() => this.events.emit("change", change));
  }
}

/**
 * Keeps a copy of a node, of a node and its children, or of a tree.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createCache } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * await session.create("/app", "settings");
 * const cache = createCache(session, "/app");
 * await cache.ready;
 * console.log(String.fromCharCode(...(cache.get("/app")?.data ?? []))); // => settings
 * await cache.close();
 * await session.close();
 * await server.close();
 * ```
 */
export function createCache(session: Session, root: string, options: CacheOptions = {}): NodeCache {
  return new WatchedCache(session, root, options);
}
