import { env } from "node:process";
import { createPrng } from "@tutti/stdx";
import { describe, expect, test } from "vitest";
import type { Epochs, Write } from "../../src/core/effects.ts";
import type { Entry, Snapshot } from "../../src/core/entry.ts";
import { zxidOf } from "../../src/core/zxid.ts";
import { openWal, type Wal } from "../../src/log/wal.ts";
import { recover, segmentName } from "../../src/log/recover.ts";
import { createSimDisk, type SimDisk } from "../../src/sim/sim-disk.ts";

const segmentBytes = 4096;
/** SEEDS=500 is the long run. */
const seedCount = Math.min(1000, Number(env["SEEDS"] ?? 12));

function entry(epoch: number, counter: number, payloadBytes: number = 40): Entry {
  const payload = new Uint8Array(payloadBytes).fill(counter & 0xff);
  return { zxid: zxidOf(epoch, counter), kind: "txn", client: 0xffff_ffff_ffff_fff1n, sequence: counter, payload };
}

function append(...entries: Entry[]): Write {
  return { kind: "append", entries };
}

function epochs(accepted: number, current: number, voting: boolean = true): Write {
  return { kind: "epochs", epochs: { accepted, current, voting } };
}

async function open(disk: SimDisk): Promise<Wal> {
  return openWal({ disk, node: 1, bootstrap: true, segmentBytes });
}

/** The state that a list of writes leads to, kept in memory: the oracle of the crash tests. */
interface Model {
  entries: Entry[];
  epochs: Epochs;
  snapshot: bigint;
}

function perform(model: Model, write: Write): Model {
  switch (write.kind) {
    case "append":
      return { ...model, entries: [...model.entries, ...write.entries] };
    case "truncate":
      return { ...model, entries: model.entries.filter((one) => one.zxid <= write.last) };
    case "epochs":
      return { ...model, epochs: write.epochs };
    case "snapshot":
      return { ...model, snapshot: write.snapshot.position };
    case "replace":
      return { ...model, entries: [...write.entries], snapshot: write.snapshot.position };
    case "accept":
    case "install":
      throw new Error("slots have a test of their own");
  }
}

