import type { Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { isConnected, isFinal, type SessionState } from "../core/client/session-state.ts";
import { deleteSurely } from "./steps.ts";

/**
 * Something that is held through a node of this session: a lock, a leadership, a permit.
 *
 * No holder can know for certain that it still holds: it may be paused between looking and acting. So what must not
 * happen twice is fenced: write it together with `guard(lease.check)` in one transaction, or give the `fencingToken` to
 * the resource, which refuses every token below the highest that it has seen.
 */
export interface Lease extends AsyncDisposable {
  /** The node that stands for it. */
  readonly path: string;
  /** Position at which the node was created: every later holder has a higher one. */
  readonly fencingToken: bigint;
  /**
   * Aborts with `lease-lost` when it may be lost: the node was deleted, the session is over, or no server has been heard
   * of for a whole session timeout, which is before the servers can have ended the session. (An Apache server that is cut
   * off from the others goes on answering until it notices: then the signal may come after they have ended the session.)
   */
  readonly signal: AbortSignal;
  /** For `transaction().guard(lease.check)`: nothing is written unless the lease still holds. */
  readonly check: { readonly path: string };
  /** Gives it back. Does not fail when it is lost already. May be called twice. */
  release(): Promise<void>;
}

/** What a node must have besides its name: who holds it knows both. */
export interface LeaseNode {
  readonly path: string;
  readonly czxid: bigint;
}

/** Hands out what stands behind a node, and watches over it. `onRelease` runs once the node is gone. */
export function createLease(session: Session, { path, czxid }: LeaseNode, onRelease?: () => void): Lease {
  const controller = new AbortController();
  let releasing: Promise<void> | undefined;
  const lose = (why: string): void => {
    stop();
    if (releasing === undefined) controller.abort(new CoordError("lease-lost", `${path}: ${why}`, { path }));
  };
  const onState = ({ to }: { readonly to: SessionState }): void => {
    if (isFinal(to) || to === "uncertain") lose(`the session is ${to}`);
    else if (isConnected(to)) watchOver();
  };
  const stop = (): void => {
    session.events.off("state", onState);
  };
  let isWatched = false;
  /** Deletions by others are seen while the connection lasts, and looked for after it was away. */
  const watchOver = (): void => {
    if (isWatched || controller.signal.aborted || releasing !== undefined) return;
    isWatched = true;
    const again = (): void => {
      isWatched = false;
      watchOver();
    };
    session.exists(path, { watch: again }).then(
      (stat) => {
        if (stat?.czxid !== czxid) lose("its node is gone");
      },
      () => {
        // The state of the session says what follows.
        isWatched = false;
      },
    );
  };
  session.events.on("state", onState);
  if (isFinal(session.state) || session.state === "uncertain") lose(`the session is ${session.state}`);
  watchOver();
  const end = async (): Promise<void> => {
    stop();
    try {
      await deleteSurely(session, path);
    } finally {
      onRelease?.();
    }
  };
  const release = (): Promise<void> => (releasing ??= end());
  return {
    path,
    fencingToken: czxid,
    signal: controller.signal,
    check: { path },
    release,
    [Symbol.asyncDispose]: release,
  };
}
