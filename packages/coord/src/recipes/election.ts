import type { CallOptions, Session } from "../client/session.ts";
import { isFinal } from "../core/client/session-state.ts";
import { contend, type Contention, participantsOf } from "./contention.ts";
import type { Lease } from "./lease.ts";
import { hasCode } from "./recipe-options.ts";

/** Who a candidate is, and whose node names are used. */
export interface ElectionOptions {
  /** Shown to others: who leads. */
  readonly id?: string;
  /**
   * With whom the election is held: `latch`, Curator's LeaderLatch (the default); `selector`, Curator's LeaderSelector;
   * `kazoo`, kazoo's Election.
   */
  readonly names?: "latch" | "selector" | "kazoo";
}

/** One candidate for the leadership of a path. */
export interface Election {
  /** Waits to become the leader. */
  campaign(options?: CallOptions): Promise<Lease>;
  /**
   * Becomes leader, leads until the task ends or the leadership is lost, and begins anew, until the signal is aborted.
   * The task is given the leadership, stops when its signal aborts, and fails the whole run when it throws for another
   * reason.
   */
  run(task: (leadership: Lease) => Promise<void>, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Id of the one who leads now, as far as this server knows. */
  leader(options?: CallOptions): Promise<string | undefined>;
  /** Ids of all who stand, the leader first. */
  participants(options?: CallOptions): Promise<readonly string[]>;
}

const kinds = {
  latch: { names: "curator", kind: { curator: "latch-", kazoo: "__lock__" } },
  selector: { names: "curator", kind: { curator: "lock-", kazoo: "__lock__" } },
  kazoo: { names: "kazoo", kind: { curator: "lock-", kazoo: "__lock__" } },
} as const;

/**
 * One leader among all that stand, in the order in which they came.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createElection } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const election = createElection(session, "/leader", { id: "ann" });
 * const leadership = await election.campaign();
 * console.log(await election.leader()); // => ann
 * await leadership.release();
 * await session.close();
 * await server.close();
 * ```
 */
export function createElection(
  session: Session,
  path: string,
  { id = "", names = "latch" }: ElectionOptions = {},
): Election {
  const contention: Contention = {
    session,
    parent: path,
    what: "election",
    ...kinds[names],
    data: id,
    blockedBy: (line) => line.at(-1),
  };
  const participants = async (options?: CallOptions): Promise<readonly string[]> => {
    return (await participantsOf(session, path, options)).map(({ data }) => data);
  };
  return {
    campaign: (options) => contend(contention, options),
    run: (task, { signal }) => lead(contention, task, signal),
    leader: async (options) => (await participants(options))[0],
    participants,
  };
}

async function lead(contention: Contention, task: (lease: Lease) => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let lease: Lease;
    try {
      lease = await contend(contention, { signal });
    } catch (thrown) {
      if (signal.aborted) return;
      // A session that is renewed stands again, with a node of its own.
      if (hasCode(thrown, "lease-lost", "session-expired") && !isFinal(contention.session.state)) continue;
      throw thrown;
    }
    try {
      await task(lease);
    } catch (thrown) {
      if (!lease.signal.aborted) throw thrown;
    } finally {
      await lease.release();
    }
  }
}
