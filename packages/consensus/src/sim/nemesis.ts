import type { Prng } from "@tutti/stdx";
import type { NodeId } from "../core/entry.ts";
import type { CoreStatus } from "../core/replica-core.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimLinks } from "./sim-world.ts";

/** What a nemesis torments, at either level of the simulator. */
export interface Victim {
  readonly id: NodeId;
  readonly isUp: boolean;
  /** True when its disk says that it may vote. */
  readonly isTrusted: boolean;
  readonly pendingWrites: number;
  /** Undefined while it is down. */
  readonly status: CoreStatus | undefined;
  start(): void;
  crash(): void;
  pause(durationMs: number): void;
  wipe(): void;
  /** Ends what faults of its own are left in it. */
  mend?(): void;
}

/** A fault of one level alone. */
export interface FurtherFault {
  readonly kind: string;
  /** False when it could not be inflicted now. */
  inflict(victim: Victim, chance: Prng): boolean;
}

/** How often each kind of fault fired. A fault that never fired proves nothing. */
export type FaultCounts = Readonly<Record<string, number>>;

/** Set by the nemesis, called by the nodes at each batch of writes. */
export interface WriteHook {
  wrote: (node: NodeId, rare: boolean) => void;
}

export interface Nemesis {
  readonly counts: FaultCounts;
  /** How often a fault met a node in a state: `leading synchronization × crash`. Nodes that are down are not met. */
  readonly marks: FaultCounts;
  start(): void;
  /**
   * Ends all faults among these nodes, opens their links, starts them. The others stay as broken as they are, and go on
   * crashing and coming back.
   */
  heal(core: readonly NodeId[]): void;
}

interface NemesisOptions {
  readonly queue: EventQueue;
  readonly network: Pick<SimLinks, "block" | "breakLink" | "calm">;
  readonly nodes: ReadonlyMap<NodeId, Victim>;
  /** Whether losing the disk of this node is within what the ensemble must survive. */
  readonly mayWipe: (node: NodeId) => boolean;
  readonly hooks: WriteHook;
  readonly chance: Prng;
  /** Whether no more faults are inflicted. */
  readonly isOver: () => boolean;
  readonly further?: readonly FurtherFault[];
  /** The faults come from a script: of itself it inflicts none, and only heals. */
  readonly isScripted?: boolean;
  /** Told of each fault of which a node was met, for a trace. */
  readonly onFault?: (kind: string, node: NodeId) => void;
}

type FaultKind =
  | "crash"
  | "crashWriting"
  | "crashAll"
  | "isolate"
  | "split"
  | "oneWay"
  | "linkBreak"
  | "pause"
  | "wipe";

const kinds: readonly FaultKind[] = [
  "crash",
  "crashWriting",
  "crashAll",
  "isolate",
  "split",
  "oneWay",
  "linkBreak",
  "pause",
  "wipe",
];

