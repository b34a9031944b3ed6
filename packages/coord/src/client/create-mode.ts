import { CoordError } from "../coord-error.ts";
import { createFlags } from "../protocol/opcodes.ts";

/** What kind of node is created. `ttlMs`: it goes when it has no children and was not changed for so long. */
export type CreateMode =
  | "persistent"
  | "persistentSequential"
  | "ephemeral"
  | "ephemeralSequential"
  | "container"
  | { readonly ttlMs: number; readonly sequential?: boolean };

const ttlMsMax = 0xff_ffff_ffff;

export function flagsOf(mode: CreateMode): number {
  if (typeof mode === "string") return createFlags[mode];
  if (!Number.isInteger(mode.ttlMs) || mode.ttlMs < 1 || mode.ttlMs > ttlMsMax) {
    throw new CoordError("invalid-options", `ttlMs is ${mode.ttlMs} and must be a whole number from 1 to ${ttlMsMax}`);
  }
  return mode.sequential === true ? createFlags.ttlSequential : createFlags.ttl;
}
