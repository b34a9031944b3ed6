import type { AnyFunction } from "@tutti/runtime";
import fc from "fast-check";
import { expect, test } from "vitest";
import { chainLoop, generateLoop, type LoopParts, type LoopSink } from "../../src/rdd/fuse.ts";
import { createKeyedTable } from "../../src/rdd/keyed-table.ts";
import type { ElementStep } from "../../src/rdd/program.ts";

const closures: readonly AnyFunction[] = [
  (x: number) => x + 1,
  (x: number) => x % 3 !== 0,
  (x: number) => [x, -x],
  (x: number) => new Set([x, x * 2]),
  (a: number, b: number) => a + b,
];
const step = fc.constantFrom<ElementStep>(
  { kind: "map", fn: 0 },
  { kind: "filter", fn: 1 },
  { kind: "flatMap", fn: 2 },
  { kind: "flatMap", fn: 3 },
);

function model(steps: readonly ElementStep[], elements: readonly number[]): number[] {
  return steps.reduce<number[]>(
    (list, { kind, fn }) => {
      const call = closures[fn] as (x: number) => never;
      if (kind === "map") return list.map(call);
      return kind === "filter" ? list.filter(call) : list.flatMap((x) => [...(call(x) as Iterable<number>)]);
    },
    [...elements],
  );
}

function runBoth(
  parts: Omit<LoopParts, "sink">,
  batches: readonly (readonly unknown[])[],
  sink: () => LoopSink,
): LoopSink[] {
  return [generateLoop, chainLoop].map((make) => {
    const own = sink();
    const loop = make({ ...parts, sink: own });
    for (const batch of batches) loop?.(batch);
    return own;
  });
}

test("the generated loop and the chained one do what arrays do", () => {
  const property = fc.property(
    fc.array(step, { maxLength: 5 }),
    fc.array(fc.array(fc.integer({ min: -9, max: 9 }))),
    (steps, batches) => {
      const expected = model(steps, batches.flat());
      const parts = { steps, closures };
      const add = closures[4] as AnyFunction;
      for (const sink of runBoth(parts, batches, () => ({ kind: "push", rows: [] }))) {
        expect(sink).toMatchObject({ rows: expected });
      }
      for (const sink of runBoth(parts, batches, () => ({ kind: "count", rowCount: 0 }))) {
        expect(sink).toMatchObject({ rowCount: expected.length });
      }
      const sum = expected.length === 0 ? undefined : expected.reduce((a, b) => a + b);
      for (const sink of runBoth(parts, batches, () => ({
        kind: "reduce",
        fn: add,
        hasValue: false,
        value: undefined,
      }))) {
        expect(sink).toMatchObject({ hasValue: expected.length > 0, value: sum });
      }
    },
  );
  fc.assert(property);
});

test("both loops combine pairs in one table, also where undefined is a value", () => {
  const pairs = [
    ["a", undefined],
    ["b", 1],
    ["a", 2],
    [[1], 3],
    [[1], 4],
  ];
  const gather = (left: unknown, right: unknown): unknown[] => [left, right];
  const sinks = runBoth({ steps: [], closures: [] }, [pairs], () => ({
    kind: "combine",
    combine: { create: undefined, merge: gather },
    table: createKeyedTable(),
  }));
  for (const sink of sinks) {
    const rows = sink.kind === "combine" ? sink.table.drain() : [];
    expect(rows).toEqual([
      ["a", [undefined, 2]],
      ["b", 1],
      [[1], [3, 4]],
    ]);
  }
});

test("what a function threw comes with the element that it threw for", () => {
  const boom = (x: number): number => {
    if (x === 7) throw new Error("boom");
    return x;
  };
  for (const make of [generateLoop, chainLoop]) {
    const loop = make({ steps: [{ kind: "map", fn: 0 }], closures: [boom], sink: { kind: "push", rows: [] } });
    expect(() => loop?.([5, 7])).toThrow("boom, at the element 7");
  }
});

test("elements that are no pairs and flatMaps that give no list are named", () => {
  const merge = (left: unknown): unknown => left;
  const combine: LoopSink = { kind: "combine", combine: { create: undefined, merge }, table: createKeyedTable() };
  const flatMap: readonly ElementStep[] = [{ kind: "flatMap", fn: 0 }];
  for (const make of [generateLoop, chainLoop]) {
    expect(() => make({ steps: [], closures, sink: combine })?.([{ a: 1 }])).toThrow("[not-a-pair]");
    expect(() => make({ steps: flatMap, closures, sink: { kind: "push", rows: [] } })?.([1])).toThrow("it gave 2");
  }
});
