import type { AnyFunction } from "@tutti/runtime";
import { DatasetError } from "../dataset-error.ts";
import type { Rdd } from "../rdd/rdd.ts";
import type { RowsInMemory } from "./frame-engine.ts";
import { rowsInMemory } from "./rows-in-memory.ts";
import type { Struct } from "./schema.ts";
import { checkCount, checkFunction, checkFraction, checkSeed } from "../check-argument.ts";
import type { JoinKind, JoinNode, PlanNode, PlanShape } from "../plan/plan-node.ts";
import { shorten } from "../shorten.ts";
import { createColumn, isColumn, toExpression, toSortKey } from "./column-handle.ts";
import type { DataFrame } from "./data-frame.ts";
import { FrameActions } from "./frame-actions.ts";
import { createFrameStatistics } from "./create-statistics.ts";
import { createFrameWriter } from "./create-writer.ts";
import type { FrameSession } from "./frame-host.ts";
import { planOf } from "./frame-plan.ts";
import { createGaps } from "./create-gaps.ts";
import { createGroupedFrame, type GroupedHandle } from "./create-grouped.ts";
import { columnsProxy } from "./columns-proxy.ts";
import { callWith, checkTexts, itemExpression, namedColumns } from "./frame-arguments.ts";

/** Every name of the interface: a method that the classes lack does not compile here. */
type Methods = { readonly [K in Exclude<keyof DataFrame, symbol>]: unknown };

/** The frame with this plan. The interface gives the types; the classes behind it work on names. */
export function createFrame<F>(session: FrameSession, plan: PlanNode): F {
  return new FrameHandle(session, plan) as unknown as F;
}

/** Methods that make other frames. */
class FrameHandle extends FrameActions implements Methods {
  protected override derive(shape: PlanShape): FrameHandle {
    return new FrameHandle(this.session, this.session.node(shape));
  }

  select(...items: readonly unknown[]): FrameHandle {
    return this.derive({ kind: "project", input: this.plan, columns: items.map(itemExpression) });
  }

  selectExpr(...expressions: readonly string[]): FrameHandle {
    checkTexts("selectExpr", expressions);
    return this.#sql([`SELECT ${expressions.join(", ")} FROM `, ""]);
  }

  filter(condition: unknown): FrameHandle {
    if (typeof condition === "string") return this.#sql(["SELECT * FROM ", ` WHERE ${condition}`]);
    return this.derive({ kind: "filter", input: this.plan, predicate: toExpression(callWith(condition)) });
  }

  where(condition: unknown): FrameHandle {
    return this.filter(condition);
  }

