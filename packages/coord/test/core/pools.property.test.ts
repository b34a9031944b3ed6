import fc from "fast-check";
import { expect, test } from "vitest";
import { AclPool } from "../../src/core/acl-pool.ts";
import { openAcl, readAcl } from "../../src/core/acl.ts";
import { DataPool, type DataPlace } from "../../src/core/data-pool.ts";
import { SlotPool, slotsOfPage } from "../../src/core/slot-pool.ts";

test("data stays what it is while its neighbours come and go", () => {
  const length = fc.oneof(fc.nat({ max: 40 }), fc.integer({ min: 490, max: 600 }));
  const keep = fc.record({ kind: fc.constant("keep" as const), length, byte: fc.nat({ max: 255 }) });
  const release = fc.record({ kind: fc.constant("release" as const), which: fc.nat() });
  const keepNull = fc.record({ kind: fc.constant("keepNull" as const) });
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 2, arbitrary: keep }, release, keepNull), { maxLength: 200 }),
      (changes) => {
        const pool = new DataPool();
        const kept: { readonly place: DataPlace; readonly data: Uint8Array | null }[] = [];
        for (const change of changes) {
          if (change.kind === "release") {
            const [gone] = kept.splice(change.which % Math.max(1, kept.length), 1);
            if (gone !== undefined) pool.release(gone.place);
          } else {
            const data = change.kind === "keep" ? new Uint8Array(change.length).fill(change.byte) : null;
            kept.push({ place: pool.keep(data), data: data?.slice() ?? null });
          }
        }
        expect(kept.map(({ place }) => pool.read(place))).toEqual(kept.map(({ data }) => data));
      },
    ),
    { numRuns: 200 },
  );
});

test("a page is given back when none of its slots is taken, and made again when one is", () => {
  const pool = new SlotPool(() => ({}));
  const slots = Array.from({ length: 3 * slotsOfPage }, () => pool.take());
  expect(new Set(slots).size).toBe(slots.length);
  expect(pool.pageCount).toBe(3);
  for (const slot of slots.slice(1)) pool.release(slot);
  expect(pool.pageCount).toBe(1);
  const again = Array.from({ length: 3 * slotsOfPage - 1 }, () => pool.take());
  expect(new Set([slots[0], ...again])).toEqual(new Set(slots));
  expect(pool.pageCount).toBe(3);
});

test("equal lists of permissions share one, which goes with the last node that has it", () => {
  const pool = new AclPool();
  const [left, right] = [pool.keep(readAcl), pool.keep(readAcl.map((entry) => ({ ...entry })))];
  expect(left).toBe(right);
  expect(pool.read(left)).toEqual(readAcl);
  expect(pool.read(pool.keep([...openAcl]))).toBe(openAcl);
  pool.release(left);
  expect(pool.read(right)).toEqual(readAcl);
  pool.release(right);
  expect(() => pool.read(right)).toThrow();
});
