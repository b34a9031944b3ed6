import type { Executor } from "@tutti/runtime";
import fc from "fast-check";
import { expect } from "vitest";
import { createFrameEngine } from "../../src/engine/frame-engine.ts";
import { createFrame } from "../../src/frame/frame-handle.ts";
import { createFrameSession, type FrameSession } from "../../src/frame/frame-host.ts";
import { planOf } from "../../src/frame/frame-plan.ts";
import { rowsInMemory } from "../../src/frame/rows-in-memory.ts";
import type { DataFrame, Row } from "../../src/index.ts";
import { objectBuilder } from "../../src/object-builder.ts";
import type { ResolvedPlan } from "../../src/plan/resolved-plan.ts";
import { optimize, rules } from "../../src/rules/optimize.ts";
import { canonical, rowList, Rows, step, type ModelRow } from "./random-plans.ts";

/** Where plans run: whole, on the engine of this process, or in parts, as tasks of an executor. */
export type PlanPlace =
  | { readonly kind: "whole" }
  | {
      readonly kind: "in parts";
      readonly executor: Executor;
      readonly partitionCount: number;
      readonly broadcastBytesMax: number;
    };

export interface PlanRuns {
  readonly numRuns: number;
  readonly seed?: number | undefined;
}

let keyCount = 0;

/**
 * Runs random plans as they are and rewritten by the rules, and compares both with the same steps on plain arrays. Gives
 * how often each rule fired.
 */
export async function checkPlans(place: PlanPlace, { numRuns, seed }: PlanRuns): Promise<ReadonlyMap<string, number>> {
  const session = openSession(place);
  const run = async (plan: ResolvedPlan): Promise<Row[]> => {
    const engine = await session.host.engine();
    const build = objectBuilder(plan.schema.map(({ name }) => name));
    const rows: Row[] = [];
    for await (const batch of engine.run(plan, { local: session.rowsOf(plan) }))
      rows.push(...build(batch.columns, batch.rowCount));
    return rows;
  };
  const fired = new Map(rules.map((rule) => [rule.name, 0]));
  await fc.assert(
    fc.asyncProperty(rowList, rowList, fc.array(step, { minLength: 1, maxLength: 7 }), async (rows, others, groups) => {
      const steps = groups.flat();
      const [frame, other] = [rows, others].map((list) =>
        createFrame<DataFrame>(session, session.local(rowsInMemory(list, Rows.schema))),
      );
      const built = steps.reduce((made, one) => one.onFrame(made, other as DataFrame), frame as DataFrame);
      const expected = canonical(
        steps.reduce<readonly ModelRow[]>((made, one) => one.onRows(made, others), rows) as Row[],
      );
      const analyzed = await session.analyze(planOf("test", built));
      const optimized = optimize(analyzed, ({ name }) => fired.set(name, (fired.get(name) ?? 0) + 1));
      expect(canonical(await run(analyzed))).toEqual(expected);
      expect(canonical(await run(optimized))).toEqual(expected);
      // Rules come to an end: a second round finds nothing.
      const again: string[] = [];
      optimize(optimized, ({ name }) => again.push(name));
      expect(again).toEqual([]);
    }),
    { numRuns, ...(seed === undefined ? {} : { seed }) },
  );
  await session.close();
  return fired;
}

/** Frames without a context around them. */
export function openSession(place: PlanPlace): FrameSession {
  const common = { timeZone: "UTC", sqlReadsFiles: false };
  const engine = createFrameEngine(
    place.kind === "whole"
      ? common
      : {
          ...common,
          partitioned: { ...place, mode: "always", bytesMin: 0, skewedRowsMin: 0, executor: () => place.executor },
        },
  );
  const noRdds = (): never => {
    throw new Error("no RDDs here");
  };
  return createFrameSession({
    engine: () => Promise.resolve(engine),
    loadedEngine: () => Promise.resolve(engine),
    checkOpen: () => undefined,
    newKey: () => `plan_${(keyCount += 1)}`,
    views: new Map(),
    toRdd: noRdds,
    createRdd: noRdds,
    slotCount: () => 1,
  });
}
