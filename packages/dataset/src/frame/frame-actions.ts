import { checkCount, checkFunction } from "../check-argument.ts";
import { DatasetError } from "../dataset-error.ts";
import { typeText, type DataType, type Schema } from "../plan/data-type.ts";
import { explainPlan } from "../plan/explain-plan.ts";
import type { PlanNode, PlanShape } from "../plan/plan-node.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import { objectBuilder } from "../object-builder.ts";
import type { Rdd } from "../rdd/rdd.ts";
import type { FrameSplit } from "../sources/frame-split.ts";
import { drawTable } from "./draw-table.ts";
import type { CollectOptions, ExplainOptions, QueryOptions, ShowOptions } from "./data-frame.ts";
import type { ColumnBatch } from "./frame-engine.ts";
import type { FrameSession } from "./frame-host.ts";
import { registerFrame } from "./frame-plan.ts";
import { jsonText } from "./json-rows.ts";

type AnyRow = Record<string, unknown>;

/** From here on `collect` warns. */
const warningRows = 10_000_000;

/** What frames run. */
export abstract class FrameActions {
  protected readonly session: FrameSession;
  readonly plan: PlanNode;

  constructor(session: FrameSession, plan: PlanNode) {
    this.session = session;
    this.plan = plan;
    registerFrame(this, plan);
  }

  protected abstract derive(shape: PlanShape): FrameActions;

  async schema(): Promise<Schema> {
    return (await this.session.analyze(this.plan)).schema;
  }

  async printSchema(): Promise<string> {
    const text = `root\n${schemaLines(await this.schema(), 1).join("\n")}`;
    console.log(text);
    return text;
  }

  async explain({ sql = false, analyze = false, ...options }: ExplainOptions = {}): Promise<string> {
    const analyzed = await this.session.analyze(this.plan);
    const resolved = await this.session.resolve(this.plan);
    const parts = [`== Analyzed ==\n${explainPlan(analyzed)}`, `== Optimized ==\n${explainPlan(resolved)}`];
    const engine = await this.session.host.engine();
    const stages = await engine.stagesOf(resolved, { local: new Map() });
    if (stages !== undefined) parts.push(`== Stages ==\n${stages}`);
    if (sql) parts.push(`== SQL ==\n${await engine.sqlOf(resolved)}`);
    if (analyze) {
      const run = { signal: signalOf(options), local: this.session.rowsOf(resolved) };
      await this.session.keep(resolved, run.signal);
      parts.push(`== Engine ==\n${await engine.profile(resolved, run)}`);
    }
    return parts.join("\n\n");
  }

  async show({ rows = 20, truncate = 20, print = console.log, ...options }: ShowOptions = {}): Promise<void> {
    checkCount("show", rows);
    const { schema } = await this.session.analyze(this.plan);
    const found = await this.derive({ kind: "limit", input: this.plan, count: rows + 1, offset: 0 }).collect(options);
    const shown = found.slice(0, rows).map((row) => schema.map(({ name }) => row[name]));
    const isCut = found.length > rows;
    print(drawTable({ schema, rows: shown, truncate }) + (isCut ? `\nonly the first ${rows} rows` : ""));
  }

  async collect({ rowsMax = Infinity, ...options }: CollectOptions = {}): Promise<AnyRow[]> {
    const rows: AnyRow[] = [];
    let hasWarned = false;
    for await (const batch of this.batches(options)) {
      if (rows.length + batch.length > rowsMax) {
        throw new DatasetError(
          "too-many-rows",
          `the frame has more than ${rowsMax} rows; limit it, or stream it with for await`,
        );
      }
      for (const row of batch) rows.push(row);
      if (!hasWarned && rowsMax === Infinity && rows.length > warningRows) {
        hasWarned = true;
        process.emitWarning(
          `collect() has over ${warningRows} rows in memory; stream them, or give it a rowsMax`,
          "TuttiWarning",
        );
      }
    }
    return rows;
  }

