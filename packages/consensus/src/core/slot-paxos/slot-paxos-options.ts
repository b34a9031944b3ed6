import { zabDefaults, type ZabOptions } from "../zab/zab-options.ts";

/** Timing and limits of per-slot Paxos, in the words of the other protocols. Positions never run out. */
export type SlotPaxosOptions = Omit<ZabOptions, "finalizeTicks" | "counterLimit">;

const { finalizeTicks: _finalizeTicks, counterLimit: _counterLimit, ...shared } = zabDefaults;

export const slotPaxosDefaults: SlotPaxosOptions = shared;