/** What counts of a state: the epochs, and the entries behind the snapshot. A snapshot may be newer than in another. */
function essence(model: Model, from: bigint): string {
  const entries = model.entries.filter((one) => one.zxid > from);
  return JSON.stringify([model.epochs, entries], (_key, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value instanceof Uint8Array ? [...value].join() : value,
  );
}

function modelOf(wal: Wal): Model {
  const { log, epochs: found } = wal.recovered;
  return { entries: [...log.entries], epochs: found, snapshot: log.snapshot.position };
}

const blank: Model = { entries: [], epochs: { accepted: 0, current: 0, voting: true }, snapshot: 0n };

describe("the write-ahead log", { timeout: 20_000 }, () => {
  test("gives back what was persisted, across segments and restarts", async () => {
    const disk = createSimDisk();
    const writes: Write[] = [epochs(1, 0), epochs(1, 1)];
    for (let counter = 1; counter <= 200; counter += 1) writes.push(append(entry(1, counter, counter % 97)));
    writes.push({ kind: "truncate", last: zxidOf(1, 150) }, epochs(2, 2), append(entry(2, 1), entry(2, 2, 9000)));
    let model = blank;
    for (const write of writes) {
      const wal = await open(disk);
      expect(essence(modelOf(wal), 0n)).toBe(essence(model, 0n));
      await wal.persist([write]);
      await wal.close();
      model = perform(model, write);
    }
    const wal = await open(disk);
    expect(essence(modelOf(wal), 0n)).toBe(essence(model, 0n));
    expect(wal.report).toEqual({ tornBytes: 0, damage: undefined });
  });

  test("refuses a directory of another node", async () => {
    const disk = createSimDisk();
    await (await open(disk)).close();
    await expect(openWal({ disk, node: 2 })).rejects.toMatchObject({ code: "storage-foreign" });
  });

  test("keeps two snapshots and no segment that only an older one needs", async () => {
    const disk = createSimDisk();
    const wal = await open(disk);
    for (let counter = 1; counter <= 300; counter += 1) {
      await wal.persist([append(entry(1, counter))]);
      if (counter % 50 === 0) {
        const snapshot: Snapshot = { position: zxidOf(1, counter), chunks: [new Uint8Array([counter & 0xff])] };
        await wal.persist([{ kind: "snapshot", snapshot }]);
      }
    }
    const names = await disk.list();
    expect(names.filter((name) => name.startsWith("snapshot-")).length).toBe(2);
    expect(names.filter((name) => name.startsWith("log-")).length).toBeLessThan(6);
    await wal.close();
    const { log } = (await open(disk)).recovered;
    expect(log.snapshot.position).toBe(zxidOf(1, 300));
    expect(log.base).toBeLessThanOrEqual(zxidOf(1, 250));
    expect(log.entries.at(-1)?.zxid).toBe(zxidOf(1, 300));
  });
});

/** A life of a replica: every kind of write, in an order that a core could ask for. */
function script(seed: number): Write[] {
  const chance = createPrng(seed);
  const writes: Write[] = [];
  let epoch = 1;
  let counter = 0;
  let snapshot = 0n;
  writes.push(epochs(1, 0), epochs(1, 1));
  for (let step = 0; step < 40; step += 1) {
    const roll = chance.nextUnit();
    if (roll < 0.7) {
      const entries: Entry[] = [];
      for (let left = 1 + chance.nextBelow(5); left > 0; left -= 1)
        entries.push(entry(epoch, (counter += 1), chance.nextBelow(900)));
      writes.push(append(...entries));
    } else if (roll < 0.8 && counter > 2 && zxidOf(epoch, counter - 1) > snapshot) {
      counter -= 1;
      writes.push({ kind: "truncate", last: zxidOf(epoch, counter) });
    } else if (roll < 0.9) {
      if (counter === 0) continue;
      epoch += 1;
      counter = 0;
      writes.push(epochs(epoch, epoch));
    } else if (counter > 0) {
      snapshot = zxidOf(epoch, counter);
      const chunks = [new Uint8Array(chance.nextBelow(2000)).fill(step)];
      if (roll < 0.95) writes.push({ kind: "snapshot", snapshot: { position: snapshot, chunks } });
      else {
        const position = zxidOf(epoch + 1, 3);
        epoch += 1;
        counter = 4;
        snapshot = position;
        writes.push({ kind: "replace", snapshot: { position, chunks }, entries: [entry(epoch, 4)] });
      }
    }
  }
  return writes;
}

describe("what a process wrote that was killed before its sync", () => {
  test.each([
    ["and the sync did not end", () => new Promise<void>(() => undefined)],
    ["and the sync failed, and dropped what it should have written", () => Promise.reject(new Error("EIO"))],
  ])("is durable before its successor speaks of it: %s", async (_, endOfSync) => {
    let isLast = false;
    const disk = createSimDisk({ during: (operation) => (isLast && operation === "sync" ? endOfSync() : undefined) });
    const wal = await open(disk);
    await wal.persist([append(entry(1, 1))]);
    isLast = true;
    void wal.persist([append(entry(1, 2))]).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    isLast = false;
    disk.abandon();
    const { log } = (await open(disk)).recovered;
    const seen = log.entries.map(({ zxid }) => zxid);
    expect(seen).toEqual([zxidOf(1, 1), zxidOf(1, 2)]);
    // The power goes, and nothing survives but what was synced.
    const { state, report } = await recover(disk.durable(), 1, blank.epochs);
    expect(state.log.entries.map(({ zxid }) => zxid)).toEqual(seen);
    expect(report.damage).toBeUndefined();
  });
});

describe("a name that a process gave that was killed before it synced the directory", () => {
  test("is durable before the next segment links to it", async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      let last = "";
      let isLast = false;
      const disk = createSimDisk({
        during: (operation) => {
          const isAfterName = last === "rename" && operation === "syncDirectory";
          last = operation;
          return isLast && isAfterName ? new Promise<void>(() => undefined) : undefined;
        },
      });
      const wal = await open(disk);
      await wal.persist([append(entry(1, 1), entry(1, 2))]);
      isLast = true;
      for (let lives = 0; lives < 2; lives += 1) {
        void open(disk).catch(() => undefined);
        for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
        expect(last).toBe("syncDirectory");
        disk.abandon();
      }
      isLast = false;
      disk.restart(seed);
      const { recovered, report } = await open(disk);
      expect(report.damage, `seed ${seed}`).toBeUndefined();
      expect(recovered.log.entries.map(({ zxid }) => zxid)).toEqual([zxidOf(1, 1), zxidOf(1, 2)]);
    }
  });
});

