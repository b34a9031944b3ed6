import type { Prng } from "@tutti/stdx";
import type { NodeId } from "../core/entry.ts";
import type { FurtherFault, Victim } from "./nemesis.ts";
import type { SimDisk } from "./sim-disk.ts";
import type { SimVictim } from "./sim-victim.ts";
import type { SimWorld } from "./sim-world.ts";

interface FaultScene {
  readonly world: SimWorld;
  readonly nodes: ReadonlyMap<NodeId, SimVictim>;
  /** Good copies must stay on a majority, or all bets are off; a disk that is damaged is not counted until it votes again. */
  readonly mayDamage: (id: NodeId) => boolean;
}

interface Place {
  readonly name: string;
  readonly bytes: number;
}

/** The faults that need real bytes, real calls or a real event loop. */
export function machineFaults({ world, nodes, mayDamage }: FaultScene): readonly FurtherFault[] {
  const nodeOf = (victim: Victim): SimVictim | undefined => nodes.get(victim.id);
  const later = (delayMs: number, action: () => void): void => world.queue.at(world.nowMs + delayMs, action);
  const fault = (kind: string, inflict: (node: SimVictim, chance: Prng) => boolean): FurtherFault => ({
    kind,
    inflict: (victim, chance) => {
      const node = nodeOf(victim);
      return node !== undefined && inflict(node, chance);
    },
  });
  const damage = (node: SimVictim, chance: Prng, change: (disk: SimDisk, place: Place) => void): boolean => {
    if (!mayDamage(node.id)) return false;
    const { disk } = node.host;
    const place = pick(placesOf(disk), chance);
    if (place === undefined) return false;
    change(disk, place);
    node.damaged();
    return true;
  };
  const isRunning = (node: SimVictim): boolean => node.status !== undefined;
  return [
    fault("crashAtCall", (node, chance) => {
      if (!node.isUp) return false;
      node.host.endAtCall(1 + chance.nextBelow(40), () => {
        node.ended();
        later(chance.nextUnit() * 200, () => node.start());
      });
      return true;
    }),
    fault("stall", (node, chance) => {
      if (!isRunning(node)) return false;
      node.host.stop(10 + chance.nextBelow(chance.nextUnit() < 0.3 ? 600 : 60), true);
      return true;
    }),
    fault("clockJump", (node, chance) => {
      node.host.wall.offsetMs += (chance.nextUnit() - 0.5) * 2 * 3_600_000;
      return isRunning(node);
    }),
    fault("syncFailure", (node) => {
      node.host.isSyncBroken = true;
      return isRunning(node);
    }),
    fault("diskFull", (node, chance) => {
      if (!isRunning(node)) return false;
      node.host.isFull = true;
      later(50 + chance.nextUnit() * 500, () => {
        node.host.isFull = false;
      });
      return true;
    }),
    fault("diskSlow", (node, chance) => {
      const untilMs = world.nowMs + chance.nextUnit() * 600;
      node.host.slow = { untilMs, factor: 10 + chance.nextBelow(100) };
      return isRunning(node);
    }),
    fault("bitRot", (node, chance) =>
      damage(node, chance, (disk, { name, bytes }) => disk.flipBit(name, chance.nextBelow(bytes * 8))),
    ),
    fault("misdirectedWrite", (node, chance) =>
      damage(node, chance, (disk, { name, bytes }) => {
        // What was meant for this place stands in another, and here is what was here before anything was written.
        const offset = Math.floor(chance.nextBelow(bytes) / 512) * 512;
        const other = pick(placesOf(disk), chance);
        disk.misplace(name, offset, new Uint8Array(Math.min(512, bytes - offset)));
        if (other === undefined) return;
        const start = Math.floor(chance.nextBelow(other.bytes) / 512) * 512;
        const length = Math.min(512, other.bytes - start);
        disk.misplace(
          other.name,
          start,
          Uint8Array.from({ length }, () => chance.nextBelow(256)),
        );
      }),
    ),
    fault("clog", (node, chance) => {
      // One direction after the other is held up, and let go in another order, before the links break.
      for (const other of nodes.keys()) {
        if (other === node.id || chance.nextUnit() < 0.4) continue;
        later(chance.nextUnit() * 20, () => world.network.block(node.id, other, true));
        later(20 + chance.nextUnit() * 50, () => world.network.block(node.id, other, false));
      }
      return isRunning(node);
    }),
    fault("halfOpen", (node, chance) => {
      const others = [...nodes.keys()].filter((id) => id !== node.id);
      const other = others[chance.nextBelow(Math.max(1, others.length))];
      if (other === undefined || !isRunning(node)) return false;
      world.network.breakLink(node.id, other, 100 + chance.nextBelow(1500));
      return true;
    }),
  ];
}

function pick(places: readonly Place[], chance: Prng): Place | undefined {
  return places[chance.nextBelow(Math.max(1, places.length))];
}

/**
 * Where damage can be told from a write that was never finished: everywhere but in what the last sync of the newest
 * segment made durable, which a power cut could have left half-way as well.
 */
function placesOf(disk: SimDisk): readonly Place[] {
  const files = disk.durableFiles().filter(({ name }) => !name.endsWith(".tmp"));
  const newest = files
    .map(({ name }) => name)
    .filter((name) => name.startsWith("log-"))
    .toSorted()
    .at(-1);
  return files
    .map(({ name, bytes, settledBytes }) => ({ name, bytes: name === newest ? settledBytes : bytes }))
    .filter(({ bytes }) => bytes > 0);
}
