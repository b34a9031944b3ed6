import { createPrng } from "@tutti/stdx";
import type { NodeId } from "../core/entry.ts";
import type { EventQueue } from "./event-queue.ts";
import type { FurtherFault, Victim } from "./nemesis.ts";
import type { SimLinks } from "./sim-world.ts";

/** Something that was done to a run from outside: by the nemesis, or by a client. Its number stays when others are left out. */
export interface ScriptedEvent {
  readonly id: number;
  /** Virtual time. */
  readonly atMs: number;
  /** `crash`, `start`, `pause`, `wipe`, `block`, `unblock`, `breakLink`, `propose`, `proposeInHaste`, `submit`, `read`, `reconfigure`, or a further fault. */
  readonly act: string;
  readonly node: NodeId;
  readonly other?: NodeId;
  /** Milliseconds of a pause, number of a request, seed of a further fault. */
  readonly value?: number;
}

/** Writes down what is done, in order. */
export interface Recorder {
  readonly events: ScriptedEvent[];
  readonly record: (event: Omit<ScriptedEvent, "id" | "atMs">) => void;
  /** What happens inside is not written down. */
  readonly without: (run: () => void) => void;
}

export function createRecorder(queue: EventQueue): Recorder {
  const events: ScriptedEvent[] = [];
  let isOff = false;
  return {
    events,
    record: (event) => {
      if (!isOff) events.push({ id: events.length + 1, atMs: queue.now, ...event });
    },
    without: (run) => {
      isOff = true;
      run();
      isOff = false;
    },
  };
}

/** A victim whose torments are written down. */
export function recordedVictim(victim: Victim, { record }: Recorder): Victim {
  const { id: node } = victim;
  return {
    id: node,
    get isUp() {
      return victim.isUp;
    },
    get isTrusted() {
      return victim.isTrusted;
    },
    get pendingWrites() {
      return victim.pendingWrites;
    },
    get status() {
      return victim.status;
    },
    start: () => {
      record({ act: "start", node });
      victim.start();
    },
    crash: () => {
      record({ act: "crash", node });
      victim.crash();
    },
    pause: (value) => {
      record({ act: "pause", node, value });
      victim.pause(value);
    },
    wipe: () => {
      record({ act: "wipe", node });
      victim.wipe();
    },
    mend: () => victim.mend?.(),
  };
}

type Links = Pick<SimLinks, "block" | "breakLink" | "calm">;

export function recordedLinks(links: Links, { record }: Recorder): Links {
  return {
    block: (node, other, isBlocked) => {
      record({ act: isBlocked ? "block" : "unblock", node, other });
      links.block(node, other, isBlocked);
    },
    breakLink: (node, other, lateMs) => {
      record({ act: "breakLink", node, other });
      links.breakLink(node, other, lateMs);
    },
    calm: () => links.calm(),
  };
}

/** A fault of one level draws from a stream of its own, whose seed is all that has to be written down. */
export function recordedFault(fault: FurtherFault, { record }: Recorder): FurtherFault {
  return {
    kind: fault.kind,
    inflict: (victim, chance) => {
      const value = chance.nextUint32();
      if (!fault.inflict(victim, createPrng(value))) return false;
      record({ act: fault.kind, node: victim.id, value });
      return true;
    },
  };
}

export interface Stage {
  readonly queue: EventQueue;
  readonly network: Links;
  readonly nodes: ReadonlyMap<NodeId, Victim>;
  readonly further: readonly FurtherFault[];
  /** Whether a disk may be wiped now: within the budget nothing may be lost. */
  readonly mayWipe: (node: Victim) => boolean;
  /** What clients do. */
  readonly ask: (event: ScriptedEvent) => void;
}

/** Does what was written down, or what is left of it. */
export function perform(events: readonly ScriptedEvent[], stage: Stage): void {
  for (const event of events) stage.queue.at(event.atMs, () => performOne(event, stage));
}

/** Requests that are made at several nodes, by number. */
export function repeatedIn(events: readonly ScriptedEvent[]): ReadonlySet<number> {
  const seen = new Set<number>();
  const repeated = new Set<number>();
  for (const { act, value = 0 } of events) {
    if (act !== "propose" && act !== "proposeInHaste") continue;
    if (seen.has(value)) repeated.add(value);
    seen.add(value);
  }
  return repeated;
}

function performOne(event: ScriptedEvent, { network, nodes, further, mayWipe, ask }: Stage): void {
  const { act, node: id, other = 0, value = 0 } = event;
  const node = nodes.get(id);
  if (node === undefined) return;
  switch (act) {
    case "start":
      return node.start();
    case "crash":
      return node.isUp ? node.crash() : undefined;
    case "pause":
      return node.pause(value);
    case "wipe":
      return mayWipe(node) ? node.wipe() : undefined;
    case "block":
    case "unblock":
      return network.block(id, other, act === "block");
    case "breakLink":
      return network.breakLink(id, other);
    case "propose":
    case "proposeInHaste":
    case "submit":
    case "read":
    case "reconfigure":
      return ask(event);
    default:
      further.find(({ kind }) => kind === act)?.inflict(node, createPrng(value));
  }
}
