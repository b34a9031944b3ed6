import type { ReplicaMessage } from "../core/messages.ts";
import type { NodeId } from "../core/entry.ts";
import type { Members } from "../core/configuration.ts";
import type { LeaderHooks, RecoveredState, ReplicaCore } from "../core/replica-core.ts";
import { ballotMemberMax } from "../core/paxos/ballot-number.ts";
import { createPaxosCore } from "../core/paxos/paxos-core.ts";
import { createSlotPaxosCore } from "../core/slot-paxos/slot-paxos-core.ts";
import { slotPaxosDefaults, type SlotPaxosOptions } from "../core/slot-paxos/slot-paxos-options.ts";
import { createZabCore } from "../core/zab/zab-core.ts";
import { zabDefaults, type ZabOptions } from "../core/zab/zab-options.ts";
import { ConsensusError } from "../consensus-error.ts";

/** What a protocol is given when a replica opens. */
export interface ProtocolContext {
  readonly id: NodeId;
  readonly members: Members;
  readonly recovered: RecoveredState;
  readonly hooks: LeaderHooks;
}

/** A way to agree. What protocols differ in is stated, not hidden. */
export interface Protocol {
  readonly name: string;
  readonly capabilities: {
    /**
     * Transactions of one leader are applied in the order in which it prepared them, with none left out. Without it some
     * may be left out when the leader changes, and later ones of the same leader are applied all the same: a machine's
     * `prepare` must not build on what is prepared and not applied yet.
     */
    readonly primaryOrder: boolean;
    /** The largest number that a member may have. */
    readonly memberMax: number;
  };
  create(context: ProtocolContext): ReplicaCore<ReplicaMessage>;
}

/**
 * ZAB, the protocol of Apache ZooKeeper, with native messages. Options are counted in ticks of the replica.
 *
 * ```ts
 * import { zab } from "@tutti/consensus";
 *
 * console.log(zab().capabilities.primaryOrder); // => true
 * ```
 */
export function zab(options: Partial<ZabOptions> = {}): Protocol {
  const settings = parseSettings(options);
  return {
    name: "zab",
    capabilities: { primaryOrder: true, memberMax: Number.MAX_SAFE_INTEGER },
    create: (context) => {
      refuseSlots(context, "zab");
      return createZabCore({ ...context, zab: settings });
    },
  };
}

/**
 * Multi-Paxos over a whole log. As ZAB it keeps primary order and the log of each leader whole; it differs in who may
 * lead: any member that a quorum answers, which under one-way and partial cuts finds a leader where ZAB's vote for
 * whoever knows most may name one that cannot be reached. The price is that a new leader may have to fetch a history
 * first. Members are numbered up to 255.
 *
 * ```ts
 * import { paxos, zab } from "@tutti/consensus";
 *
 * console.log(paxos({ pingTicks: 2 }).name, zab().name); // => paxos zab
 * ```
 */
export function paxos(options: Partial<ZabOptions> = {}): Protocol {
  const settings = parseSettings(options);
  return {
    name: "paxos",
    capabilities: { primaryOrder: true, memberMax: ballotMemberMax },
    create: (context) => {
      refuseSlots(context, "paxos");
      return createPaxosCore({ ...context, zab: settings });
    },
  };
}

/**
 * Multi-Paxos with an instance of Paxos for each slot, as the papers have it: slots are accepted and chosen in any order,
 * and what a new leader finds no value for becomes a no-op. Leaders are found as in `paxos()`. Members are numbered up to
 * 255, and positions are slots, 1, 2, 3 … without end.
 *
 * All replicas apply the same transactions in the same order, those of one leader in its order, and none of an earlier
 * leader behind one of a later; but when a leader goes, one of its transactions may be lost and the next one applied.
 * So it has no primary order, and `@tutti/coord` refuses it.
 *
 * ```ts
 * import { slotPaxos } from "@tutti/consensus";
 *
 * const { name, capabilities } = slotPaxos({ pingTicks: 2 });
 * console.log(name, capabilities.primaryOrder); // => slot-paxos false
 * ```
 */
export function slotPaxos(options: Partial<SlotPaxosOptions> = {}): Protocol {
  const settings: SlotPaxosOptions = { ...slotPaxosDefaults, ...options };
  const problems = problemsOf(settings);
  if (problems.length > 0) throw new ConsensusError("invalid-options", problems.join("; "));
  return {
    name: "slot-paxos",
    capabilities: { primaryOrder: false, memberMax: ballotMemberMax },
    create: (context) => {
      if (context.recovered.log.entries.length > 0) {
        throw new ConsensusError("storage-foreign", "the directory holds the log of another protocol, not slots");
      }
      return createSlotPaxosCore({ ...context, slotPaxos: settings });
    },
  };
}

function refuseSlots({ recovered }: ProtocolContext, name: string): void {
  if (recovered.log.slots === undefined) return;
  throw new ConsensusError("storage-foreign", `the directory holds slots of slot-paxos, not a log of ${name}`);
}

function parseSettings(options: Partial<ZabOptions>): ZabOptions {
  const settings: ZabOptions = { ...zabDefaults, ...options };
  const problems = problemsOf(settings);
  if (settings.counterLimit > 0xffff_ffff) problems.push(`counterLimit is ${settings.counterLimit}, above 4294967295`);
  if (problems.length > 0) throw new ConsensusError("invalid-options", problems.join("; "));
  return settings;
}

function problemsOf(settings: SlotPaxosOptions): string[] {
  const problems: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== "number") continue;
    const least = name === "retainedEntriesMax" ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least)
      problems.push(`${name} is ${value}, not an integer from ${least}`);
  }
  if (settings.silenceTicks <= settings.pingTicks) {
    problems.push(`silenceTicks (${settings.silenceTicks}) is not larger than pingTicks (${settings.pingTicks})`);
  }
  return problems;
}
