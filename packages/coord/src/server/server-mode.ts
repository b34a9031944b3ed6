import type { Replica } from "@tutti/consensus";

/** `standalone`, or its part in the ensemble; `looking` while it has no leader. */
export type ServerMode = "standalone" | "leader" | "follower" | "observer" | "looking";

export function modeOf(replica: Replica | undefined): ServerMode {
  if (replica === undefined) return "standalone";
  const { voters, observers } = replica.config();
  const { role, leader } = replica.status();
  if (leader === undefined) return "looking";
  if (voters.length + observers.length === 1) return "standalone";
  return role === "leading" ? "leader" : role === "observing" ? "observer" : "follower";
}
