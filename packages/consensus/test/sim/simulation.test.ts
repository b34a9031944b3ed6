import { env } from "node:process";
import { expect, test } from "vitest";
import { simulate, type SimProtocol, type SimulationReport } from "../../src/sim/index.ts";

/** SEED=13 replays one run, SEEDS=5000 runs that many; without either a short selection runs. */
function seeds(): readonly number[] {
  if (env["SEED"] !== undefined) return [Number(env["SEED"])];
  const base = Number(env["BASE"] ?? 1);
  return Array.from({ length: Number(env["SEEDS"] ?? 40) }, (_, index) => base + index);
}

function explain(report: SimulationReport, protocol: SimProtocol): string {
  const replay = simulate({ seed: report.seed, protocol, trace: true });
  return [`SEED=${report.seed}: ${report.violation}`, ...replay.trace.slice(-20)].join("\n");
}

const protocols: readonly SimProtocol[] = ["zab", "paxos", "slot-paxos"];

test.each(protocols)(
  "%s: no seed makes replicas disagree, forget, answer wrongly, or stay apart after healing",
  { timeout: 3_600_000 },
  (protocol) => {
    const faults = new Map<string, number>();
    let commits = 0;
    for (const seed of seeds()) {
      const report = simulate({ seed, protocol });
      if (report.violation !== undefined) expect.fail(explain(report, protocol));
      commits += report.commits;
      for (const [kind, count] of Object.entries(report.faults)) faults.set(kind, (faults.get(kind) ?? 0) + count);
    }
    expect(commits).toBeGreaterThan(0);
    // A fault that never fires proves nothing.
    if (seeds().length >= 40) for (const [kind, count] of faults) expect(count, kind).toBeGreaterThanOrEqual(10);
  },
);

test.each(["zab", "paxos", "slot-paxos"] as const)(
  "%s: nor do they while voters and observers change",
  { timeout: 60_000 },
  (protocol) => {
    let configurations = 0;
    for (const seed of seeds().slice(0, 15)) {
      const report = simulate({ seed, protocol, reconfigures: true });
      if (report.violation !== undefined) expect.fail(`SEED=${report.seed}: ${report.violation}`);
      configurations += report.configurations;
    }
    expect(configurations).toBeGreaterThan(15);
  },
);

test.each(protocols)(
  "%s: the same seed gives the same trace, and another seed another one",
  { timeout: 20_000 },
  (protocol) => {
    const first = simulate({ seed: 7, protocol });
    const second = simulate({ seed: 7, protocol });
    expect(second).toEqual(first);
    expect(simulate({ seed: 8, protocol }).traceHash).not.toBe(first.traceHash);
  },
);

test("keeping the trace does not change the run", { timeout: 20_000 }, () => {
  expect(simulate({ seed: 3, trace: true }).traceHash).toBe(simulate({ seed: 3 }).traceHash);
});

test("an epoch without positions left ends with a new epoch, and no request is lost or doubled", () => {
  const report = simulate({ seed: 5, voters: 3, observers: 0, zab: { counterLimit: 16 } });
  expect(report.violation).toBeUndefined();
  expect(report.commits).toBeGreaterThan(64);
});

test(
  "a Paxos leader tells what was lost only when it has applied the snapshot that it took over",
  { timeout: 20_000 },
  () => {
    expect(simulate({ seed: 2608, protocol: "paxos", submits: false }).violation).toBeUndefined();
  },
);

test("a vote given at the first start counts from when it is durable", { timeout: 20_000 }, () => {
  expect(simulate({ seed: 2699, protocol: "paxos", submits: false }).violation).toBeUndefined();
});

test("an observer applies what others made durable, before its own disk has entered the epoch", () => {
  const options = { seed: 200_884, protocol: "paxos", reconfigures: true, durationMs: 300 } as const;
  expect(simulate(options).violation).toBeUndefined();
});

test.each([
  [172, "half a promise says nothing: what it entered may lie in a prefix that was not fetched"],
  [305, "a disk that has entered a ballot knows the prefix up to its barrier, also after a restart"],
  [272, "a request that a snapshot may have covered is looked up, not told lost, whenever the snapshot came"],
  [29, "a follower that is brought up by a snapshot asks its leader again for what it had asked"],
  [1907, "slots that are known to be chosen do not stand in the way of those that are sent again"],
  [20435, "a request that a follower applied before its leader did is answered all the same"],
])("slot-paxos, SEED=%i: %s", { timeout: 20_000 }, (seed) => {
  expect(simulate({ seed, protocol: "slot-paxos" }).violation).toBeUndefined();
});

test("a first change that names a voter without a disk may stop an ensemble that has committed nothing", () => {
  const options = { seed: 705_474, protocol: "zab", reconfigures: true, eventsMin: 20_000 } as const;
  expect(simulate(options).violation).toBeUndefined();
});

test.each([
  [301_776, "whoever knows a barrier by a snapshot has entered its ballot before it may decide alone"],
  [310_013, "a leader that learns another value for a slot of its own tells nobody that the slot is chosen"],
  [602_792, "who decides alone after a change has no say in the slots before it"],
])("slot-paxos while members change, SEED=%i: %s", { timeout: 20_000 }, (seed) => {
  const options = { seed, protocol: "slot-paxos", reconfigures: true, eventsMin: 20_000 } as const;
  expect(simulate(options).violation).toBeUndefined();
});
