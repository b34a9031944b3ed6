// Over 300 lines: files, names and what a power cut leaves of them are one model.
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
  restart(seed: number): PowerCut;
  /** The process that used it is gone, the power is not: what it wrote is seen by the next one, and need not be durable. */
  abandon(): void;
  /** Flips one bit of what a file durably holds. */
  flipBit(name: string, bitIndex: number): void;
  /** A write that was meant for another place, or that never came here: these bytes stand durably in the file. */
  misplace(name: string, offset: number, bytes: Uint8Array): void;
  /** Empty, as a new disk. */
  wipe(): void;
  /** What would be found if nothing survived but what was synced. Not to be written to. */
  durable(): Disk;
  /** The files that a power cut leaves, for whoever means to damage them. */
  durableFiles(): readonly DurableFile[];
}

/** What a power cut did to what was not synced. */
export interface PowerCut {
  readonly lostSectors: number;
  readonly tornSectors: number;
}

/** A file as it stands on the platter. */
export interface DurableFile {
  readonly name: string;
  readonly bytes: number;
  /** What lies before was durable before the last sync began. */
  readonly settledBytes: number;
}

/** What a disk is asked to do, in the words of {@link Disk}. */
export type DiskOperation =
  | "list"
  | "read"
  | "open"
  | "write"
  | "sync"
  | "close"
  | "rename"
  | "remove"
  | "syncDirectory";

/** How a simulated disk takes its time. */
export interface SimDiskOptions {
  /**
   * Called when an operation begins; it ends when the promise does, and fails if that fails. What was synced is durable
   * only then; a write can be found after a power cut as soon as it began. Default: at once.
   */
  readonly during?: (operation: DiskOperation, name: string) => Promise<void> | undefined;
}

const sectorBytes = 512;

interface Sector {
  readonly sector: number;
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** A file: what a reader sees, what the platter holds, and which sectors the two may differ in. */
class Content {
  current: Uint8Array = new Uint8Array(0);
  length = 0;
  durable: Uint8Array = new Uint8Array(0);
  durableLength = 0;
  settledBytes = 0;
  /** Written, for the next sync to take along. */
  #dirty: Set<number> = new Set<number>();
  readonly #writing: Set<number> = new Set<number>();
  readonly #syncing: Set<number> = new Set<number>();
  /** A sync of them failed. The system takes them for clean; whether they are is not known. */
  readonly #dropped: Set<number> = new Set<number>();
  /** Taken by syncs that are under way. */
  readonly #taken: Set<Sector> = new Set<Sector>();
  #writtenFrom = Number.POSITIVE_INFINITY;

  /** A sync takes it along only when the returned function was called: when the write had ended. */
  beginWrite(bytes: Uint8Array, offset: number): () => void {
    const end = offset + bytes.length;
    if (end > this.current.length) this.current = grown(this.current, end);
    this.current.set(bytes, offset);
    this.length = Math.max(this.length, end);
    const sectors: number[] = [];
    for (let sector = Math.floor(offset / sectorBytes); sector * sectorBytes < end; sector += 1) sectors.push(sector);
    for (const sector of sectors) this.#writing.add(sector);
    return () => {
      this.#writtenFrom = Math.min(this.#writtenFrom, offset);
      for (const sector of sectors) {
        this.#writing.delete(sector);
        this.#dirty.add(sector);
      }
    };
  }

  /** Takes what is there now; the returned function brings it to the platter, or says that it may not be there. */
  beginSync(): (hasFailed: boolean) => void {
    const { length } = this;
    const writtenFrom = this.#writtenFrom;
    this.#writtenFrom = Number.POSITIVE_INFINITY;
    const sectors = [...this.#dirty].map((sector): Sector => {
      const start = sector * sectorBytes;
      return { sector, start, bytes: this.current.slice(start, Math.min(start + sectorBytes, length)) };
    });
    for (const sector of this.#dirty) this.#syncing.add(sector);
    for (const sector of sectors) this.#taken.add(sector);
    this.#dirty = new Set();
    return (hasFailed) => {
      for (const sector of sectors) {
        this.#syncing.delete(sector.sector);
        this.#taken.delete(sector);
      }
      if (hasFailed) {
        for (const { sector } of sectors) this.#dropped.add(sector);
        return;
      }
      if (length > this.durable.length) this.durable = grown(this.durable, this.current.length);
      for (const { sector, start, bytes } of sectors) {
        this.durable.set(bytes, start);
        this.#dropped.delete(sector);
      }
      this.durableLength = Math.max(this.durableLength, length);
      if (writtenFrom !== Number.POSITIVE_INFINITY) this.settledBytes = writtenFrom;
    };
  }