  #sql(parts: readonly string[]): FrameHandle {
    return this.derive({ kind: "sql", parts, holes: [{ kind: "frame", plan: this.plan }], views: [] });
  }

  withColumn(name: string, column: unknown): FrameHandle {
    checkTexts("withColumn", [name]);
    const expression = toExpression(callWith(column));
    return this.derive({ kind: "withColumns", input: this.plan, columns: [{ name, expression }] });
  }

  withColumns(make: unknown): FrameHandle {
    return this.derive({ kind: "withColumns", input: this.plan, columns: namedColumns("withColumns", make) });
  }

  withColumnRenamed(from: string, to: string): FrameHandle {
    return this.withColumnsRenamed({ [from]: to });
  }

  withColumnsRenamed(names: Readonly<Record<string, string>>): FrameHandle {
    checkTexts("withColumnsRenamed", Object.values(names));
    return this.derive({ kind: "rename", input: this.plan, names: Object.entries(names) });
  }

  drop(...names: readonly string[]): FrameHandle {
    checkTexts("drop", names);
    return this.derive({ kind: "drop", input: this.plan, names });
  }

  toDF(...names: readonly string[]): FrameHandle {
    checkTexts("toDF", names);
    return this.derive({ kind: "renameAll", input: this.plan, names });
  }

  as(struct: { readonly schema?: unknown }): FrameHandle {
    if (!Array.isArray(struct?.schema))
      throw new DatasetError("invalid-argument", `as needs a struct; it was given ${shorten(struct)}`);
    return this.derive({ kind: "conform", input: this.plan, schema: struct.schema });
  }

  transform<R>(fn: (frame: FrameHandle) => R): R {
    checkFunction("transform", fn);
    return fn(this);
  }

  distinct(): FrameHandle {
    return this.derive({ kind: "distinct", input: this.plan });
  }

  dropDuplicates(...names: readonly string[]): FrameHandle {
    checkTexts("dropDuplicates", names);
    return this.derive({ kind: "distinct", input: this.plan, ...(names.length === 0 ? {} : { names }) });
  }

  limit(count: number): FrameHandle {
    checkCount("limit", count);
    return this.derive({ kind: "limit", input: this.plan, count, offset: 0 });
  }

  offset(count: number): FrameHandle {
    checkCount("offset", count);
    return this.derive({ kind: "limit", input: this.plan, offset: count });
  }

  sample(fraction: number, seed: number = 42): FrameHandle {
    checkFraction("sample", fraction, 1);
    checkSeed("sample", seed);
    return this.derive({ kind: "sample", input: this.plan, from: 0, to: fraction, seed });
  }

  randomSplit(weights: readonly number[], seed: number = 42): FrameHandle[] {
    checkSeed("randomSplit", seed);
    for (const weight of weights) checkFraction("randomSplit", weight, Infinity);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (total <= 0)
      throw new DatasetError("invalid-argument", `randomSplit needs weights above 0; it was given ${shorten(weights)}`);
    let from = 0;
    return weights.map((weight, index) => {
      const to = index === weights.length - 1 ? 1 : from + weight / total;
      const part = this.derive({ kind: "sample", input: this.plan, from, to, seed });
      from = to;
      return part;
    });
  }

  orderBy(...keys: readonly unknown[]): FrameHandle {
    const sortKeys = keys.flatMap((key) => callWith(key)).map(toSortKey);
    if (sortKeys.length === 0) throw new DatasetError("invalid-argument", "orderBy needs something to sort by");
    return this.derive({ kind: "sort", input: this.plan, keys: sortKeys });
  }

  sort(...keys: readonly unknown[]): FrameHandle {
    return this.orderBy(...keys);
  }

  groupBy(...keys: readonly unknown[]): GroupedHandle {
    return this.#grouped(keys, (all) => [all]);
  }

  rollup(...keys: readonly unknown[]): GroupedHandle {
    return this.#grouped(keys, (all) => [...all.map((_, index) => all.slice(0, all.length - index)), []]);
  }

  cube(...keys: readonly unknown[]): GroupedHandle {
    if (keys.length > 12)
      throw new DatasetError("invalid-argument", `a cube of ${keys.length} keys has too many sets; 12 is the most`);
    return this.#grouped(keys, (all) =>
      Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((index) => (bits & (1 << index)) === 0)),
    );
  }

  groupingSets(sets: readonly (readonly string[])[]): GroupedHandle {
    const names = [...new Set(sets.flat())];
    return this.#grouped(names, () => sets.map((set) => set.map((name) => names.indexOf(name))));
  }

  #grouped(
    keys: readonly unknown[],
    setsOf: (all: readonly number[]) => readonly (readonly number[])[],
  ): GroupedHandle {
    const groupingSets = setsOf(keys.map((_, index) => index));
    const parts = { input: this.plan, keys: keys.map(itemExpression), groupingSets };
    return createGroupedFrame(parts, (shape) => this.derive(shape));
  }

  agg(make: unknown): FrameHandle {
    return this.groupBy().agg(make) as FrameHandle;
  }

  unpivot(
    ids: readonly string[],
    values: readonly string[],
    { variable = "variable", value = "value" }: { readonly variable?: string; readonly value?: string } = {},
  ): FrameHandle {
    checkTexts("unpivot", [...ids, ...values, variable, value]);
    return this.derive({ kind: "unpivot", input: this.plan, ids, values, variableName: variable, valueName: value });
  }

  join(other: unknown, on: unknown, how: JoinKind = "inner"): FrameHandle {
    const right = planOf("join", other);
    const kinds: readonly JoinKind[] = ["inner", "left", "right", "full", "semi", "anti"];
    if (!kinds.includes(how)) {
      throw new DatasetError("invalid-argument", `join was told ${shorten(how)}; it knows ${kinds.join(", ")}`);
    }
    return this.derive({ kind: "join", left: this.plan, right, how, on: joinCondition(on) });
  }

  crossJoin(other: unknown): FrameHandle {
    return this.derive({
      kind: "join",
      left: this.plan,
      right: planOf("crossJoin", other),
      how: "cross",
      on: { kind: "none" },
    });
  }

  union(other: unknown): FrameHandle {
    return this.#set("union", other, { isAll: true });
  }

  unionByName(
    other: unknown,
    { allowMissingColumns = false }: { readonly allowMissingColumns?: boolean } = {},
  ): FrameHandle {
    return this.#set("union", other, { isAll: true, byName: true, allowMissing: allowMissingColumns });
  }

  intersect(other: unknown): FrameHandle {
    return this.#set("intersect", other, { isAll: false });
  }

  intersectAll(other: unknown): FrameHandle {
    return this.#set("intersect", other, { isAll: true });
  }

  except(other: unknown): FrameHandle {
    return this.#set("except", other, { isAll: false });
  }

  exceptAll(other: unknown): FrameHandle {
    return this.#set("except", other, { isAll: true });
  }

  #set(
    operation: "union" | "intersect" | "except",
    other: unknown,
    {
      isAll,
      byName = false,
      allowMissing = false,
    }: { readonly isAll: boolean; readonly byName?: boolean; readonly allowMissing?: boolean },
  ): FrameHandle {
    const right = planOf(operation, other);
    return this.derive({ kind: "setOperation", operation, left: this.plan, right, isAll, byName, allowMissing });
  }

  get na(): unknown {
    return createGaps(this.plan, (shape) => this.derive(shape));
  }

  get stat(): unknown {
    return createFrameStatistics(this);
  }

  get rdd(): unknown {
    return this.rows("rows");
  }

  mapBatches(fn: AnyFunction, struct: Struct<unknown>): FrameHandle {
    checkFunction("mapBatches", fn);
    return frameOfRdd(this.session, this.rows("batches").flatMap(fn as () => Iterable<unknown>), struct);
  }

  get write(): unknown {
    return createFrameWriter(this.session, this.plan);
  }

  describe(...names: readonly string[]): FrameHandle {
    const statistics = ["count", "mean", "stddev", "min", "max"];
    return this.derive({ kind: "describe", input: this.plan, statistics, ...(names.length === 0 ? {} : { names }) });
  }

  summary(...wanted: readonly string[]): FrameHandle {
    const statistics = wanted.length === 0 ? ["count", "mean", "stddev", "min", "25%", "50%", "75%", "max"] : wanted;
    return this.derive({ kind: "describe", input: this.plan, statistics });
  }

  cache(): FrameHandle {
    if (this.plan.kind === "kept") return this;
    return this.derive({ kind: "kept", attachment: this.session.host.newKey(), input: this.plan });
  }

  persist(): FrameHandle {
    return this.cache();
  }

  async unpersist(): Promise<void> {
    if (this.plan.kind === "kept") await this.session.release(this.plan.attachment);
  }

  createOrReplaceTempView(name: string): void {
    checkTexts("createOrReplaceTempView", [name]);
    if (name === "") throw new DatasetError("invalid-argument", "a view needs a name");
    this.session.host.views.set(name.toLowerCase(), { name, plan: this.plan });
  }

  asScalar(): unknown {
    return createColumn({ kind: "subquery", mode: "scalar", plan: this.plan });
  }
}

