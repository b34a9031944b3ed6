import type { Replica } from "@tutti/consensus";
import type { Pipeline } from "../pipeline/pipeline.ts";

/** `standalone`, or its part in the ensemble; `looking` while it has no leader, `read-only` when it serves all the same. */
export type ServerMode = "standalone" | "leader" | "follower" | "observer" | "looking" | "read-only";

export function modeOf(replica: Replica | undefined, { isReadOnly }: Pick<Pipeline, "isReadOnly">): ServerMode {
  if (isReadOnly) return "read-only";
  if (replica === undefined) return "standalone";
  const { voters, observers } = replica.config();
  const { role, leader } = replica.status();
  if (leader === undefined) return "looking";
  if (voters.length + observers.length === 1) return "standalone";
  return role === "leading" ? "leader" : role === "observing" ? "observer" : "follower";
}
