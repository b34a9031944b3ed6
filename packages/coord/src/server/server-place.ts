import type { Replica } from "@tutti/consensus";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { ResolvedOptions } from "./server-options.ts";

/**
 * Clients read the leading digits to know what they may send. The behaviour is that of this ZooKeeper; the date
 * has the form that Go clients parse.
 */
export const zookeeperVersion = "3.9.4-tutti, built on 01/01/2026 00:00 GMT";

/** What operators can ask about. */
export interface ServerPlace {
  readonly pipeline: Pipeline;
  readonly replica: Replica | undefined;
  readonly options: ResolvedOptions;
  /** -1 when there is none. */
  readonly port: number;
  readonly securePort: number;
  readonly startedMs: number;
}

export function hexOf(id: bigint): string {
  return `0x${BigInt.asUintN(64, id).toString(16)}`;
}

/** Which sessions watch which paths. */
export function watchedPaths({ pipeline }: ServerPlace): ReadonlyMap<string, readonly bigint[]> {
  const byPath = [...pipeline.watches.describe()];
  return new Map(
    byPath.map(([path, watchers]) => [path, [...watchers].map((id) => pipeline.connections.get(id)?.sessionId ?? 0n)]),
  );
}

export function watchedPathsBySession(place: ServerPlace): ReadonlyMap<bigint, readonly string[]> {
  const bySession = new Map<bigint, string[]>();
  for (const [path, sessionIds] of watchedPaths(place)) {
    for (const id of sessionIds) {
      const paths = bySession.get(id);
      if (paths === undefined) bySession.set(id, [path]);
      else paths.push(path);
    }
  }
  return bySession;
}
