import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { divideSlices, type SliceRows } from "../../src/core/divide-slices.ts";

const divide = (rows: SliceRows, { sharesMax = 4, rowsMin = 10 } = {}): (readonly number[] | undefined)[] =>
  divideSlices(new Map([[0, rows]]), { inputs: [0], sharesMax, rowsMin }).map((one) => one?.cuts);

describe("a second look at slices", () => {
  test("divides one that has many more rows than the others, between the tasks that wrote it", () => {
    expect(divide(Array.from({ length: 4 }, () => [5, 100, 5]))).toEqual([undefined, [0, 1, 2, 3, 4], undefined]);
    expect(
      divide(
        Array.from({ length: 4 }, () => [5, 100, 5]),
        { sharesMax: 2 },
      )[1],
    ).toEqual([0, 2, 4]);
  });

  test("leaves those that are about as large as the others, that are small, or that one task wrote", () => {
    expect(divide(Array.from({ length: 4 }, () => [100, 150, 100]))).toEqual([undefined, undefined, undefined]);
    expect(divide(Array.from({ length: 4 }, () => [0, 2, 0]))).toEqual([undefined, undefined, undefined]);
    expect(
      divide([
        [5, 400, 5],
        [5, 0, 5],
      ]),
    ).toEqual([undefined, undefined, undefined]);
  });

  test("divides the rows of the side that has more of them", () => {
    const rows = new Map<number, SliceRows>([
      [
        0,
        [
          [40, 1, 1],
          [40, 1, 1],
        ],
      ],
      [
        1,
        [
          [90, 1, 1],
          [90, 1, 1],
        ],
      ],
    ]);
    expect(divideSlices(rows, { inputs: [0, 1], sharesMax: 4, rowsMin: 10 })[0]?.input).toBe(1);
  });

  test("whatever the rows are, each output is in one share, and no share is empty", () => {
    const counts = fc
      .integer({ min: 1, max: 6 })
      .chain((sliceCount) =>
        fc.array(fc.array(fc.nat(200), { minLength: sliceCount, maxLength: sliceCount }), { maxLength: 8 }),
      );
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 5 }), fc.nat(100), (rows, sharesMax, rowsMin) => {
        for (const [slice, cuts] of divide(rows, { sharesMax, rowsMin }).entries()) {
          if (cuts === undefined) continue;
          expect(cuts.length - 1).toBeGreaterThanOrEqual(2);
          expect(cuts.length - 1).toBeLessThanOrEqual(sharesMax);
          expect([cuts[0], cuts.at(-1)]).toEqual([0, rows.length]);
          for (const [share, from] of cuts.slice(0, -1).entries()) {
            const own = rows.slice(from, cuts[share + 1]);
            expect(own.reduce((sum, output) => sum + (output[slice] ?? 0), 0)).toBeGreaterThan(0);
          }
        }
      }),
    );
  });
});