  async take(count: number, options?: QueryOptions): Promise<AnyRow[]> {
    checkCount("take", count);
    return await this.derive({ kind: "limit", input: this.plan, count, offset: 0 }).collect(options);
  }

  async head(count: number, options?: QueryOptions): Promise<AnyRow[]> {
    return await this.take(count, options);
  }

  async tail(count: number, options?: QueryOptions): Promise<AnyRow[]> {
    checkCount("tail", count);
    let last: AnyRow[] = [];
    for await (const batch of this.batches(options)) last = [...last, ...batch].slice(-count);
    return count === 0 ? [] : last;
  }

  async first(options?: QueryOptions): Promise<AnyRow | undefined> {
    return (await this.take(1, options))[0];
  }

  async count(options?: QueryOptions): Promise<number> {
    const input = this.plan;
    const count = { kind: "alias", name: "count", input: { kind: "call", name: "count", args: [] } } as const;
    const totals = this.derive({ kind: "aggregate", input, keys: [], groupingSets: [[]], aggregates: [count] });
    return Number((await totals.collect(options))[0]?.["count"] ?? 0);
  }

  async isEmpty(options?: QueryOptions): Promise<boolean> {
    return (await this.take(1, options)).length === 0;
  }

  toLocalIterator(options?: QueryOptions): AsyncIterableIterator<AnyRow> {
    return oneByOne(this.batches(options));
  }

  [Symbol.asyncIterator](): AsyncIterator<AnyRow> {
    return oneByOne(this.batches());
  }

  async *batches(options: QueryOptions = {}): AsyncGenerator<AnyRow[]> {
    const plan = await this.session.resolve(this.plan);
    const build = objectBuilder(plan.schema.map(({ name }) => name));
    for await (const { columns, rowCount } of this.#run(plan, options)) yield build(columns, rowCount);
  }

  async *#run(plan: ResolvedPlan, options: QueryOptions): AsyncGenerator<ColumnBatch> {
    const signal = signalOf(options);
    const engine = await this.session.host.engine();
    await this.session.keep(plan, signal);
    yield* engine.run(plan, { signal, onProgress: options.onProgress, local: this.session.rowsOf(plan) });
  }

  async foreach(fn: (row: AnyRow) => void | Promise<void>, options?: QueryOptions): Promise<void> {
    checkFunction("foreach", fn, { mayBeAsync: true });
    for await (const batch of this.batches(options)) for (const row of batch) await fn(row);
  }

  async foreachPartition(fn: (rows: readonly AnyRow[]) => void | Promise<void>, options?: QueryOptions): Promise<void> {
    checkFunction("foreachPartition", fn, { mayBeAsync: true });
    for await (const batch of this.batches(options)) await fn(batch);
  }

