import { expect, test } from "vitest";
import fc from "fast-check";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assert, ChurningMap, createPrng, InvariantError, linkSignals } from "../src/index.ts";

test("a broken invariant is reported as the truth that did not hold", () => {
  expect(() => assert(false, "a quorum is never empty")).toThrow(InvariantError);
  expect(() => assert(false, "a quorum is never empty")).toThrow("a quorum is never empty");
});

test("a linked signal aborts with the reason of the first source that aborts", () => {
  const first = new AbortController();
  const second = new AbortController();
  const linked = linkSignals([undefined, first.signal, second.signal]);
  second.abort("second");
  first.abort("first");
  expect(linked.signal.reason).toBe("second");
});

test("a linked signal that was disposed of follows its sources no more", () => {
  const source = new AbortController();
  const linked = linkSignals([source.signal]);
  linked[Symbol.dispose]();
  source.abort();
  expect(linked.signal.aborted).toBe(false);
});

test("a linked signal is aborted from the start when a source is", () => {
  expect(linkSignals([new AbortController().signal, AbortSignal.abort("early")]).signal.reason).toBe("early");
});

test("the same seed gives the same sequence, and neighbouring seeds give others", () => {
  const draw = (seed: number): number[] => {
    const prng = createPrng(seed);
    return Array.from({ length: 8 }, () => prng.nextUint32());
  };
  const property = fc.property(fc.integer(), (seed) => {
    expect(draw(seed)).toEqual(draw(seed));
  });
  fc.assert(property);
  expect(draw(1)).not.toEqual(draw(2));
});

test("a bounded draw stays below its bound and reaches every value", () => {
  const prng = createPrng(7);
  const seen = new Set(Array.from({ length: 500 }, () => prng.nextBelow(5)));
  expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
});

test("a churning map is a map, however much comes and goes, in the order in which it came", () => {
  const key = fc.integer({ min: 0, max: 40 });
  const change = fc.oneof(
    { weight: 50, arbitrary: fc.record({ type: fc.constant("set" as const), key, value: fc.nat() }) },
    { weight: 60, arbitrary: fc.record({ type: fc.constant("delete" as const), key }) },
    { weight: 1, arbitrary: fc.constant({ type: "clear" as const }) },
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 3000, size: "max" }), (changes) => {
      const churning = new ChurningMap<number, number>();
      const plain = new Map<number, number>();
      for (const one of changes) {
        if (one.type === "set") {
          churning.set(one.key, one.value);
          plain.set(one.key, one.value);
        } else if (one.type === "delete") {
          expect(churning.delete(one.key)).toBe(plain.delete(one.key));
          expect(churning.get(one.key)).toBeUndefined();
        } else {
          churning.clear();
          plain.clear();
        }
        expect(churning.size).toBe(plain.size);
      }
      expect([...churning]).toEqual([...plain]);
      expect([...churning.keys()]).toEqual([...plain.keys()]);
      expect([...churning.values()]).toEqual([...plain.values()]);
      for (let at = 0; at <= 40; at += 1) expect(churning.has(at)).toBe(plain.has(at));
    }),
    { numRuns: 30 },
  );
});

test("a loop over a churning map that deletes what it comes to comes to everything", () => {
  const churning = new ChurningMap<number, number>();
  for (let key = 0; key < 1000; key += 1) churning.set(key, key);
  const seen: number[] = [];
  for (const [key] of churning) {
    seen.push(key);
    churning.delete(key);
  }
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, key) => key));
  expect(churning.size).toBe(0);
});

test("what a churning map has let go of does not grow old, as all of it does in a map of the language", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as (options: { readonly type: "minor" }) => void;
  /** Twice is enough to make what is left old. */
  const collect = (): void => {
    for (let round = 0; round < 3; round += 1) gc({ type: "minor" });
  };
  const oldBytes = (): number =>
    getHeapSpaceStatistics().find((space) => space.space_name === "old_space")?.space_used_size ?? 0;
  const churning = new ChurningMap<number, readonly number[]>();
  const churn = (from: number, to: number): void => {
    for (let key = from; key < to; key += 1) {
      churning.set(
        key,
        Array.from({ length: 100 }, () => key),
      );
      churning.delete(key - 8);
    }
  };
  churn(0, 1000);
  collect();
  const beforeBytes = oldBytes();
  churn(1000, 3000);
  collect();
  // 1.6 MB came and went.
  expect(oldBytes() - beforeBytes).toBeLessThan(300_000);
});
