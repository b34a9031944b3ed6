import { CoordError, type CoordErrorCode } from "../coord-error.ts";
import { isFinal, type SessionState } from "../core/client/session-state.ts";
import type { WatchCallback, WatchKind } from "../core/client/watch-registry.ts";
import { errorCodes } from "../protocol/error-codes.ts";
import { addWatchModes, watcherTypes } from "../protocol/opcodes.ts";
import { ChangeQueue } from "./change-queue.ts";
import { validatePath, withChroot } from "./client-path.ts";
import { refusalOf } from "./refusal.ts";
import type { PersistentWatchOptions, WatchedChange } from "./session.ts";
import { emulateWatch, type WatchedReads } from "./watch-emulation.ts";
import type { WireSession } from "./wire-session.ts";

const bufferMaxDefault = 10_000;

interface WatchParts {
  readonly session: WatchedReads;
  readonly wire: WireSession;
  readonly path: string;
}

/** The changes of a persistent watch, from the beginning of the iteration to its end. */
export async function* watchChanges(
  { session, wire, path }: WatchParts,
  { recursive = false, initial = false, signal, bufferMax = bufferMaxDefault }: PersistentWatchOptions,
): AsyncGenerator<WatchedChange, void> {
  validatePath(path, "watch");
  const kind = recursive ? "persistentRecursive" : "persistent";
  const queue = new ChangeQueue(path, bufferMax);
  const push = (change: WatchedChange): void => queue.push(change);
  const onResumed = (): void => queue.push({ type: "resync", path });
  const onState = ({ to }: { readonly to: SessionState }): void => {
    if (!isFinal(to) || (to === "expired" && wire.options.renew)) return;
    const code = to === "expired" ? "session-expired" : "auth-failed";
    const over = new CoordError(code, `watch ${path}: the session is over`, { path, operation: "watch" });
    queue.end(to === "closed" ? undefined : over);
  };
  const onAbort = (): void => queue.end(new CoordError("aborted", `watch ${path}`, { path, cause: signal?.reason }));
  let release = await addWatch(wire, { path, kind, callback: push, signal });
  if (release === undefined) {
    const passing: readonly CoordErrorCode[] = [
      "connection-lost",
      ...(wire.options.renew ? (["session-expired"] as const) : []),
    ];
    const fail = (thrown: unknown): void => queue.end(CoordError.from(thrown, "system-error"));
    const emulation = await emulateWatch(session, { path, recursive, signal, passing, push, fail });
    release = () => emulation[Symbol.dispose]();
  }
  try {
    wire.resumed.add(onResumed);
    wire.events.on("state", onState);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    if (initial) onResumed();
    yield* queue.read();
  } finally {
    signal?.removeEventListener("abort", onAbort);
    wire.events.off("state", onState);
    wire.resumed.delete(onResumed);
    release();
  }
}

interface Added {
  readonly path: string;
  readonly kind: WatchKind & keyof typeof addWatchModes;
  readonly callback: WatchCallback;
  readonly signal: AbortSignal | undefined;
}

/** How to take it back. Undefined from a server that knows no such watch, as before 3.6. */
async function addWatch(wire: WireSession, { path, kind, callback, signal }: Added): Promise<(() => void) | undefined> {
  if (wire.lacksPersistentWatches) return undefined;
  const real = withChroot(wire.chroot, path);
  const onAnswer = (err: number): void => {
    // Before an event can come. And not before the answer: such a server ends a connection that sets it once more.
    if (err === errorCodes.ok) wire.watches.add(kind, real, callback);
    if (err === errorCodes.unimplemented) wire.lacksPersistentWatches = true;
  };
  const request = { type: "addWatch", path: real, mode: addWatchModes[kind] } as const;
  const { err } = await wire.call(request, { path, signal, onAnswer });
  if (err === errorCodes.unimplemented) return undefined;
  if (err !== errorCodes.ok) throw refusalOf("addWatch", err, path);
  return () => {
    const isLast = wire.watches.remove(kind, real, callback);
    if (!isLast || isFinal(wire.state)) return;
    // Nobody waits for it: at worst the server tells of a change that nobody asks for.
    wire.call({ type: "removeWatches", path: real, watcherType: watcherTypes[kind] }).catch(() => undefined);
  };
}
