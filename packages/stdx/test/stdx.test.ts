import { expect, test } from "vitest";
import fc from "fast-check";
import { assert, createPrng, InvariantError, linkSignals } from "../src/index.ts";

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
