import type { CallOptions, Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { createMarked, newMark } from "../client/protected-create.ts";
import { hasCode, withLimits } from "./recipe-options.ts";
import { repeated } from "./steps.ts";

/** A number that many clients add to. */
export interface Counter {
  get(options?: CallOptions): Promise<bigint>;
  /** Adds, exactly once although connections break, and gives the new value. */
  add(delta: bigint | number, options?: CallOptions): Promise<bigint>;
  /** Writes `value` if the counter is `expected`; gives what it was. */
  compareAndSet(expected: bigint, value: bigint, options?: CallOptions): Promise<boolean>;
  /** Removes this counter object's own node. The count stays. */
  close(): Promise<void>;
}

interface Marker {
  readonly path: string;
  readonly sessionId: bigint;
  sequence: number;
}

const decoder = new TextDecoder();

/**
 * A number of any size that many clients add to. Kept as decimal text, as kazoo's Counter does.
 *
 * Tutorials read the value, add one, and write it back: two clients that do so at once lose one. Here a write names the
 * version that was read, and is tried again when somebody was faster. And when the answer to a write is lost, nobody knows
 * whether it happened; so each write also sets, in the same transaction, a node of this client alone to the number of the
 * write, which is then read.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createCounter } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const sessions = await Promise.all([connect(server), connect(server), connect(server)]);
 * const increments = sessions.map(async (session) => {
 *   const counter = createCounter(session, "/visits");
 *   for (let count = 0; count < 10; count += 1) await counter.add(1);
 *   return counter;
 * });
 * const [counter] = await Promise.all(increments);
 * console.log(await counter?.get()); // => 30n
 * for (const session of sessions) await session.close();
 * await server.close();
 * ```
 */
export function createCounter(session: Session, path: string): Counter {
  let marker: Promise<Marker> | undefined;
  /** Writes of one object go one after the other: the marker says what became of the latest. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const result = turn.then(run, run);
    turn = result.catch(() => undefined);
    return result;
  };
  const ownMarker = async (): Promise<Marker> => {
    const current = await marker?.catch(() => undefined);
    // An ephemeral node of a session that is over is gone.
    if (current?.sessionId === session.id) return current;
    marker = createMarker(session, path);
    return marker;
  };
  const write = (next: (value: bigint) => bigint | undefined, options: CallOptions): Promise<bigint | undefined> =>
    inTurn(() =>
      withLimits(options, `counter ${path}`, async (signal) => {
        for (;;) {
          const { value, version } = await read(session, path, { signal });
          const wanted = next(value);
          if (wanted === undefined) return undefined;
          if (await writeOnce(session, path, { marker: await ownMarker(), value: wanted, version })) return wanted;
          if (signal.aborted) throw new CoordError("aborted", `counter ${path}`, { path, cause: signal.reason });
        }
      }),
    );
  return {
    get: async (options = {}) => (await read(session, path, options)).value,
    add: async (delta, options = {}) => (await write((value) => value + BigInt(delta), options)) ?? 0n,
    compareAndSet: async (expected, value, options = {}) =>
      (await write((current) => (current === expected ? value : undefined), options)) !== undefined,
    close: async () => {
      const current = await marker?.catch(() => undefined);
      marker = undefined;
      if (current !== undefined) await repeated(() => session.delete(current.path)).catch(() => undefined);
    },
  };
}

async function createMarker(session: Session, path: string): Promise<Marker> {
  await repeated(() => session.ensurePath(path));
  const place = { parent: path, mark: newMark(), name: "add" };
  const created = await createMarked(session, place, "0", { mode: "ephemeral" });
  return { path: created.path, sessionId: session.id, sequence: 0 };
}

async function read(
  session: Session,
  path: string,
  options: CallOptions,
): Promise<{ readonly value: bigint; readonly version: number }> {
  try {
    const { data, stat } = await session.get(path, options);
    const text = decoder.decode(data);
    if (!/^-?\d*$/.test(text)) {
      throw new CoordError("malformed-record", `counter ${path}: "${text.slice(0, 40)}" is no number`, { path });
    }
    return { value: text === "" || text === "-" ? 0n : BigInt(text), version: stat.version };
  } catch (thrown) {
    if (!hasCode(thrown, "no-node")) throw thrown;
    await repeated(() => session.ensurePath(path, options));
    return { value: 0n, version: 0 };
  }
}

/** False when somebody else was faster. */
async function writeOnce(
  session: Session,
  path: string,
  { marker, value, version }: { readonly marker: Marker; readonly value: bigint; readonly version: number },
): Promise<boolean> {
  marker.sequence += 1;
  const sequence = String(marker.sequence);
  try {
    // Not under the caller's signal: one that ends here would leave open what happened.
    await session.transaction().set(path, String(value), { version }).set(marker.path, sequence).commit();
    return true;
  } catch (thrown) {
    if (hasCode(thrown, "bad-version")) return false;
    if (!hasCode(thrown, "connection-lost")) throw thrown;
    return wasApplied(session, marker, { sequence, cause: thrown });
  }
}

/** In the same session after a `sync`, nothing of the old connection is still to come. */
async function wasApplied(
  session: Session,
  marker: Marker,
  { sequence, cause }: { readonly sequence: string; readonly cause: CoordError },
): Promise<boolean> {
  try {
    await session.sync(marker.path);
    const { data } = await session.get(marker.path);
    return decoder.decode(data) === sequence;
  } catch (thrown) {
    // With the session the marker is gone, and with it the answer.
    if (hasCode(thrown, "no-node", "session-expired")) throw cause;
    throw thrown;
  }
}
