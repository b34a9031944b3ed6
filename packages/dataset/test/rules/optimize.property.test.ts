import fc from "fast-check";
import { expect, test } from "vitest";
import type { DataFrame, Row } from "../../src/index.ts";
import { createFrameEngine } from "../../src/engine/frame-engine.ts";
import { objectBuilder } from "../../src/object-builder.ts";
import { createFrame } from "../../src/frame/frame-handle.ts";
import { createFrameSession } from "../../src/frame/frame-host.ts";
import { planOf } from "../../src/frame/frame-plan.ts";
import { rowsInMemory } from "../../src/frame/rows-in-memory.ts";
import type { ResolvedPlan } from "../../src/plan/resolved-plan.ts";
import { optimize, rules } from "../../src/rules/optimize.ts";
import { canonical, rowList, Rows, step, type ModelRow } from "./random-plans.ts";

const engine = createFrameEngine({ timeZone: "UTC", sqlReadsFiles: false });
let keyCount = 0;
const session = createFrameSession({
  engine: () => Promise.resolve(engine),
  loadedEngine: () => Promise.resolve(engine),
  checkOpen: () => undefined,
  newKey: () => `property_${(keyCount += 1)}`,
  views: new Map(),
  toRdd: () => {
    throw new Error("no RDDs here");
  },
  createRdd: () => {
    throw new Error("no RDDs here");
  },
  slotCount: () => 1,
});

async function run(plan: ResolvedPlan): Promise<Row[]> {
  const build = objectBuilder(plan.schema.map(({ name }) => name));
  const rows: Row[] = [];
  for await (const batch of engine.run(plan, { local: session.rowsOf(plan) }))
    rows.push(...build(batch.columns, batch.rowCount));
  return rows;
}

test(
  "random plans give the rows of a plain array, rewritten or not, and every rule fires often",
  { timeout: 120_000 },
  async () => {
    const fired = new Map(rules.map((rule) => [rule.name, 0]));
    await fc.assert(
      fc.asyncProperty(
        rowList,
        rowList,
        fc.array(step, { minLength: 1, maxLength: 7 }),
        async (rows, others, groups) => {
          const steps = groups.flat();
          const [frame, other] = [rows, others].map((list) =>
            createFrame<DataFrame>(session, session.local(rowsInMemory(list, Rows.schema))),
          );
          const built = steps.reduce((made, one) => one.onFrame(made, other as DataFrame), frame as DataFrame);
          const expected = steps.reduce<readonly ModelRow[]>((made, one) => one.onRows(made, others), rows);
          const analyzed = await session.analyze(planOf("test", built));
          const optimized = optimize(analyzed, ({ name }) => fired.set(name, (fired.get(name) ?? 0) + 1));
          expect(canonical(await run(analyzed))).toEqual(canonical(expected));
          expect(canonical(await run(optimized))).toEqual(canonical(expected));
          // Rules come to an end: a second round finds nothing.
          const again: string[] = [];
          optimize(optimized, ({ name }) => again.push(name));
          expect(again).toEqual([]);
        },
      ),
      { numRuns: 600 },
    );
    for (const [name, times] of fired) expect(times, name).toBeGreaterThanOrEqual(100);
  },
);
