import type { Replica } from "@tutti/consensus";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { ServerClock } from "./server-clock.ts";
import type { ResolvedOptions } from "./server-options.ts";

/** ZooKeeper's limit of removals in one round of the reaper. */
const reapCountMax = 10_000;

export interface TimedServer {
  readonly pipeline: Pipeline;
  /** Undefined for a server that keeps nothing, which always leads. */
  readonly replica: Replica | undefined;
  readonly options: Pick<ResolvedOptions, "tickTimeMs" | "reapIntervalMs" | "sessionTimeoutMsMin" | "readOnlyMode">;
  readonly clock: Pick<ServerClock, "after" | "every">;
}

/** What a server does by time. Returns how to stop it. */
export function keepTime(server: TimedServer): () => void {
  const { pipeline, replica, options, clock } = server;
  const { tickTimeMs, reapIntervalMs, sessionTimeoutMsMin } = options;
  const stops = [
    clock.every(tickTimeMs, () => pipeline.tick()),
    clock.every(reapIntervalMs, () => pipeline.reap(reapCountMax)),
    // Often enough that the leader hears of the shortest session in time, though one message is lost.
    clock.every(Math.max(1, sessionTimeoutMsMin / 8), () => pipeline.report()),
  ];
  if (replica !== undefined) stops.push(closeWithoutLeader(server, replica));
  return () => {
    for (const stop of stops) stop();
  };
}

/**
 * While there is no leader, nobody counts the silence of sessions here, and another part of the ensemble may end them.
 * A client that is kept longer than a third of the shortest timeout could believe in its session for longer than it
 * lives; a leader that is found sooner is one that clients never notice.
 */
function closeWithoutLeader({ pipeline, options, clock }: TimedServer, replica: Replica): () => void {
  const { sessionTimeoutMsMin, readOnlyMode } = options;
  let cancel = (): void => undefined;
  const giveUp = (): void => {
    pipeline.closeAll();
    if (readOnlyMode) pipeline.serveReadOnly();
  };
  const onLeader = ({ leader }: { readonly leader: number | undefined }): void => {
    cancel();
    if (leader === undefined) cancel = clock.after(sessionTimeoutMsMin / 3, giveUp);
  };
  replica.events.on("leader", onLeader);
  onLeader(replica.status());
  return () => cancel();
}
