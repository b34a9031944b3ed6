import { createPrng, type Prng } from "@tutti/stdx";
import { describe, expect, test } from "vitest";
import { chosenBallot, type AcceptedEntry } from "../../src/core/accepted-entry.ts";
import type { Epochs, Write } from "../../src/core/effects.ts";
import type { RecoveredState } from "../../src/core/replica-core.ts";
import { openWal, type Wal } from "../../src/log/wal.ts";
import { createSimDisk, type SimDisk } from "../../src/sim/index.ts";

const segmentBytes = 512;

function slot(number: number, ballot: number, size = 10): AcceptedEntry {
  const payload = new Uint8Array(size).fill(number + ballot);
  return { ballot, entry: { zxid: BigInt(number), kind: "txn", client: 1n, sequence: number, payload } };
}

/** What a list of writes leads to, kept in memory: the oracle of the crash tests. */
interface Model {
  readonly slots: ReadonlyMap<bigint, AcceptedEntry>;
  readonly epochs: Epochs;
  readonly snapshot: bigint;
  readonly chosen: bigint;
}

function perform(model: Model, write: Write): Model {
  switch (write.kind) {
    case "accept": {
      const slots = new Map(model.slots);
      for (const one of write.accepted) slots.set(one.entry.zxid, one);
      return { ...model, slots, chosen: write.chosen > model.chosen ? write.chosen : model.chosen };
    }
    case "epochs":
      return { ...model, epochs: write.epochs };
    case "snapshot":
      return { ...model, snapshot: write.snapshot.position };
    case "install": {
      const { snapshot, epochs } = write;
      const slots = new Map(write.accepted.map((one) => [one.entry.zxid, one]));
      return { slots, epochs, snapshot: snapshot.position, chosen: snapshot.position };
    }
    default:
      throw new Error(`${write.kind} is no write of slots`);
  }
}

/** What counts: epochs, and what the slots behind a position hold, and which of them are known to be chosen. */
function essence({ slots, epochs, chosen }: Model, from: bigint): string {
  const held = [...slots.values()]
    .filter(({ entry }) => entry.zxid > from)
    .toSorted((left, right) => Number(left.entry.zxid - right.entry.zxid))
    .map(({ ballot, entry }) => `${entry.zxid}:${ballot}:${entry.payload.join()}`);
  return JSON.stringify([epochs, held, (chosen > from ? chosen : from).toString()]);
}

function modelOf({ log, epochs }: RecoveredState): Model {
  const slots = new Map((log.slots?.accepted ?? []).map((one) => [one.entry.zxid, one] as const));
  return { slots, epochs, snapshot: log.snapshot.position, chosen: log.slots?.chosen ?? 0n };
}

/** Slots out of order and again in higher ballots, prefixes that become known, snapshots of its own and of others. */
function createHistory(chance: Prng): Write[] {
  const writes: Write[] = [];
  let epochs: Epochs = { accepted: 1, current: 0, voting: true };
  let chosen = 0;
  let snapshot = 0;
  const ballots = new Map<number, number>();
  while (writes.length < 40) {
    const choice = chance.nextBelow(10);
    if (choice < 7) {
      const accepted: AcceptedEntry[] = [];
      for (let left = 1 + chance.nextBelow(4); left > 0; left -= 1) {
        const number = chosen + 1 + chance.nextBelow(12);
        if (ballots.get(number) === chosenBallot) continue;
        const ballot = chance.nextBelow(8) === 0 ? chosenBallot : epochs.accepted;
        ballots.set(number, ballot);
        accepted.push(slot(number, ballot, chance.nextBelow(60)));
      }
      while (ballots.has(chosen + 1) && chance.nextUnit() < 0.7) chosen += 1;
      writes.push({ kind: "accept", accepted, chosen: BigInt(chosen) });
    } else if (choice === 7) {
      epochs = { ...epochs, accepted: epochs.accepted + 1 };
      writes.push({ kind: "epochs", epochs });
    } else if (choice === 8 && chosen > snapshot) {
      snapshot = chosen;
      writes.push({ kind: "snapshot", snapshot: { position: BigInt(snapshot), chunks: [Uint8Array.of(snapshot)] } });
    } else if (choice === 9 && chance.nextUnit() < 0.5) {
      chosen += 1 + chance.nextBelow(15);
      snapshot = chosen;
      epochs = { ...epochs, accepted: epochs.accepted + 1, current: epochs.accepted };
      const kept = [...ballots].filter(([number]) => number > chosen).map(([number, ballot]) => slot(number, ballot));
      const chunks = [Uint8Array.of(snapshot)];
      writes.push({ kind: "install", snapshot: { position: BigInt(snapshot), chunks }, accepted: kept, epochs });
    }
  }
  return writes;
}

