import { expect, test } from "vitest";
import { countDistinct, createContext, type QueryProgress } from "../../src/index.ts";

test("a long query tells how far it is, and a short one need not", { timeout: 60_000 }, async () => {
  const tutti = createContext();
  const told: QueryProgress[] = [];
  const onProgress = (progress: QueryProgress): void => void told.push(progress);
  // A machine may be quick.
  for (let rows = 4_000_000; told.length === 0; rows *= 2) {
    const many = tutti.rangeFrame(0, rows).agg((c) => ({ n: countDistinct(c.id.times(7919).mod(2_000_003)) }));
    expect(await many.first({ onProgress })).toEqual({ n: 2_000_003n });
  }
  const shares = told.map(({ share }) => share);
  expect(shares).toEqual(shares.toSorted((left, right) => left - right));
  expect(Math.max(...shares)).toBeLessThanOrEqual(1);
  expect(told.every(({ rowsDone, rowsTotal }) => rowsDone <= rowsTotal)).toBe(true);
  const before = told.length;
  await tutti.rangeFrame(0, 10).count();
  expect(told.length).toBe(before);
  await tutti.close();
});
