import { createPrng, type Prng } from "@tutti/stdx";
import type { Disk, DiskFile } from "../ports/disk.ts";

/** A disk whose every operation can be the last one before a crash. */
export interface SimDisk extends Disk {
  /** Operations that have begun. */
  readonly operationCount: number;
  /** The operation with this number and all later ones fail, as on a machine that lost power. */
  crashAt(operation: number): void;
  /**
   * Power comes back: of what was not synced each sector survives or not, as the seed has it, and a sector that was being
   * written may be torn; a name that was not synced may be the old one.
   */
  restart(seed: number): void;
  /** Flips one bit of what a file durably holds. */
  flipBit(name: string, bitIndex: number): void;
}

interface Content {
  durable: Uint8Array;
  current: Uint8Array;
}

const sectorBytes = 512;

/**
 * An empty disk, for tests of one's own storage.
 *
 * ```ts
 * import { createSimDisk } from "@tutti/consensus/sim";
 *
 * const disk = createSimDisk();
 * const file = await disk.open("log.1");
 * await disk.syncDirectory();
 * await file.write(Uint8Array.of(1), 0);
 * await file.sync();
 * disk.crashAt(disk.operationCount + 1);
 * await file.write(Uint8Array.of(2), 0).catch(() => console.log("the power is gone")); // => the power is gone
 * disk.restart(7);
 * console.log((await disk.read("log.1"))?.[0] !== undefined); // => true
 * ```
 */
export function createSimDisk(): SimDisk {
  let names = new Map<string, Content>();
  let durableNames = new Map<string, Content>();
  let operationCount = 0;
  let crashAt = Number.POSITIVE_INFINITY;
  let life = 0;

  const begin = (openedIn: number = life): void => {
    operationCount += 1;
    if (operationCount >= crashAt || openedIn !== life) throw new Error("the power is off");
  };
  const openFile = (content: Content): DiskFile => {
    const openedIn = life;
    return {
      write: async (bytes, offset) => {
        begin(openedIn);
        const length = Math.max(content.current.length, offset + bytes.length);
        const next = new Uint8Array(length);
        next.set(content.current);
        next.set(bytes, offset);
        content.current = next;
      },
      sync: async () => {
        begin(openedIn);
        content.durable = content.current.slice();
      },
      close: async () => undefined,
    };
  };
  const settle = (content: Content, chance: Prng): void => {
    const survived = new Uint8Array(content.current.length);
    survived.set(content.durable.subarray(0, Math.min(content.durable.length, survived.length)));
    for (let start = 0; start < survived.length; start += sectorBytes) {
      if (chance.nextUnit() < 0.5) continue;
      const torn = chance.nextUnit() < 0.2;
      const end = Math.min(survived.length, start + (torn ? chance.nextBelow(sectorBytes) : sectorBytes));
      survived.set(content.current.subarray(start, end), start);
    }
    content.durable = survived;
    content.current = survived.slice();
  };
  return {
    get operationCount() {
      return operationCount;
    },
    crashAt: (operation) => {
      crashAt = operation;
    },
    restart: (seed) => {
      const chance = createPrng(seed);
      life += 1;
      crashAt = Number.POSITIVE_INFINITY;
      const survivors = new Map<string, Content>();
      for (const name of new Set([...durableNames.keys(), ...names.keys()])) {
        const content = (chance.nextUnit() < 0.5 ? names : durableNames).get(name);
        if (content !== undefined) survivors.set(name, content);
      }
      for (const content of new Set(survivors.values())) settle(content, chance);
      names = survivors;
      durableNames = new Map(survivors);
    },
    flipBit: (name, bitIndex) => {
      const content = names.get(name);
      if (content === undefined) return;
      const byteIndex = bitIndex >>> 3;
      content.current[byteIndex] = (content.current[byteIndex] ?? 0) ^ (1 << (bitIndex & 7));
      content.durable = content.current.slice();
    },
    list: async () => [...names.keys()],
    read: async (name) => names.get(name)?.current.slice(),
    open: async (name) => {
      begin();
      const content = names.get(name) ?? { durable: new Uint8Array(0), current: new Uint8Array(0) };
      names.set(name, content);
      return openFile(content);
    },
    rename: async (source, target) => {
      begin();
      const content = names.get(source);
      if (content === undefined) throw new Error(`there is no file ${source} to rename`);
      names.delete(source);
      names.set(target, content);
    },
    remove: async (name) => {
      begin();
      names.delete(name);
    },
    syncDirectory: async () => {
      begin();
      durableNames = new Map(names);
    },
  };
}
