import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createMasterState,
  recordsInForce,
  snapshotOf,
  type MasterRecord,
  type MasterState,
} from "../../src/core/master-state.ts";

function stateOf(records: readonly MasterRecord[]): MasterState {
  const { state, apply } = createMasterState();
  for (const record of recordsInForce(records)) apply(record);
  return state;
}

const job = fc.integer({ min: 1, max: 5 }).map((number) => `j${number}`);
const driver = fc.constantFrom("ann", "bob");
const record: fc.Arbitrary<MasterRecord> = fc.oneof(
  fc.constant({ kind: "term", master: "m" } as const),
  fc.tuple(job, driver).map(([name, owner]) => {
    const about = { request: `${owner}/${name}`, driver: owner, name: "sums", atMs: 7 };
    return { kind: "job", job: name, ...about } as const;
  }),
  fc.tuple(job, fc.nat(3), fc.nat(3)).map(([name, partition, attempt]) => {
    return { kind: "done", task: `${name}.0.${partition}.1-${attempt}` } as const;
  }),
  fc.tuple(job, driver).map(([name, owner]) => {
    const about = { request: `${owner}/${name}`, driver: owner, name: "sums", atMs: 7 };
    const body = { name: `${name}.0a`, bytes: 3, shape: "b" };
    return { kind: "job", job: name, ...about, body } as const;
  }),
  job.map((name) => ({ kind: "ended", job: name, outcome: "succeeded", atMs: 9 }) as const),
  job.map((name) => {
    const result = { name: `${name}.0c`, bytes: 4 };
    return { kind: "ended", job: name, outcome: "failed", atMs: 9, result, why: "no such airport" } as const;
  }),
  job.map((name) => ({ kind: "forgotten", job: name }) as const),
  fc.tuple(fc.constantFrom("a", "b"), driver).map(([key, owner]) => {
    return { kind: "kept", key, driver: owner, tasks: ["j1.0.0.1-0"] } as const;
  }),
  fc.constantFrom("a", "b").map((key) => ({ kind: "released", key }) as const),
  fc.tuple(fc.constantFrom("w1", "w2"), fc.option(job), fc.nat(50)).map(([worker, name, atMs]) => {
    const stage = name === null ? {} : { stage: `${name}.0` };
    return { kind: "excluded", worker, ...stage, reason: "its disk is full", atMs, untilMs: atMs + 10 } as const;
  }),
);

describe("the state of masters", () => {
  test("a snapshot leads to the same state as the records that it stands for, and so do later records", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), fc.array(record, { maxLength: 20 }), (before, after) => {
        const plain = stateOf([...before, ...after]);
        const compacted = stateOf([...before, ...snapshotOf(stateOf(before)), ...after]);
        const alone = stateOf([...snapshotOf(stateOf(before)), ...after]);
        expect(compacted).toEqual(plain);
        expect(alone).toEqual(plain);
      }),
    );
  });

  test("a snapshot whose writer ended in the middle is void", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 40 }), fc.nat(40), (before, cut) => {
        const snapshot = snapshotOf(stateOf(before));
        const torn = snapshot.slice(0, Math.min(cut, snapshot.length - 1));
        const next: MasterRecord = { kind: "term", master: "next" };
        expect(stateOf([...before, ...torn, next])).toEqual(stateOf([...before, next]));
      }),
    );
  });

  test("outputs of a job that has ended count for nothing, and late ones neither", () => {
    const about = { kind: "job", job: "j1", request: "r", driver: "d", name: "n", atMs: 1 } as const;
    const done = { kind: "done", task: "j1.0.0.1-0" } as const;
    const state = stateOf([about, done, { kind: "ended", job: "j1", outcome: "failed", atMs: 2 }, done]);
    expect([...(state.jobs.get("j1")?.done ?? ["none"])]).toEqual([]);
    expect(state.jobs.get("j1")?.end).toEqual({ outcome: "failed", atMs: 2 });
  });

  test("a job whose result is kept is remembered until it is let go of", () => {
    const others = Array.from({ length: 250 }, (_, index): MasterRecord[] => {
      const name = `j${index + 2}`;
      return [
        { kind: "job", job: name, request: name, driver: "d", name, atMs: index },
        { kind: "ended", job: name, outcome: "succeeded", atMs: index },
      ];
    }).flat();
    const about = { kind: "job", job: "j1", request: "r", driver: "d", name: "n", atMs: 0 } as const;
    const result = { name: "j1.0c", bytes: 4 };
    const kept = [about, { kind: "ended", job: "j1", outcome: "succeeded", atMs: 1, result } as const, ...others];
    expect(stateOf(kept).jobs.get("j1")?.end?.result).toEqual(result);
    expect(stateOf([...kept, { kind: "forgotten", job: "j1" }]).jobs.has("j1")).toBe(false);
  });

  test("exclusions are remembered until their time is over", () => {
    const excluded = (worker: string, atMs: number): MasterRecord => {
      return { kind: "excluded", worker, stage: "j1.0", reason: "its disk is full", atMs, untilMs: atMs + 10 };
    };
    const workers = (records: MasterRecord[]): string[] =>
      [...stateOf(records).exclusions.values()].map(({ worker }) => worker);
    expect(workers([excluded("w1", 0), excluded("w2", 9)])).toEqual(["w1", "w2"]);
    expect(workers([excluded("w1", 0), excluded("w2", 9), excluded("w3", 10)])).toEqual(["w2", "w3"]);
  });

  test("of jobs that have ended the last two hundred are remembered, and numbers are not given twice", () => {
    const records = Array.from({ length: 300 }, (_, index): MasterRecord[] => {
      const name = `j${index + 1}`;
      return [
        { kind: "job", job: name, request: name, driver: "d", name, atMs: index },
        { kind: "ended", job: name, outcome: "succeeded", atMs: index },
      ];
    }).flat();
    const state = stateOf(records);
    expect(state.jobs.size).toBe(200);
    expect(stateOf(snapshotOf(state)).jobCount).toBe(300);
  });
});
