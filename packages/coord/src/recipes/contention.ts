import type { CallOptions, Data, Session } from "../client/session.ts";
import { newMark } from "../client/protected-create.ts";
import { CoordError } from "../coord-error.ts";
import { childPath, nameOf } from "../core/zookeeper-path.ts";
import { createLease, type Lease } from "./lease.ts";
import { hasCode, type NodeNames, throwIfAborted, withLimits } from "./recipe-options.ts";
import { childrenOf, createMarkedBelow, deleteSurely, repeated, Waiter } from "./steps.ts";

/** A node in the line, apart in what it stands for and its place. */
export interface Contender {
  readonly name: string;
  /** What stands between the mark and the number: `lock-`, `__READ__` … */
  readonly kind: string;
  readonly sequence: number;
}

/** Who stands before whom. */
export interface Contention {
  readonly session: Session;
  readonly parent: string;
  /** For errors: "lock", "election". */
  readonly what: string;
  readonly names: NodeNames;
  /** The part of the name that says what is wanted, in the writing of each library. */
  readonly kind: Readonly<Record<NodeNames, string>>;
  readonly data: Data;
  /** The contender before whom one has to wait; undefined when it is one's turn. `line` ends before oneself. */
  readonly blockedBy: (line: readonly Contender[]) => Contender | undefined;
}

/** The counter is a signed 32-bit number: after the largest comes the smallest, with a sign and ten digits. */
const pattern = /^(?:_c_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-|[0-9a-f]{32})?(.*?)((?<=[-_])-\d{10}|\d{10})$/;

/** By number alone, never by the whole name: marks come first in a name and mean nothing. */
export function contendersOf(names: readonly string[]): readonly Contender[] {
  const contenders: Contender[] = [];
  for (const name of names) {
    const [, kind, sequence] = pattern.exec(name) ?? [];
    if (kind !== undefined && sequence !== undefined) contenders.push({ name, kind, sequence: Number(sequence) });
  }
  // Around the turn of the counter what is far below is later.
  return contenders.toSorted((left, right) => (left.sequence - right.sequence) | 0);
}

function markOf(names: NodeNames): string {
  return names === "curator" ? newMark() : crypto.randomUUID().replaceAll("-", "");
}

/** Stands in line until it is one's turn; then what is held is a lease. */
export function contend(contention: Contention, options: CallOptions = {}): Promise<Lease> {
  const { what, parent } = contention;
  return withLimits(options, `${what} ${parent}`, async (signal) => {
    const own = await enter(contention, signal);
    try {
      for (;;) {
        const before = await look(contention, own.path);
        if (before === undefined) return createLease(contention.session, own);
        throwIfAborted(signal, what);
        await waitUntilGone(contention, before, signal);
      }
    } catch (thrown) {
      // Whoever leaves the line takes the node along: left behind, it would stop everybody.
      await leave(contention.session, own.path);
      throw thrown;
    }
  });
}

/** One look: a lease when it is one's turn at once, undefined when somebody stands before. */
export function tryContend(contention: Contention, options: CallOptions = {}): Promise<Lease | undefined> {
  return withLimits(options, `${contention.what} ${contention.parent}`, async (signal) => {
    const own = await enter(contention, signal);
    try {
      if ((await look(contention, own.path)) === undefined) return createLease(contention.session, own);
    } catch (thrown) {
      await leave(contention.session, own.path);
      throw thrown;
    }
    await leave(contention.session, own.path);
    return undefined;
  });
}

/** A failure on the way out must not hide why one left; the session's end takes the node in any case. */
async function leave(session: Session, path: string): Promise<void> {
  await deleteSurely(session, path).catch(() => undefined);
}

async function enter(contention: Contention, signal: AbortSignal): Promise<{ path: string; czxid: bigint }> {
  const { session, parent, names, kind, data } = contention;
  const mark = markOf(names);
  const options = { mode: "ephemeralSequential" } as const;
  // Without the signal: a create that is abandoned half-way would leave its node behind.
  const { path, stat } = await createMarkedBelow(session, { parent, mark, name: kind[names] }, data, options);
  if (!signal.aborted) return { path, czxid: stat.czxid };
  await leave(session, path);
  throwIfAborted(signal, contention.what);
  return { path, czxid: stat.czxid };
}

async function look({ session, parent, what, blockedBy }: Contention, path: string): Promise<Contender | undefined> {
  const line = contendersOf(await childrenOf(session, parent));
  const place = line.findIndex(({ name }) => name === nameOf(path));
  if (place < 0) {
    throw new CoordError("lease-lost", `${what} ${parent}: the node ${nameOf(path)} is gone`, {
      path,
      operation: what,
    });
  }
  return blockedBy(line.slice(0, place));
}

async function waitUntilGone(
  { session, parent, what }: Contention,
  before: Contender,
  signal: AbortSignal,
): Promise<void> {
  const waiter = new Waiter(session, signal, what);
  const path = childPath(parent, before.name);
  try {
    const stat = await repeated(() => session.exists(path, { watch: waiter.at(path) }));
    if (stat !== undefined) await waiter.wait();
  } finally {
    waiter.forget();
  }
}

/** The data of those in line, first come first, as far as it is still there. */
export async function participantsOf(
  session: Session,
  parent: string,
  options: CallOptions = {},
): Promise<readonly { readonly name: string; readonly data: string }[]> {
  const found: { readonly name: string; readonly data: string }[] = [];
  const decoder = new TextDecoder();
  for (const { name } of contendersOf(await childrenOf(session, parent, options))) {
    try {
      const { data } = await session.get(childPath(parent, name), options);
      found.push({ name, data: decoder.decode(data) });
    } catch (thrown) {
      if (!hasCode(thrown, "no-node")) throw thrown;
    }
  }
  return found;
}
