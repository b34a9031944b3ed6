import { env } from "node:process";
import { describe, expect, test } from "vitest";
import type { Disk, DiskFile } from "../../src/ports/disk.ts";
import { simulateStack, type SimProtocol, type StackReport } from "../../src/sim/index.ts";

/** SEED=13 replays one run, SEEDS=500 runs that many; without either a short selection runs. */
function seeds(): readonly number[] {
  if (env["SEED"] !== undefined) return [Number(env["SEED"])];
  const base = Number(env["BASE"] ?? 1);
  return Array.from({ length: Number(env["SEEDS"] ?? 4) }, (_, index) => base + index);
}

async function explain(report: StackReport, protocol: SimProtocol): Promise<string> {
  const replay = await simulateStack({ seed: report.seed, protocol, trace: true });
  return [`SEED=${report.seed}: ${report.violation}`, ...replay.trace.slice(-20)].join("\n");
}

const protocols: readonly SimProtocol[] = ["zab", "paxos"];

describe("replicas as they ship, on simulated machines", { timeout: 3_600_000 }, () => {
  test.each(protocols)("%s: no seed makes them disagree, forget, answer wrongly, or stay apart", async (protocol) => {
    for (const seed of seeds()) {
      const report = await simulateStack({ seed, protocol });
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

/** A planted fault: a sync of a segment that resolves and does nothing. */
function pretending(disk: Disk): Disk {
  const open = async (name: string): Promise<DiskFile> => {
    const file = await disk.open(name);
    return name.endsWith(".tmp") ? file : { ...file, sync: async () => undefined };
  };
  return { ...disk, open };
}

test("a log that only pretends to sync is found by random seeds", { timeout: 20_000 }, async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { violation } = await simulateStack({ seed, voters: 3, distortDisk: pretending });
    if (violation === undefined) continue;
    expect((await simulateStack({ seed, voters: 3 })).violation).toBeUndefined();
    return;
  }
  expect.fail("nobody noticed");
});