  async toColumns(options: QueryOptions = {}): Promise<Record<string, ArrayLike<unknown>>> {
    const plan = await this.session.resolve(this.plan);
    const parts: ArrayLike<unknown>[][] = plan.schema.map(() => []);
    // The engine may reuse what a chunk holds.
    for await (const { columns } of this.#run(plan, options))
      columns.forEach((column, index) => parts[index]?.push(copy(column)));
    return Object.fromEntries(plan.schema.map(({ name }, index) => [name, joined(parts[index] ?? [])]));
  }

  async toJSON(options?: QueryOptions): Promise<string> {
    let text = "";
    for await (const piece of this.jsonPieces(options)) text += piece;
    return text;
  }

  async *jsonPieces(options?: QueryOptions): AsyncGenerator<string> {
    let before = "[";
    for await (const batch of this.batches(options)) {
      if (batch.length > 0) yield `${before}${batch.map(jsonText).join(",")}`;
      before = batch.length > 0 ? "," : before;
    }
    yield before === "[" ? "[]" : "]";
  }

  async toArrow(options: QueryOptions = {}): Promise<unknown> {
    const { arrowTable } = await import("./arrow-table.ts");
    const plan = await this.session.resolve(this.plan);
    return await arrowTable(plan.schema, this.#run(plan, options));
  }

  /** Its rows in parts, which tasks read. */
  protected rows(as: "rows" | "batches"): Rdd<unknown> {
    const { host, rowsOf, keep } = this.session;
    const open = async (): Promise<readonly FrameSplit[]> => {
      const plan = await this.session.resolve(this.plan);
      const engine = await host.engine();
      await keep(plan, undefined);
      return await engine.split(plan, host.slotCount(), { local: rowsOf(plan) });
    };
    return host.createRdd({ kind: "frame", as, open });
  }

  async toRdd(options?: QueryOptions): Promise<Rdd<unknown>> {
    return this.session.host.toRdd(await this.collect(options));
  }
}

/** One signal for both bounds. */
export function signalOf({ signal, timeoutMs }: QueryOptions): AbortSignal | undefined {
  if (timeoutMs === undefined) return signal;
  if (!Number.isFinite(timeoutMs) || timeoutMs < 0)
    throw new DatasetError("invalid-argument", `a timeout of ${timeoutMs} ms is none`);
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

/**
 * Rows of batches, one at a time, without a generator's hop for each. Asking again before the last answer came is
 * answered in order.
 */
function oneByOne(batches: AsyncGenerator<AnyRow[]>): AsyncIterableIterator<AnyRow> {
  let rows: readonly AnyRow[] = [];
  let next = 0;
  let pending: Promise<unknown> | undefined;
  const advance = async (): Promise<IteratorResult<AnyRow>> => {
    while (next >= rows.length) {
      const batch = await batches.next();
      if (batch.done === true) return { done: true, value: undefined };
      rows = batch.value;
      next = 0;
    }
    return take();
  };
  const take = (): IteratorResult<AnyRow> => ({ done: false, value: rows[next++] as AnyRow });
  return {
    next() {
      if (pending === undefined && next < rows.length) return Promise.resolve(take());
      const answer = (pending ?? Promise.resolve()).then(advance);
      const mine = answer
        .catch(() => undefined)
        .then(() => {
          if (pending === mine) pending = undefined;
        });
      pending = mine;
      return answer;
    },
    async return() {
      await batches.return(undefined);
      rows = [];
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function copy(column: ArrayLike<unknown>): ArrayLike<unknown> {
  return ArrayBuffer.isView(column) ? (column as unknown as Float64Array).slice() : column;
}

type NumberArray = Float64Array<ArrayBuffer>;

/** One array of many: typed where all are, of numbers without NULL. */
function joined(parts: readonly ArrayLike<unknown>[]): ArrayLike<unknown> {
  const [first] = parts;
  if (first === undefined) return [];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (parts.every((part) => ArrayBuffer.isView(part) && part.constructor === first.constructor)) {
    const Constructor = first.constructor as new (length: number) => NumberArray;
    const all = new Constructor(length);
    let offset = 0;
    for (const part of parts) {
      all.set(part as NumberArray, offset);
      offset += part.length;
    }
    return all;
  }
  return parts.flatMap((part) => Array.from(part));
}

function schemaLines(schema: Schema, depth: number): string[] {
  const indent = " |   ".repeat(depth - 1);
  return schema.flatMap(({ name, type, nullable }) => [
    `${indent} |-- ${name}: ${type.kind === "struct" || type.kind === "array" ? type.kind : typeText(type)} (nullable = ${nullable})`,
    ...nestedLines(type, depth),
  ]);
}

function nestedLines(type: DataType, depth: number): string[] {
  if (type.kind === "struct") return schemaLines(type.fields, depth + 1);
  if (type.kind !== "array") return [];
  return schemaLines([{ name: "element", type: type.element, nullable: type.containsNull }], depth + 1);
}