/** Draws a set of faults and their intensity for this run, and inflicts them until the end. */
export function createNemesis(options: NemesisOptions): Nemesis {
  const { queue, network, nodes, chance, isOver } = options;
  const ids = [...nodes.keys()];
  const counts: Record<string, number> = {};
  const further = new Map((options.further ?? []).map((fault) => [fault.kind, fault]));
  const enabled = [...kinds, ...further.keys()].filter(() => chance.nextUnit() < 0.5);
  // Some bugs need long undisturbed stretches, others a storm.
  const meanMs = 30 + chance.nextUnit() * chance.nextUnit() * 1000;
  let healed = false;
  const count = (kind: string): void => {
    counts[kind] = (counts[kind] ?? 0) + 1;
  };
  const marks: Record<string, number> = {};
  const mark = (kind: string, node: Victim | undefined): void => {
    if (node !== undefined) options.onFault?.(kind, node.id);
    const status = node?.status;
    if (status === undefined) return;
    const name = `${status.role} ${status.phase} × ${kind}`;
    marks[name] = (marks[name] ?? 0) + 1;
  };
  const pick = (): NodeId => ids[chance.nextBelow(ids.length)] ?? 1;
  const later = (meanDelayMs: number, action: () => void): void => {
    queue.at(queue.now - Math.log(1 - chance.nextUnit()) * meanDelayMs, () => {
      if (!healed) action();
    });
  };
  const downFor = (node: Victim): void => {
    const meanDownMs = chance.nextUnit() < 0.5 ? 20 : 300;
    later(meanDownMs, () => node.start());
  };
  const crash = (node: Victim | undefined): void => {
    if (node === undefined || !node.isUp) return;
    node.crash();
    downFor(node);
  };
  const cut = (directions: readonly (readonly [NodeId, NodeId])[]): void => {
    for (const [from, to] of directions) network.block(from, to, true);
    later(200, () => {
      for (const [from, to] of directions) network.block(from, to, false);
    });
  };
  const between = (left: readonly NodeId[], right: readonly NodeId[]): (readonly [NodeId, NodeId])[] =>
    left.flatMap((from) => right.flatMap((to) => [[from, to] as const, [to, from] as const]));

  const wipe = (): void => {
    const id = pick();
    const node = nodes.get(id);
    if (node === undefined || !options.mayWipe(id)) return;
    count("wipe");
    mark("wipe", node);
    node.wipe();
    downFor(node);
  };
  const inflictFurther = (fault: FurtherFault): void => {
    const node = nodes.get(pick());
    if (node === undefined || !fault.inflict(node, chance)) return;
    count(fault.kind);
    mark(fault.kind, node);
  };
  const inflict = (kind: FaultKind): void => {
    if (kind === "wipe") return wipe();
    const victim = pick();
    if (kind === "crashWriting") {
      const writing = ids.map((id) => nodes.get(id)).filter((node) => node?.isUp === true && node.pendingWrites > 0);
      const node = writing[chance.nextBelow(Math.max(1, writing.length))];
      if (node === undefined) return;
      count(kind);
      mark(kind, node);
      return crash(node);
    }
    count(kind);
    // A split and a crash of all have no single victim: everybody is marked.
    const victims = kind === "crashAll" || kind === "split" ? [...nodes.values()] : [nodes.get(victim)];
    for (const node of victims) mark(kind, node);
    switch (kind) {
      case "crash":
        return crash(nodes.get(victim));
      case "crashAll":
        for (const node of nodes.values()) crash(node);
        return;
      case "isolate":
        return cut(
          between(
            [victim],
            ids.filter((id) => id !== victim),
          ),
        );
      case "split": {
        const left = ids.filter(() => chance.nextUnit() < 0.5);
        return cut(
          between(
            left,
            ids.filter((id) => !left.includes(id)),
          ),
        );
      }
      case "oneWay": {
        const other = pick();
        return other === victim ? undefined : cut([[victim, other]]);
      }
      case "linkBreak":
        return network.breakLink(victim, pick());
      case "pause":
        return nodes.get(victim)?.pause(10 + chance.nextBelow(chance.nextUnit() < 0.3 ? 600 : 60));
    }
  };
  const strike = (): void => {
    if (healed || isOver()) return;
    const kind = enabled[chance.nextBelow(Math.max(1, enabled.length))];
    const fault = further.get(kind ?? "");
    if (fault !== undefined) inflictFurther(fault);
    else if (kind !== undefined) inflict(kind as FaultKind);
    later(meanMs, strike);
  };
  const flap = (id: NodeId): void => {
    queue.at(queue.now - Math.log(1 - chance.nextUnit()) * 150, () => {
      const node = nodes.get(id);
      if (node?.isUp === true) node.crash();
      else node?.start();
      flap(id);
    });
  };
  // Crashes between the writes of one duty are where the known bugs live: more of them there, in half of the runs.
  const crashAtWriteChance = chance.nextUnit() < 0.5 ? 0 : chance.nextUnit() * 0.01;
  options.hooks.wrote = (id, rare) => {
    if (healed || options.isScripted === true || chance.nextUnit() >= crashAtWriteChance * (rare ? 10 : 1)) return;
    later(3, () => {
      const node = nodes.get(id);
      if (node === undefined || !node.isUp || node.pendingWrites === 0) return;
      count("crashWriting");
      mark("crashWriting", node);
      crash(node);
    });
  };
  return {
    counts,
    marks,
    start: () => {
      if (options.isScripted !== true) later(meanMs, strike);
    },
    heal: (core) => {
      healed = true;
      network.calm();
      for (const from of core) for (const to of core) if (from !== to) network.block(from, to, false);
      for (const id of core) {
        nodes.get(id)?.mend?.();
        nodes.get(id)?.start();
      }
      if (options.isScripted !== true) for (const id of ids) if (!core.includes(id)) flap(id);
    },
  };
}
