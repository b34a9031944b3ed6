import type { QueryRun } from "../frame/frame-engine.ts";
import { cutPlan } from "../physical/cut-plan.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import type { FrameSplit } from "../sources/frame-split.ts";
import { cutRows } from "./cut-rows.ts";
import type { EngineHost } from "./engine-host.ts";
import { jsFunctionIds } from "./js-scalar.ts";
import { splitRange, splitScan } from "./split-leaf.ts";

interface SplitFrameOptions {
  readonly count: number;
  readonly run: QueryRun;
  readonly host: EngineHost;
}

/**
 * A frame as parts that tasks read. Where each row comes of one row of files or of a range, a task runs the query on its own
 * part of them; all else is computed here first.
 */
export async function splitFrame(plan: ResolvedPlan, options: SplitFrameOptions): Promise<readonly FrameSplit[]> {
  const { timeZone } = options.host;
  const { schema } = plan;
  const queries = await rowByRow(plan, options);
  if (queries !== undefined) return queries.map((rows) => ({ schema, timeZone, rows }));
  const parts = await options.host.execute(plan, cutRows(schema, options.count), options.run);
  return parts.map((pieces) => ({ schema, timeZone, rows: { kind: "pieces", pieces } }));
}

type QuerySplit = Extract<FrameSplit["rows"], { kind: "query" }>;

async function rowByRow(plan: ResolvedPlan, { count, host }: SplitFrameOptions): Promise<QuerySplit[] | undefined> {
  if (jsFunctionIds(plan).size > 0) return undefined;
  const { stages } = cutPlan(plan, { broadcastBytesMax: 0, bytesOf: () => Infinity });
  const [stage, ...others] = stages;
  const [branch, ...more] = stage?.branches ?? [];
  if (branch === undefined || others.length > 0 || more.length > 0 || branch.source.kind !== "leaf") return undefined;
  const { leaf, name } = branch.source;
  if (leaf.kind !== "scan" && leaf.kind !== "range") return undefined;
  return await host.withConnection(async (connection) => {
    const parts =
      leaf.kind === "range"
        ? splitRange(leaf, count)
        : await splitScan(leaf, await host.find(leaf.scan, connection), { connection, count, isFine: false });
    const [query, wideQuery] = [
      await host.compile(branch.plan, connection, false),
      await host.compile(branch.plan, connection, true),
    ];
    return parts.map((part): QuerySplit => ({ kind: "query", query, wideQuery, leaf: { name, query: part } }));
  });
}
