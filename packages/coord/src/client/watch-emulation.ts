import { CoordError, type CoordErrorCode } from "../coord-error.ts";
import type { WatchEvent } from "../core/client/watch-registry.ts";
import { childPath } from "../core/zookeeper-path.ts";
import type { Stat } from "../protocol/records.ts";
import type { Session } from "./session.ts";

/** What it takes of a session. */
export type WatchedReads = Pick<Session, "exists" | "children" | "unwatch">;

export interface EmulationParts {
  readonly path: string;
  readonly recursive: boolean;
  readonly signal: AbortSignal | undefined;
  /** After these a read is made again. */
  readonly passing: readonly CoordErrorCode[];
  readonly push: (event: WatchEvent) => void;
  /** It cannot go on: the session is over, or the server answers what cannot be. */
  readonly fail: (thrown: unknown) => void;
}

/**
 * A persistent watch made of one-shot watches, for servers before 3.6, which know no other. Settles when all are set.
 *
 * A one-shot watch is set again by the read that follows its event, and what this read shows is compared with what was
 * known: changes in between come as one, and none is missed. A node of a recursive watch has a data watch, which tells of
 * its changes and its end, and a child watch, which tells of nodes that come.
 */
export async function emulateWatch(session: WatchedReads, parts: EmulationParts): Promise<Disposable> {
  const emulation = new Emulation(session, parts);
  try {
    await emulation.start();
  } catch (thrown) {
    emulation[Symbol.dispose]();
    throw thrown;
  }
  return emulation;
}

class Emulation implements Disposable {
  readonly #session: WatchedReads;
  readonly #parts: EmulationParts;
  /** Nodes that are there, as they were read last. Undefined: there, and not read yet. */
  readonly #known = new Map<string, Stat | undefined>();
  /** The latest read of each node. An event that comes with its answer is seen before the answer, and makes it stale. */
  readonly #reading = new Map<string, symbol>();
  /** Paths at which this one's watches wait. */
  readonly #watched = new Set<string>();
  /** Before, what is found is not news. */
  #isStarted = false;
  #isOver = false;

  constructor(session: WatchedReads, parts: EmulationParts) {
    this.#session = session;
    this.#parts = parts;
  }

  async start(): Promise<void> {
    await this.#look(this.#parts.path);
    this.#isStarted = true;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const path of this.#watched) this.#forget(path);
  }

  readonly #push = (type: WatchEvent["type"], path: string): void => {
    // The service does not tell a recursive watch of lists that change: it tells of the nodes.
    if (!this.#isStarted || (this.#parts.recursive && type === "childrenChanged")) return;
    this.#parts.push({ type, path });
  };

  readonly #onNode = ({ type, path }: WatchEvent): void => {
    this.#reading.delete(path);
    if (this.#isOver) return;
    if (type === "deleted") {
      this.#end(path);
      // A node that comes again is found by its parent's list; the root has no parent here.
      if (path !== this.#parts.path) return this.#forget(path);
    } else if (type === "created") {
      this.#known.set(path, undefined);
      this.#push("created", path);
    } else {
      this.#push(type, path);
    }
    this.#goOn(this.#look(path));
  };

  readonly #onChildren = ({ type, path }: WatchEvent): void => {
    // The data watch says the same of the end.
    if (this.#isOver || type === "deleted") return;
    this.#push("childrenChanged", path);
    this.#goOn(this.#list(path));
  };

  #goOn(step: Promise<void>): void {
    step.catch((thrown: unknown) => {
      if (!this.#isOver) this.#parts.fail(thrown);
    });
  }

  #end(path: string): void {
    if (!this.#known.delete(path)) return;
    this.#push("deleted", path);
  }

  /** Reads a node and sets its watch; what is not as it was known is told. */
  async #look(path: string): Promise<void> {
    const { signal } = this.#parts;
    const reading = Symbol(path);
    this.#reading.set(path, reading);
    const stat = await this.#again(() => this.#session.exists(path, { watch: this.#onNode, signal }));
    if (this.#isOver) return this.#session.unwatch(path, this.#onNode);
    if (this.#reading.get(path) !== reading) return;
    this.#reading.delete(path);
    this.#watched.add(path);
    if (stat === undefined) {
      this.#end(path);
      // A node that comes again is found by its parent's list.
      if (path !== this.#parts.path) this.#forget(path);
      return;
    }
    const before = this.#known.get(path);
    const isAnother = before !== undefined && before.czxid !== stat.czxid;
    if (isAnother) this.#end(path);
    if (!this.#known.has(path)) this.#push("created", path);
    this.#known.set(path, stat);
    // Children of a node that is seen for the first time have no watch.
    if (before === undefined || isAnother) await this.#list(path);
  }

  /** Sets the watch for children; with `recursive` all that were not known are looked at. */
  async #list(path: string): Promise<void> {
    const { signal } = this.#parts;
    let names: readonly string[];
    try {
      names = await this.#again(() => this.#session.children(path, { watch: this.#onChildren, signal }));
    } catch (thrown) {
      // Its data watch tells of the end.
      if (thrown instanceof CoordError && thrown.code === "no-node") return;
      throw thrown;
    }
    if (this.#isOver) return this.#session.unwatch(path, this.#onChildren);
    this.#watched.add(path);
    if (!this.#parts.recursive) return;
    const unknown = names.map((name) => childPath(path, name)).filter((child) => !this.#known.has(child));
    for (const child of unknown) {
      this.#known.set(child, undefined);
      this.#push("created", child);
    }
    await Promise.all(unknown.map((child) => this.#look(child)));
  }

  #forget(path: string): void {
    this.#watched.delete(path);
    this.#session.unwatch(path, this.#onNode);
    this.#session.unwatch(path, this.#onChildren);
  }

  async #again<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await read();
      } catch (thrown) {
        // The next call waits for a connection, or for the next session.
        const { passing } = this.#parts;
        if (!(thrown instanceof CoordError) || !passing.includes(thrown.code) || this.#isOver) throw thrown;
      }
    }
  }
}