describe("a crash at any operation of the disk", () => {
  test(
    "leaves a state that the writes went through, and never less than what was acknowledged",
    { timeout: 600_000 },
    async () => {
      let crashes = 0;
      let torn = 0;
      for (let seed = 1; seed <= seedCount; seed += 1) {
        const chance = createPrng(seed);
        const disk = createSimDisk();
        const writes = script(seed);
        let durable = 0;
        const states: Model[] = [blank];
        for (const write of writes) states.push(perform(states.at(-1) ?? blank, write));
        let lives = 0;
        while (durable < writes.length && lives < 60) {
          lives += 1;
          disk.crashAt(disk.operationCount + 1 + chance.nextBelow(40));
          let done = durable;
          try {
            const wal = await open(disk);
            while (done < writes.length) {
              const group = writes.slice(done, done + 1 + chance.nextBelow(3));
              await wal.persist(group);
              done += group.length;
              if (chance.nextUnit() < 0.3) await wal.seal();
            }
          } catch {
            crashes += 1;
          }
          disk.restart(chance.nextUint32());
          const wal = await open(disk);
          torn += wal.report.tornBytes;
          expect(wal.report.damage, `seed ${seed}`).toBeUndefined();
          const found = modelOf(wal);
          // An append may survive in part; the core accepts that, and the test goes on from the whole writes.
          const reached = states.findLastIndex(
            (state) => essence(state, found.snapshot) === essence(found, found.snapshot),
          );
          expect(reached, `seed ${seed}: nothing acknowledged is lost`).toBeGreaterThanOrEqual(done);
          durable = reached;
          await wal.close();
        }
        expect(durable).toBe(writes.length);
      }
      expect(crashes).toBeGreaterThan(seedCount);
      expect(torn).toBeGreaterThan(0);
    },
  );
});

describe("a flipped bit", { timeout: 20_000 }, () => {
  test("in the only header leaves a disk that cannot be read, and that nobody takes for a new one", async () => {
    const disk = createSimDisk();
    const wal = await open(disk);
    await wal.persist([epochs(1, 1), append(entry(1, 1))]);
    await wal.close();
    disk.flipBit(segmentName(1), 8);
    const { recovered, report } = await open(disk);
    expect(report.damage).toContain("the header of log-0000000001 does not verify");
    expect(recovered.epochs.voting).toBe(false);
    // A member that has accepted an epoch is not part of a first start.
    expect(recovered.epochs.accepted).toBeGreaterThan(0);
  });

  test("below what was durable costs the vote, never an entry that still verifies, and is reported", async () => {
    let damaged = 0;
    for (let seed = 1; seed <= 200; seed += 1) {
      const chance = createPrng(seed);
      const disk = createSimDisk();
      const wal = await open(disk);
      await wal.persist([epochs(1, 1)]);
      for (let counter = 1; counter <= 20; counter += 1) await wal.persist([append(entry(1, counter))]);
      await wal.seal();
      await wal.close();
      const name = segmentName(1);
      // Header, then 21 batches of at least 24 bytes each; every byte of them is checked.
      disk.flipBit(name, chance.nextBelow(8 * (64 + 32 + 19 * 88)));
      const { recovered, report } = await open(disk);
      for (const [index, one] of recovered.log.entries.entries()) expect(one).toEqual(entry(1, index + 1));
      if (report.damage === undefined) {
        // The bit lay in the padding of a batch.
        expect(recovered.log.entries.length).toBe(20);
        continue;
      }
      damaged += 1;
      expect(recovered.epochs.voting).toBe(false);
    }
    expect(damaged).toBeGreaterThan(150);
  });
});
