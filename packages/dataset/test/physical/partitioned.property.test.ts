import { availableParallelism } from "node:os";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { createContext, type Context, type DataFrame, type Row } from "../../src/index.ts";
import { canonical, rowList, Rows, step, type ModelRow } from "../rules/random-plans.ts";

const options = { partitionedPlans: "always", partitionCount: 3 } as const;
const inProcess = createContext({ ...options, broadcastBytesMax: 0 });
const copying = createContext({ ...options, partitionCount: 2, broadcastBytesMax: 150 });
const onThreads = createContext({ ...options, broadcastBytesMax: 0, threads: Math.min(2, availableParallelism()) });
afterAll(async () => {
  for (const tutti of [inProcess, copying, onThreads]) await tutti.close();
});

test.each([
  ["in process, both sides of joins changing places", inProcess, 40],
  ["in process, small sides going everywhere", copying, 40],
  ["on threads", onThreads, 40],
] as const)(
  "random plans in parts give the rows of a plain array: %s",
  { timeout: 120_000 },
  async (_, tutti, numRuns) => {
    await fc.assert(
      fc.asyncProperty(
        rowList,
        rowList,
        fc.array(step, { minLength: 1, maxLength: 7 }),
        async (rows, others, groups) => {
          const steps = groups.flat();
          const [frame, other] = [rows, others].map((list) => frameOf(tutti, list));
          const built = steps.reduce((made, one) => one.onFrame(made, other as DataFrame), frame as DataFrame);
          const expected = steps.reduce<readonly ModelRow[]>((made, one) => one.onRows(made, others), rows);
          expect(canonical((await built.collect()) as Row[])).toEqual(canonical(expected));
        },
      ),
      { numRuns },
    );
  },
);

function frameOf(tutti: Context, rows: readonly ModelRow[]): DataFrame {
  return tutti.createDataFrame(rows as never, Rows) as unknown as DataFrame;
}
