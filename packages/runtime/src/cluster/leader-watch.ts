import type { ClusterAddress } from "./cluster-link.ts";
import type { CoordPlace } from "./coord-place.ts";

/** Who leads the cluster, for as long as it does. */
export interface Leader {
  readonly address: ClusterAddress;
  /** Aborts when another leads. */
  readonly changed: AbortSignal;
}

/** Where a process of the cluster finds its master. */
export interface LeaderWatch {
  /** Waits until somebody leads. Rejects when the signal is aborted. */
  leader(signal: AbortSignal): Promise<Leader>;
}

/** A master that is always the same. */
export function fixedLeader(address: ClusterAddress): LeaderWatch {
  const { signal: changed } = new AbortController();
  return { leader: () => Promise.resolve({ address, changed }) };
}

/** Follows the election until `signal`. What is not known while the service is away stays as it was. */
export async function watchElection({ session, masters }: CoordPlace, signal: AbortSignal): Promise<LeaderWatch> {
  const { createElection } = await import("@tutti/coord/recipes");
  const election = createElection(session, masters);
  let known: (Leader & { readonly text: string; readonly controller: AbortController }) | undefined;
  let waiting = Promise.withResolvers<void>();

  const look = async (): Promise<void> => {
    const text = await election.leader({ signal });
    if (text === known?.text) return;
    known?.controller.abort();
    known = undefined;
    if (text === undefined) return;
    const controller = new AbortController();
    known = { text, address: parseAddress(text), controller, changed: controller.signal };
    waiting.resolve();
    waiting = Promise.withResolvers();
  };
  const follow = async (): Promise<void> => {
    for await (const _ of session.watch(masters, { initial: true, recursive: true, signal })) {
      // A link that breaks meanwhile is followed by another change.
      await look().catch(() => undefined);
    }
  };
  // Ends with the session, which its owner follows by itself.
  void follow().catch(() => undefined);

  return {
    async leader(until) {
      const aborted = Promise.withResolvers<never>();
      const onAbort = (): void => aborted.reject(until.reason);
      until.addEventListener("abort", onAbort, { once: true });
      try {
        for (;;) {
          until.throwIfAborted();
          if (known !== undefined) return known;
          await Promise.race([waiting.promise, aborted.promise]);
        }
      } finally {
        until.removeEventListener("abort", onAbort);
      }
    },
  };
}

/** What a master writes into its node. */
export function formatAddress({ host, port }: ClusterAddress): string {
  return JSON.stringify({ host, port });
}

function parseAddress(text: string): ClusterAddress {
  const { host, port } = JSON.parse(text) as { readonly host?: unknown; readonly port?: unknown };
  return { host: String(host), port: Number(port) };
}
