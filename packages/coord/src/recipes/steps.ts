import type { CallOptions, Created, CreateOptions, Data, Session } from "../client/session.ts";
import { createMarked } from "../client/protected-create.ts";
import { isFinal, type SessionState } from "../core/client/session-state.ts";
import { CoordError } from "../coord-error.ts";
import { parentOf } from "../core/zookeeper-path.ts";
import { hasCode, throwIfAborted } from "./recipe-options.ts";

/** Answers that may be lost one after the other before a step is given up. */
const attemptsMax = 50;

/** Repeats what is harmless to do twice. A lost connection is waited for by the next call itself. */
export async function repeated<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step();
    } catch (thrown) {
      if (!hasCode(thrown, "connection-lost") || attempt === attemptsMax) throw thrown;
    }
  }
}

/** Deletes a node that is ours, whatever the connection does; it is fine when it or the whole session is gone. */
export async function deleteSurely(session: Session, path: string): Promise<void> {
  try {
    await repeated(() => session.delete(path));
  } catch (thrown) {
    if (!hasCode(thrown, "no-node", "session-expired", "closed", "auth-failed")) throw thrown;
  }
}

/** The mode is for the node itself, not for those on the way to it. */
function limitsOf({ signal, timeoutMs }: CallOptions): CallOptions {
  return { signal, timeoutMs };
}

/** Creates a node under a mark, and the way to it when that is missing. */
export async function createMarkedBelow(
  session: Session,
  place: { readonly parent: string; readonly mark: string; readonly name: string },
  data: Data,
  options: CreateOptions,
): Promise<Created> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await createMarked(session, place, data, options);
    } catch (thrown) {
      if (!hasCode(thrown, "no-node") || attempt === attemptsMax) throw thrown;
      await repeated(() => session.ensurePath(place.parent, limitsOf(options)));
    }
  }
}

/** Creates a node with a name of its own; true when it is ours, false when somebody else has it. */
export async function claim(
  session: Session,
  path: string,
  { mark, ...options }: CreateOptions & { readonly mark: string },
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.create(path, mark, { mode: "ephemeral", ...options });
      return true;
    } catch (thrown) {
      if (attempt === attemptsMax) throw thrown;
      if (hasCode(thrown, "no-node")) await repeated(() => session.ensurePath(parentOf(path), limitsOf(options)));
      else if (hasCode(thrown, "node-exists")) return attempt > 1 && (await isOurs(session, path, mark));
      else if (!hasCode(thrown, "connection-lost")) throw thrown;
    }
  }
}

/** After an answer was lost: whether the node that stands there is the one that was asked for. */
async function isOurs(session: Session, path: string, mark: string): Promise<boolean> {
  try {
    await session.sync(path);
    const { data, stat } = await session.get(path);
    return stat.ephemeralOwner === session.id && new TextDecoder().decode(data) === mark;
  } catch (thrown) {
    if (hasCode(thrown, "no-node")) return false;
    throw thrown;
  }
}

/** Children, none when there is no such node. */
export async function childrenOf(
  session: Session,
  path: string,
  options: CallOptions & { readonly watch?: () => void } = {},
): Promise<readonly string[]> {
  try {
    return await session.children(path, options);
  } catch (thrown) {
    if (hasCode(thrown, "no-node")) return [];
    throw thrown;
  }
}

/** Timers take no more. Whoever waits longer looks again meanwhile. */
const delayMsMax = 0x7fff_ffff;

/** One place to wait for the first of several things: a watch, an abort, the end of the session. */
export class Waiter {
  readonly #session: Session;
  readonly #signal: AbortSignal;
  readonly #what: string;
  #isTold = false;
  #wake: (() => void) | undefined;

  constructor(session: Session, signal: AbortSignal, what: string) {
    this.#session = session;
    this.#signal = signal;
    this.#what = what;
  }

  readonly #paths: string[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #tell = (): void => {
    this.#isTold = true;
    this.#wake?.();
  };

  /** A watch to be left at a path. */
  at(path: string): () => void {
    this.#paths.push(path);
    return this.#tell;
  }

  /** Tells after so long. */
  after(delayMs: number): void {
    this.#timers.push(setTimeout(this.#tell, Math.min(delayMs, delayMsMax)));
  }

  /** Takes the watches back. To be called in the end: what is gone for good would be watched for ever. */
  forget(): void {
    for (const path of this.#paths.splice(0)) this.#session.unwatch(path, this.#tell);
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
  }

  /** Returns once it was told. Throws `aborted`, or with the reason why the session is over. */
  async wait(): Promise<void> {
    const { events } = this.#session;
    const wake = (): void => this.#wake?.();
    const onState = ({ to }: { readonly to: SessionState }): void => {
      if (isFinal(to)) wake();
    };
    const isStopped = (): boolean => this.#isTold || this.#signal.aborted || isFinal(this.#session.state);
    this.#signal.addEventListener("abort", wake, { once: true });
    events.on("state", onState);
    try {
      if (!isStopped()) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.#signal.removeEventListener("abort", wake);
      events.off("state", onState);
    }
    throwIfAborted(this.#signal, this.#what);
    if (!this.#isTold) throw endOf(this.#session, this.#what);
  }
}

function endOf(session: Session, what: string): CoordError {
  const { state } = session;
  const code = state === "closed" ? "closed" : state === "refused" ? "auth-failed" : "session-expired";
  return new CoordError(code, `${what}: the session is over`, { operation: what });
}