/** The elements of an RDD as rows, computed when a query first needs them. */
export function frameOfRdd(
  session: FrameSession,
  rdd: Pick<Rdd<unknown>, "collect">,
  struct: Struct<unknown>,
): FrameHandle {
  if (!Array.isArray(struct?.schema))
    throw new DatasetError("invalid-argument", `toDF needs a struct of the rows; it was given ${shorten(struct)}`);
  const { schema } = struct;
  const compute = async (signal: AbortSignal | undefined): Promise<RowsInMemory> =>
    rowsInMemory((await rdd.collect({ signal })) as Record<string, unknown>[], schema);
  return new FrameHandle(session, session.later(schema, compute));
}

function joinCondition(on: unknown): JoinNode["on"] {
  if (typeof on === "string") return { kind: "names", names: [on] };
  if (Array.isArray(on)) {
    checkTexts("join", on);
    return { kind: "names", names: on as readonly string[] };
  }
  const condition: unknown =
    typeof on === "function"
      ? (on as (left: unknown, right: unknown) => unknown)(columnsProxy("left"), columnsProxy("right"))
      : on;
  if (isColumn(condition)) return { kind: "condition", condition: toExpression(condition) };
  throw new DatasetError("invalid-argument", `join needs names or a condition; it was given ${shorten(on)}`);
}
