import { setTimeout as delay } from "node:timers/promises";
import { dial, type Link, type LinkOptions } from "@tutti/link";
import type { LeaderWatch } from "./leader-watch.ts";

/** Between attempts to reach the master. */
const redialAfterMs = 100;

export interface FollowParts {
  readonly leaders: LeaderWatch;
  readonly options: () => LinkOptions;
  /** A new link, to be listened to at once. Settles when it is down. */
  readonly serve: (link: Link) => Promise<void>;
  /** Told what goes wrong, for people. */
  readonly onEvent: (line: string) => void;
}

/** Keeps a link to whoever leads, until `signal`. A link to somebody who leads no more is broken. */
export async function followMaster(
  { leaders, options, serve, onEvent }: FollowParts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { address, changed } = await leaders.leader(signal);
      // Also while it is dialled: a master that was stopped takes connections and never says a word.
      const link = await dial(address, options(), AbortSignal.any([signal, changed]));
      const leave = (): void => link.destroy();
      changed.addEventListener("abort", leave, { once: true });
      if (changed.aborted) leave();
      await serve(link);
      changed.removeEventListener("abort", leave);
    } catch (thrown) {
      if (!signal.aborted) onEvent(`the master cannot be reached: ${String(thrown)}`);
    }
    await delay(redialAfterMs, undefined, { signal }).catch(() => undefined);
  }
}
