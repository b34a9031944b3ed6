import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { plantedFaults } from "../../src/sim/index.ts";
import { explore } from "../../src/sim/explore.ts";
import type { Action, Bounds } from "../../src/sim/explored-world.ts";

const none: Bounds = { servers: 3, lateWrites: false, proposals: 0, crashes: 0, cuts: 0, elections: 0, joins: 0 };

const established: readonly Action[] = [
  { kind: "elect", leader: 2, followers: [1] },
  { kind: "deliver", from: 2, to: 1 },
  { kind: "deliver", from: 2, to: 1 },
  { kind: "deliver", from: 1, to: 2 },
];

describe("every state within a bound", { timeout: 60_000 }, () => {
  test("zab keeps its promises with a proposal, a crash and two elections", () => {
    const report = explore({ protocol: "zab", bounds: { ...none, proposals: 1, crashes: 1, elections: 2 } });
    expect(report).toMatchObject({ isComplete: true, violation: undefined, states: 31_228, depth: 26 });
  });

  test("paxos keeps its promises with the same, whoever leads next", () => {
    const bounds = { ...none, proposals: 1, crashes: 1, elections: 2 };
    const report = explore({ protocol: "paxos", bounds, after: established.slice(0, 1) });
    expect(report).toMatchObject({ isComplete: true, violation: undefined, states: 9726 });
  });

  test("a cut link is met in both protocols", () => {
    for (const protocol of ["zab", "paxos"] as const) {
      const bounds = { ...none, proposals: 1, cuts: 1, elections: 2 };
      expect(explore({ protocol, bounds, after: established })).toMatchObject({
        isComplete: true,
        violation: undefined,
      });
    }
  });

  test("per-slot Paxos keeps them with a proposal and two elections, and what older leaders said comes late", () => {
    const report = explore({ protocol: "slot-paxos", bounds: { ...none, proposals: 1, elections: 2 } });
    expect(report).toMatchObject({ isComplete: true, violation: undefined, states: 9868, depth: 17 });
  });

  test("a search that is too large says that it is not complete", () => {
    const report = explore({ protocol: "zab", bounds: { ...none, elections: 2, crashes: 1 }, statesMax: 50 });
    expect(report).toMatchObject({ isComplete: false, violation: undefined });
  });
});

/** In a process of its own: these mistakes are other texts in the files as Node.js loads them. */
test.each([
  ["nothing-adopted", "2", "one value is chosen for 0:1, noop noop 1 or noop noop 3"],
  ["refusal-counted", "2", "is accepted by a majority of disks"],
  ["last-value-adopted", "3", "one value is chosen for 0:1, noop noop 2 or noop noop 1"],
])("a mistake in per-slot Paxos is found: %s", { timeout: 60_000 }, (plant, elections, detail) => {
  const script = fileURLToPath(new URL("../../bench/explore.ts", import.meta.url));
  const bounds = [
    "--protocol",
    "slot-paxos",
    "--crashes",
    "0",
    "--proposals",
    "0",
    "--elections",
    elections,
    "--plant",
    plant,
  ];
  const { stdout, status } = spawnSync(process.execPath, ["--conditions=@tutti/source", script, ...bounds]);
  expect(String(stdout)).toContain(detail);
  expect(status).toBe(1);
});

describe("a planted mistake is found, and without it there is nothing", { timeout: 60_000 }, () => {
  const cases: readonly (readonly [string, Bounds, readonly Action[]])[] = [
    // Z4: the follower's word counts before its disk holds what it stands for.
    [
      "ack-before-persist",
      { ...none, lateWrites: true, proposals: 1, crashes: 1, elections: 2 },
      [
        ...established,
        { kind: "deliver", from: 2, to: 1 },
        { kind: "propose", node: 2 },
        { kind: "deliver", from: 2, to: 1 },
      ],
    ],
    // Z3: the old leader's orphan stays in its log, since it tells of its state and not of its log.
    [
      "applied-for-logged",
      { ...none, proposals: 2, crashes: 1, elections: 2, joins: 1 },
      [
        ...established,
        { kind: "crash", node: 1, kept: 0 },
        { kind: "propose", node: 2 },
        { kind: "elect", leader: 1, followers: [3] },
      ],
    ],
  ];

  test.each(cases)("%s", (name, bounds, after) => {
    const plant = plantedFaults.find((fault) => fault.name === name);
    expect(plant).toBeDefined();
    const found = explore({ protocol: "zab", bounds, after, plant });
    expect(found.violation?.detail).toMatch(/lacks|applies/);
    const clean = explore({ protocol: "zab", bounds, after });
    expect(clean).toMatchObject({ isComplete: true, violation: undefined });
  });
});