  /** Nobody waits for what was under way any more; the system still knows what it owes the platter. */
  abandon(): void {
    for (const sector of [...this.#writing, ...this.#syncing]) this.#dirty.add(sector);
    this.#writing.clear();
    this.#syncing.clear();
  }

  overwrite(offset: number, bytes: Uint8Array): void {
    this.current.set(bytes.subarray(0, Math.max(0, this.length - offset)), offset);
    // Else a sync that has begun would undo it.
    for (const { start, bytes: taken } of this.#taken) {
      const [from, to] = [Math.max(start, offset), Math.min(start + taken.length, offset + bytes.length)];
      if (from < to) taken.set(bytes.subarray(from - offset, to - offset), from - start);
    }
    this.durable.set(bytes.subarray(0, Math.max(0, this.durableLength - offset)), offset);
  }

  settle(chance: Prng): PowerCut {
    const cut = { lostSectors: 0, tornSectors: 0 };
    const length = chance.nextUnit() < 0.5 ? this.durableLength : this.length;
    const survived = new Uint8Array(Math.max(length, this.durableLength));
    survived.set(this.durable.subarray(0, Math.min(this.durableLength, survived.length)));
    for (const sector of this.#unsettled()) {
      const start = sector * sectorBytes;
      if (chance.nextUnit() < 0.5) {
        cut.lostSectors += 1;
        continue;
      }
      const isTorn = chance.nextUnit() < 0.2;
      if (isTorn) cut.tornSectors += 1;
      const end = Math.min(survived.length, start + (isTorn ? chance.nextBelow(sectorBytes) : sectorBytes));
      if (end > start) survived.set(this.current.subarray(start, end), start);
    }
    this.durable = survived;
    this.current = survived.slice();
    this.length = this.durableLength = survived.length;
    for (const sectors of [this.#dirty, this.#writing, this.#syncing, this.#dropped]) sectors.clear();
    this.#taken.clear();
    this.#writtenFrom = Number.POSITIVE_INFINITY;
    return cut;
  }

  #unsettled(): readonly number[] {
    const sectors = new Set([...this.#dirty, ...this.#writing, ...this.#syncing, ...this.#dropped]);
    return [...sectors].toSorted((left, right) => left - right);
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array {
  const larger = new Uint8Array(Math.max(length, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}

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
export function createSimDisk({ during = () => undefined }: SimDiskOptions = {}): SimDisk {
  let names = new Map<string, Content>();
  let durableNames = new Map<string, Content>();
  let operationCount = 0;
  let crashAt = Number.POSITIVE_INFINITY;
  let life = 0;

  const begin = (openedIn: number = life): void => {
    operationCount += 1;
    if (operationCount >= crashAt || openedIn !== life) throw new Error("the power is off");
  };
  const openFile = (name: string, content: Content): DiskFile => {
    const openedIn = life;
    return {
      write: async (bytes, offset) => {
        begin(openedIn);
        const finish = content.beginWrite(bytes, offset);
        await during("write", name);
        finish();
      },
      sync: async () => {
        begin(openedIn);
        const finish = content.beginSync();
        try {
          await during("sync", name);
        } catch (thrown) {
          finish(true);
          throw thrown;
        }
        finish(false);
      },
      close: async () => during("close", name),
    };
  };
  const damaged = (name: string, change: (content: Content) => void): void => {
    const content = names.get(name);
    if (content !== undefined) change(content);
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
      const total = { lostSectors: 0, tornSectors: 0 };
      for (const content of new Set(survivors.values())) {
        const { lostSectors, tornSectors } = content.settle(chance);
        total.lostSectors += lostSectors;
        total.tornSectors += tornSectors;
      }
      names = survivors;
      durableNames = new Map(survivors);
      return total;
    },
    abandon: () => {
      life += 1;
      for (const content of names.values()) content.abandon();
    },
    flipBit: (name, bitIndex) => {
      damaged(name, (content) => {
        const byteIndex = bitIndex >>> 3;
        const byte = (content.durable[byteIndex] ?? content.current[byteIndex] ?? 0) ^ (1 << (bitIndex & 7));
        content.overwrite(byteIndex, Uint8Array.of(byte));
      });
    },
    misplace: (name, offset, bytes) => damaged(name, (content) => content.overwrite(offset, bytes)),
    wipe: () => {
      life += 1;
      names = new Map();
      durableNames = new Map();
    },
    durable: () => readOnly(durableNames),
    durableFiles: () =>
      [...durableNames].map(([name, { durableLength: bytes, settledBytes }]) => ({ name, bytes, settledBytes })),
    list: async () => {
      await during("list", "");
      return [...names.keys()];
    },
    read: async (name) => {
      await during("read", name);
      const content = names.get(name);
      return content?.current.slice(0, content.length);
    },
    open: async (name) => {
      begin();
      const content = names.get(name) ?? new Content();
      names.set(name, content);
      await during("open", name);
      return openFile(name, content);
    },
    rename: async (source, target) => {
      begin();
      const content = names.get(source);
      if (content === undefined) throw new Error(`there is no file ${source} to rename`);
      names.delete(source);
      names.set(target, content);
      await during("rename", target);
    },
    remove: async (name) => {
      begin();
      names.delete(name);
      await during("remove", name);
    },
    syncDirectory: async () => {
      begin();
      const synced = new Map(names);
      await during("syncDirectory", "");
      durableNames = synced;
    },
  };
}

function readOnly(names: ReadonlyMap<string, Content>): Disk {
  const refuse = (): Promise<never> => Promise.reject(new Error("what is durable is only looked at"));
  const files = new Map([...names].map(([name, content]) => [name, content.durable.slice(0, content.durableLength)]));
  return {
    list: async () => [...files.keys()],
    read: async (name) => files.get(name)?.slice(),
    open: refuse,
    rename: refuse,
    remove: refuse,
    syncDirectory: refuse,
  };
}
