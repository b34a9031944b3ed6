import { env } from "node:process";
import { describe, expect, test } from "vitest";
import { simulateStack, stackFaults, type SimProtocol, type StackReport } from "../../src/sim/index.ts";

/** SEED=13 replays one run, SEEDS=500 runs that many; without either a short selection runs. */
function seeds(): readonly number[] {
  if (env["SEED"] !== undefined) return [Number(env["SEED"])];
  const base = Number(env["BASE"] ?? 1);
  return Array.from({ length: Number(env["SEEDS"] ?? 4) }, (_, index) => base + index);
}

/** The short selection is of short runs. */
const durationMs = env["SEED"] === undefined && env["SEEDS"] === undefined ? 1500 : 4000;

async function explain(report: StackReport, protocol: SimProtocol): Promise<string> {
  const replay = await simulateStack({ seed: report.seed, protocol, durationMs, trace: true });
  return [`SEED=${report.seed}: ${report.violation}`, ...replay.trace.slice(-20)].join("\n");
}

const protocols: readonly SimProtocol[] = ["zab", "paxos", "slot-paxos"];

describe("replicas as they ship, on simulated machines", { timeout: 3_600_000 }, () => {
  test.each(protocols)("%s: no seed makes them disagree, forget, answer wrongly, or stay apart", async (protocol) => {
    for (const seed of seeds()) {
      const report = await simulateStack({ seed, protocol, durationMs });
      if (report.violation !== undefined) expect.fail(await explain(report, protocol));
      expect(report.commits).toBeGreaterThan(0);
    }
  });

  test("the same seed gives the same trace, kept or not, and another seed another one", async () => {
    const options = { seed: 7, durationMs: 1000 };
    const first = await simulateStack(options);
    const { trace, ...second } = await simulateStack({ ...options, trace: true });
    expect({ ...second, trace: [] }).toEqual(first);
    expect(trace.length).toBeGreaterThan(100);
    expect((await simulateStack({ ...options, seed: 8 })).traceHash).not.toBe(first.traceHash);
  });
});

/** Where each was last seen, tried first to save time. A stale number only costs the search. */
const lastSeen: Readonly<Record<string, number>> = {
  "directory-not-synced": 2,
  "sync-error-ignored": 19,
  "write-error-ignored": 18,
  "tail-not-written-again": 11,
  "damage-taken-for-torn": 3,
  "orphan-kept": 7,
};
const names = [
  "sync-does-nothing",
  "new-file-not-synced",
  "directory-not-synced",
  "sync-error-ignored",
  "write-error-ignored",
  "tail-not-written-again",
  "damage-taken-for-torn",
  "state-diverges",
  "ack-before-persist",
  "orphan-kept",
];

describe("a mistake that is put into what ships is found by random seeds", { timeout: 60_000 }, () => {
  test.each(names)("%s", async (name) => {
    const plant = stackFaults.find((fault) => fault.name === name);
    if (plant === undefined) return expect.fail("there is no such mistake");
    for (let step = 0; step <= 100; step += 1) {
      const seed = step === 0 ? (lastSeen[name] ?? 1) : step;
      if ((await simulateStack({ seed, plant, durationMs: 1500 })).violation === undefined) continue;
      // The same run without it is clean: it is the mistake that was seen.
      expect((await simulateStack({ seed, durationMs: 1500 })).violation).toBeUndefined();
      return;
    }
    expect.fail(`${plant.name} (${plant.source}) stayed unseen`);
  });
});

test.each(protocols)(
  "%s: nor while members change, some of whom join with wrong ideas",
  async (protocol) => {
    for (const seed of seeds().slice(0, 3)) {
      const report = await simulateStack({ seed, protocol, durationMs, reconfigures: true });
      if (report.violation !== undefined) expect.fail(`SEED=${seed}: ${report.violation}`);
    }
  },
  3_600_000,
);

test(
  "slot-paxos, SEED=710109: a snapshot that is on its way to the disk is not durable yet",
  { timeout: 60_000 },
  async () => {
    const options = { seed: 710_109, protocol: "slot-paxos", reconfigures: true } as const;
    expect((await simulateStack(options)).violation).toBeUndefined();
  },
);

test("slot-paxos, SEED=400107: the rest of an answer that was given up is no part of the next one", async () => {
  const options = { seed: 400_107, protocol: "slot-paxos", reconfigures: true } as const;
  expect((await simulateStack(options)).violation).toBeUndefined();
});
