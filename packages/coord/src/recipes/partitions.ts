import { EventEmitter } from "eventemitter3";
import type { EventSource, Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { isFinal } from "../core/client/session-state.ts";
import { childPath } from "../core/zookeeper-path.ts";
import { joinGroup } from "./group.ts";
import type { Lease } from "./lease.ts";
import { hasCode } from "./recipe-options.ts";
import { createLock, type Lock } from "./lock.ts";

/** Which partitions there are, and who a member is. */
export interface PartitionsOptions {
  /** Unique among the members. */
  readonly id: string;
  /** Names of all partitions, the same for every member. Without slashes. */
  readonly partitions: readonly string[];
}

/** What a member hears of its partitions. */
export interface PartitionsEvents {
  /** This member owns it from now on, until the lease's signal aborts or `released` comes. */
  acquired: [partition: string, lease: Lease];
  /** It was lost or is given back: others may own it from now on. */
  released: [partition: string];
}

/** The partitions that one member owns, for as long as it does. */
export interface Partitions extends AsyncDisposable {
  readonly events: EventSource<PartitionsEvents>;
  /** What this member owns now, each with its fencing token: the generation of the ownership. */
  owned(): ReadonlyMap<string, Lease>;
  /** Settles when it takes part no longer: with the reason, or undefined after `close`. */
  readonly stopped: Promise<CoordError | undefined>;
  /** Leaves, and gives everything back. */
  close(): Promise<void>;
}

interface Holding {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Which member should have a partition: all agree once they see the same members. While they do not, the lock of the
 * partition decides, so that it never has two owners; at worst it has none for a moment.
 */
function isFor(index: number, id: string, members: readonly string[]): boolean {
  return members[index % members.length] === id;
}

/**
 * Shares out partitions among the members of a group, again whenever one comes or goes.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { joinPartitions } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const mine = await joinPartitions(session, "/shards", { id: "ann", partitions: ["a", "b"] });
 * await new Promise<void>((resolve) => mine.events.on("acquired", () => mine.owned().size === 2 && resolve()));
 * console.log([...mine.owned().keys()].sort()); // => [ 'a', 'b' ]
 * await mine.close();
 * await session.close();
 * await server.close();
 * ```
 */
export async function joinPartitions(
  session: Session,
  path: string,
  { id, partitions }: PartitionsOptions,
): Promise<Partitions> {
  if (new Set(partitions).size !== partitions.length || partitions.some((name) => name === "" || name.includes("/"))) {
    throw new CoordError("invalid-options", "partitions must have different names without slashes", { path });
  }
  const group = await joinGroup(session, childPath(path, "members"), { id });
  const events = new EventEmitter<PartitionsEvents>();
  const owned = new Map<string, Lease>();
  const holdings = new Map<string, Holding>();
  const onAcquired = (partition: string, lease: Lease): void => {
    owned.set(partition, lease);
    queueMicrotask(() => events.emit("acquired", partition, lease));
  };
  const onReleased = (partition: string): void => {
    if (owned.delete(partition)) queueMicrotask(() => events.emit("released", partition));
  };
  let isClosed = false;
  const share = (): void => {
    if (isClosed) return;
    if (isFinal(session.state)) {
      fail(new CoordError("session-expired", `partitions ${path}: the session is over`, { path }));
      return;
    }
    const members = [...group.members().keys()].toSorted();
    for (const [index, partition] of partitions.entries()) {
      const holding = holdings.get(partition);
      const isWanted = isFor(index, id, members);
      if (!isWanted) holding?.stop.abort();
      else if (holding === undefined) {
        const stop = new AbortController();
        const lock = createLock(session, childPath(childPath(path, "partitions"), partition), { id });
        const ended = hold(session, lock, {
          stop: stop.signal,
          onAcquired: (lease) => onAcquired(partition, lease),
          onReleased: () => onReleased(partition),
        });
        holdings.set(partition, { stop, ended });
        // Once it has ended, the members may want it here again.
        ended.then(
          () => {
            holdings.delete(partition);
            share();
          },
          (thrown: unknown) => fail(CoordError.from(thrown, "system-error")),
        );
      }
    }
  };
  const end = async (): Promise<void> => {
    isClosed = true;
    group.events.off("change", share);
    for (const { stop } of holdings.values()) stop.abort();
    await Promise.allSettled([...holdings.values()].map(({ ended }) => ended));
    await group.close();
  };
  let tellStopped: (error: CoordError | undefined) => void = () => undefined;
  const stopped = new Promise<CoordError | undefined>((resolve) => {
    tellStopped = resolve;
  });
  const fail = (error: CoordError): void => {
    tellStopped(error);
    void close();
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= end().finally(() => tellStopped(undefined)));
  group.events.on("change", share);
  share();
  return { events, owned: () => owned, stopped, close, [Symbol.asyncDispose]: close };
}

interface HoldOptions {
  readonly stop: AbortSignal;
  readonly onAcquired: (lease: Lease) => void;
  readonly onReleased: () => void;
}

/** Holds one partition until told to stop, or until it is lost; ends without an error either way. */
async function hold(session: Session, lock: Lock, { stop, onAcquired, onReleased }: HoldOptions): Promise<void> {
  while (!stop.aborted && !isFinal(session.state)) {
    let lease: Lease;
    try {
      lease = await lock.acquire({ signal: stop });
    } catch (thrown) {
      // Lost its place with the session, or told to stop: the loop looks which.
      if (hasCode(thrown, "aborted", "lease-lost", "session-expired", "connection-lost", "closed")) continue;
      throw thrown;
    }
    onAcquired(lease);
    await firstAbort(stop, lease.signal);
    onReleased();
    await lease.release();
  }
}

function firstAbort(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      for (const signal of signals) signal.removeEventListener("abort", onAbort);
      resolve();
    };
    for (const signal of signals) {
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    }
  });
}
