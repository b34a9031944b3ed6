import { DatasetError } from "../dataset-error.ts";
import { analyzePlan, analyzeSqlText, SchemaUnknown, type AnalyzerEnvironment } from "../plan/analyze-plan.ts";
import { leavesOf } from "../plan/leaves.ts";
import type { Schema } from "../plan/data-type.ts";
import { OuterUnknown } from "../plan/scope.ts";
import type { Attachment, PlanNode, PlanShape } from "../plan/plan-node.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import { walkPlan } from "../plan/walk-plan.ts";
import { optimize } from "../rules/optimize.ts";
import type { Lineage } from "../rdd/lineage.ts";
import type { Rdd } from "../rdd/rdd.ts";
import { callSite } from "./call-site.ts";
import type { FrameEngine, RowsInMemory } from "./frame-engine.ts";

/** What frames need of their context. */
export interface FrameHost {
  /** Loaded when first needed. Throws `executor-closed` once the context is closed. */
  readonly engine: () => Promise<FrameEngine>;
  /** The same where it was loaded, also while the context closes. */
  readonly loadedEngine: () => Promise<FrameEngine> | undefined;
  readonly checkOpen: () => void;
  readonly newKey: () => string;
  readonly views: Map<string, { readonly name: string; readonly plan: PlanNode }>;
  readonly toRdd: (rows: readonly unknown[]) => Rdd<unknown>;
  readonly createRdd: (lineage: Lineage) => Rdd<unknown>;
  /** How many tasks run at once. */
  readonly slotCount: () => number;
}

/** What is known of the plans of a context: their analyses, what their files hold, their rows in memory. */
export interface FrameSession {
  readonly host: FrameHost;
  /** Frozen, with the line of the caller; checked at once where all its columns are known. */
  readonly node: (shape: PlanShape) => PlanNode;
  /** The analysed and rewritten plan, after a look at the files that it reads. */
  readonly resolve: (plan: PlanNode) => Promise<ResolvedPlan>;
  readonly analyze: (plan: PlanNode) => Promise<ResolvedPlan>;
  /** Rows in memory that a plan reads. */
  readonly rowsOf: (plan: ResolvedPlan) => ReadonlyMap<string, RowsInMemory>;
  /** A plan of rows in memory, which live as long as it. */
  readonly local: (rows: RowsInMemory) => PlanNode;
  /** The same for rows that are computed once, when a query first asks for them. */
  readonly later: (schema: Schema, compute: (signal: AbortSignal | undefined) => Promise<RowsInMemory>) => PlanNode;
  /** Computes what is to be kept or read, and is not there yet. */
  readonly keep: (plan: ResolvedPlan, signal: AbortSignal | undefined) => Promise<void>;
  readonly release: (attachment: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Rows in memory, or how to come by them. */
interface HeldRows {
  rows: RowsInMemory | undefined;
  readonly compute?: (signal: AbortSignal | undefined) => Promise<RowsInMemory>;
}

export function createFrameSession(host: FrameHost): FrameSession {
  const schemas = new WeakMap<PlanNode, Schema>();
  const environment: AnalyzerEnvironment = { schemaOf: (node) => schemas.get(node), known: new WeakMap() };
  /** Gone with the last plan that has the attachment, be it analysed or rewritten. */
  const rows = new WeakMap<Attachment, HeldRows>();
  const kept = new Map<string, Promise<void>>();

  const node = (shape: PlanShape): PlanNode => {
    host.checkOpen();
    const site = callSite();
    const plan: PlanNode = Object.freeze(site === undefined ? shape : { ...shape, site });
    try {
      analyzePlan(plan, environment);
    } catch (thrown) {
      if (!(thrown instanceof SchemaUnknown || thrown instanceof OuterUnknown)) throw thrown;
    }
    return plan;
  };

  const look = async (plan: PlanNode): Promise<void> => {
    const engine = await host.engine();
    for (const leaf of leavesOf(plan)) {
      if (schemas.has(leaf) || (leaf.kind === "scan" && leaf.schema !== undefined)) continue;
      if (leaf.kind === "scan") schemas.set(leaf, await engine.schemaOfScan(leaf));
      else if (leaf.kind === "sql") {
        const text = analyzeSqlText(leaf, environment);
        await fill(text, undefined);
        schemas.set(leaf, await engine.schemaOfSql({ plan: text, local: rowsOf(text) }));
      }
    }
  };

  const analyze = async (plan: PlanNode): Promise<ResolvedPlan> => {
    await look(plan);
    try {
      return analyzePlan(plan, environment);
    } catch (thrown) {
      throw thrown instanceof OuterUnknown ? new DatasetError("invalid-plan", thrown.message) : thrown;
    }
  };

  const rowsOf = (plan: ResolvedPlan): ReadonlyMap<string, RowsInMemory> => {
    const found = new Map<string, RowsInMemory>();
    walkPlan(plan, (one) => {
      if (one.kind !== "local") return;
      const held = rows.get(one.attachment)?.rows;
      if (held === undefined)
        throw new DatasetError(
          "invalid-plan",
          "a frame of another context is in this plan: its rows are in memory there",
        );
      found.set(one.attachment.id, held);
    });
    return found;
  };

  const fill = async (plan: ResolvedPlan, signal: AbortSignal | undefined): Promise<void> => {
    const wanted: HeldRows[] = [];
    walkPlan(plan, (one) => {
      const held = one.kind === "local" ? rows.get(one.attachment) : undefined;
      if (held !== undefined && held.rows === undefined) wanted.push(held);
    });
    for (const held of wanted) held.rows ??= await held.compute?.(signal);
  };

  const hold = (held: HeldRows, { schema, rowCount }: Pick<RowsInMemory, "schema" | "rowCount">): PlanNode => {
    const attachment: Attachment = Object.freeze({ id: host.newKey() });
    rows.set(attachment, held);
    return node({ kind: "local", attachment, schema, rowCount });
  };

  const keep = async (plan: ResolvedPlan, signal: AbortSignal | undefined): Promise<void> => {
    const engine = await host.engine();
    await fill(plan, signal);
    const wanted: Extract<ResolvedPlan, { kind: "kept" }>[] = [];
    walkPlan(plan, (one) => {
      if (one.kind === "kept") wanted.push(one);
    });
    for (const one of wanted) {
      if (!kept.has(one.attachment)) {
        const input = optimize(one.input);
        const making = keep(one.input, signal).then(async () => {
          await engine.execute(input, (query) => `CREATE TABLE "${one.attachment}" AS ${query}`, {
            signal,
            local: rowsOf(input),
          });
        });
        kept.set(one.attachment, making);
        making.catch(() => kept.delete(one.attachment));
      }
      await kept.get(one.attachment);
    }
  };

  const release = async (attachment: string): Promise<void> => {
    if (!kept.delete(attachment)) return;
    const engine = await host.loadedEngine();
    await engine?.statement(`DROP TABLE IF EXISTS "${attachment}"`);
  };

  return {
    host,
    node,
    analyze,
    resolve: async (plan) => optimize(await analyze(plan)),
    rowsOf,
    keep,
    release,
    local: (held) => hold({ rows: held }, held),
    later: (schema, compute) => hold({ rows: undefined, compute }, { schema, rowCount: 0 }),
    close: async () => {
      for (const attachment of [...kept.keys()]) await release(attachment);
    },
  };
}