async function open(disk: SimDisk): Promise<Wal> {
  return openWal({ disk, node: 1, bootstrap: true, segmentBytes });
}

const blank: Model = {
  slots: new Map(),
  epochs: { accepted: 0, current: 0, voting: true },
  snapshot: 0n,
  chosen: 0n,
};

describe("slots in the log", () => {
  test("written out of order and again, with prefixes and snapshots, they come back as they were", async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const disk = createSimDisk();
      const writes = createHistory(createPrng(seed));
      let model = blank;
      for (const write of writes) {
        const wal = await open(disk);
        expect(wal.report).toEqual({ tornBytes: 0, damage: undefined });
        const found = modelOf(wal.recovered);
        expect(found.snapshot, `SEED=${seed}`).toBe(model.snapshot);
        expect(essence(found, found.snapshot), `SEED=${seed}`).toBe(essence(model, found.snapshot));
        await wal.persist([write]);
        await wal.close();
        model = perform(model, write);
      }
    }
  });

  test(
    "wherever a crash comes, what was persisted is there, and of the rest a beginning",
    { timeout: 30_000 },
    async () => {
      for (let seed = 1; seed <= 6; seed += 1) {
        const writes = createHistory(createPrng(seed));
        for (let crashAt = 1; ; crashAt += 3) {
          const disk = createSimDisk();
          disk.crashAt(crashAt);
          let model = blank;
          let next: Model | undefined;
          let isWhole = true;
          try {
            const wal = await open(disk);
            for (const write of writes) {
              next = perform(model, write);
              await wal.persist([write]);
              model = next;
            }
            await wal.close();
          } catch {
            isWhole = false;
          }
          if (isWhole) break;
          disk.restart(seed * 1000 + crashAt);
          const wal = await open(disk);
          expect(wal.report.damage, `SEED=${seed} crash ${crashAt}`).toBeUndefined();
          const found = modelOf(wal.recovered);
          const from = found.snapshot;
          const allowed = [essence(model, from), ...(next === undefined ? [] : [essence(next, from)])];
          expect(allowed, `SEED=${seed} crash ${crashAt}`).toContain(essence(found, from));
          await wal.close();
        }
      }
    },
  );

  test("where something does not verify, nothing of the slots is believed, and the vote is gone", async () => {
    const disk = createSimDisk();
    const wal = await open(disk);
    await wal.persist([{ kind: "epochs", epochs: { accepted: 3, current: 0, voting: true } }]);
    for (let number = 1; number <= 6; number += 1) {
      await wal.persist([{ kind: "accept", accepted: [slot(number, 3)], chosen: BigInt(number - 1) }]);
    }
    await wal.seal();
    await wal.close();
    const [name = ""] = (await disk.list()).filter((one) => one.startsWith("log-"));
    disk.flipBit(name, 200 * 8);
    const { recovered, report } = await open(disk);
    expect(report.damage).toMatch(/does not verify/);
    expect(recovered.epochs.voting).toBe(false);
    expect(recovered.log.slots).toBeUndefined();
    expect(recovered.log.snapshot.position).toBe(0n);
  });
});
