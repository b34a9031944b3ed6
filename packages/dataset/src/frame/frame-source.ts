import type { Executor } from "@tutti/runtime";
import { checkPartitionCount } from "../check-argument.ts";
import { DatasetError } from "../dataset-error.ts";
import type { PlanNode, SqlHole } from "../plan/plan-node.ts";
import { suggest } from "../plan/nearest-names.ts";
import type { Rdd } from "../rdd/rdd.ts";
import { shorten } from "../shorten.ts";
import { literalOf } from "./column-handle.ts";
import type { AnyFrame, Literal, Row, Shape, ShapeOfRows } from "./column-types.ts";
import type { DataFrame } from "./data-frame.ts";
import type { FrameEngine, PartitionedOptions } from "./frame-engine.ts";
import { createFrame, frameOfRdd } from "./frame-handle.ts";
import { createFrameSession, type FrameHost, type FrameSession } from "./frame-host.ts";
import { findPlan } from "./frame-plan.ts";
import { createFrameReader, type FrameReader } from "./frame-reader.ts";
import { rowsInMemory } from "./rows-in-memory.ts";
import type { RowOf } from "./column-types.ts";
import type { Struct } from "./schema.ts";

/** What the views of a context are called, and what they hold. */
export interface Catalog {
  listTables(): readonly string[];
  tableExists(name: string): boolean;
  /** Whether there was one. */
  dropTempView(name: string): boolean;
}

/** Where frames begin. */
export interface FrameSource {
  readonly read: FrameReader;
  readonly catalog: Catalog;
  /**
   * Rows of the program. With a struct they are checked against it; without, the rows say what they are: numbers are
   * doubles, bigints 64-bit integers, dates instants.
   */
  createDataFrame<S extends Shape>(rows: Iterable<RowOf<S>>, schema: Struct<S>): DataFrame<S>;
  createDataFrame<R extends object>(rows: Iterable<R>): DataFrame<ShapeOfRows<R>>;
  /** Rows that come over time. They are held in memory. */
  readRows<S extends Shape>(rows: AsyncIterable<RowOf<S>>, schema: Struct<S>): Promise<DataFrame<S>>;
  /** The elements of an RDD, which must be objects. Runs a job; the rows are then in memory here. */
  rddToFrame<S extends Shape>(rdd: Rdd<RowOf<S>>, schema: Struct<S>): Promise<DataFrame<S>>;
  /** The column `id`: whole numbers from `start` up to but not with `end`. */
  rangeFrame(start: number | bigint, end: number | bigint, step?: number | bigint): DataFrame<{ readonly id: bigint }>;
  /** A view by its name. */
  table(name: string): DataFrame;
  /**
   * The engine's SQL around frames. `${frame}` is a relation, any other `${value}` a value; neither can become text of
   * the query. The text may also name views. It reads nothing else.
   */
  sql<S extends Shape = Row>(parts: TemplateStringsArray, ...holes: readonly (Literal | AnyFrame)[]): DataFrame<S>;
}

interface SourceOptions {
  readonly timeZone?: string;
  readonly sqlReadsFiles?: boolean;
  readonly engineMemoryBytesMax?: number;
  readonly spillDirectory?: string;
  readonly partitionedPlans?: PartitionedPlans;
  readonly partitionCount?: number;
  readonly partitionedBytesMin?: number;
  readonly broadcastBytesMax?: number;
  readonly skewedRowsMin?: number;
}

/** When queries are cut into stages. */
export type PartitionedPlans = "auto" | "always" | "never";

interface SourceParts extends Pick<FrameHost, "checkOpen" | "newKey" | "toRdd" | "createRdd" | "slotCount"> {
  readonly executor: () => Executor;
}

/** What a context needs of its frames. */
export interface Frames {
  readonly source: FrameSource;
  readonly rddToFrame: (rdd: Pick<Rdd<unknown>, "collect">, schema: Struct<unknown>) => unknown;
  readonly close: () => Promise<void>;
}

/** The frames of one context. */
export function createFrameSource(options: SourceOptions, { executor, ...parts }: SourceParts): Frames {
  const { timeZone = "UTC", sqlReadsFiles = false, engineMemoryBytesMax: memoryBytesMax, spillDirectory } = options;
  const partitioned = partitionedOf(options, executor);
  checkTimeZone(timeZone);
  checkMemory(memoryBytesMax);
  const views: FrameHost["views"] = new Map();
  let loading: Promise<FrameEngine> | undefined;
  const engine = async (): Promise<FrameEngine> => {
    parts.checkOpen();
    loading ??= import("../engine/frame-engine.ts").then(({ createFrameEngine }) =>
      createFrameEngine({ timeZone, sqlReadsFiles, memoryBytesMax, spillDirectory, partitioned }),
    );
    return await loading;
  };
  const session = createFrameSession({ ...parts, engine, loadedEngine: () => loading, views });
  const fromRows = <F>(rows: Iterable<unknown>, schema: Struct<unknown> | undefined): F => {
    if (rows === null || typeof rows !== "object" || !(Symbol.iterator in rows)) {
      throw new DatasetError(
        "invalid-argument",
        `createDataFrame needs an array or another iterable of rows; it was given ${shorten(rows)}`,
      );
    }
    const list = Array.isArray(rows) ? (rows as readonly Row[]) : ([...rows] as Row[]);
    return createFrame<F>(session, session.local(rowsInMemory(list, schema?.schema)));
  };
  const source: FrameSource = {
    read: createFrameReader(session),
    catalog: catalogOf(views),
    createDataFrame: <F>(rows: Iterable<unknown>, schema?: Struct<unknown>): F => fromRows<F>(rows, schema),
    async readRows(rows, schema) {
      const list: unknown[] = [];
      for await (const row of rows) list.push(row);
      return fromRows(list, schema);
    },
    rddToFrame: async (rdd, schema) => fromRows(await rdd.collect(), schema),
    rangeFrame(start, end, step = 1) {
      const [from, to, by] = [start, end, step].map(wholeText);
      if (by === "0") throw new DatasetError("invalid-argument", "rangeFrame with a step of 0 never ends");
      return createFrame(session, session.node({ kind: "range", start: from ?? "", end: to ?? "", step: by ?? "" }));
    },
    table(name) {
      const view = views.get(String(name).toLowerCase());
      if (view !== undefined) return createFrame(session, view.plan);
      const names = Array.from(views.values(), (one) => one.name);
      throw new DatasetError("unknown-table", `${JSON.stringify(name)} is no view; ${suggest(String(name), names)}`);
    },
    sql: (texts, ...holes) => createFrame(session, sqlNode(session, texts, holes)),
  };
  return { source, rddToFrame: (rdd, schema) => frameOfRdd(session, rdd, schema), close: () => session.close() };
}

function wholeText(value: number | bigint): string {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return String(value);
  throw new DatasetError("invalid-argument", `rangeFrame takes whole numbers; it was given ${shorten(value)}`);
}

function catalogOf(views: FrameHost["views"]): Catalog {
  return {
    listTables: () => Array.from(views.values(), ({ name }) => name).sort(),
    tableExists: (name) => views.has(name.toLowerCase()),
    dropTempView: (name) => views.delete(name.toLowerCase()),
  };
}

function sqlNode(session: FrameSession, texts: TemplateStringsArray, holes: readonly unknown[]): PlanNode {
  if (!Array.isArray(texts) || !("raw" in texts)) {
    throw new DatasetError("invalid-argument", "sql is a tag: tutti.sql`select …`, so that values never become text");
  }
  const text = texts.join(" ").toLowerCase();
  return session.node({
    kind: "sql",
    parts: [...texts],
    holes: holes.map((hole): SqlHole => {
      const plan = findPlan(hole);
      return plan === undefined
        ? { kind: "value", value: { kind: "literal", value: literalOf(hole) } }
        : { kind: "frame", plan };
    }),
    // All that the text might mean; the engine takes those that it does.
    views: [...session.host.views.values()].filter(({ name }) => text.includes(name.toLowerCase())),
  });
}

function partitionedOf(
  {
    partitionedPlans: mode = "auto",
    partitionCount,
    partitionedBytesMin = 1024 ** 3,
    broadcastBytesMax = 10 * 1024 ** 2,
    skewedRowsMin = 500_000,
  }: SourceOptions,
  executor: () => Executor,
): PartitionedOptions | undefined {
  if (!["auto", "always", "never"].includes(mode))
    throw new DatasetError("invalid-argument", `partitionedPlans is auto, always or never, not ${shorten(mode)}`);
  checkPartitionCount("createContext", partitionCount);
  for (const [name, least] of Object.entries({ partitionedBytesMin, broadcastBytesMax, skewedRowsMin })) {
    if (!(least >= 0))
      throw new DatasetError("invalid-argument", `${name} is ${shorten(least)}; it is a number from 0`);
  }
  return mode === "never"
    ? undefined
    : { mode, executor, partitionCount, bytesMin: partitionedBytesMin, broadcastBytesMax, skewedRowsMin };
}

const memoryBytesMin = 16 * 1024 * 1024;

function checkMemory(bytes: number | undefined): void {
  if (bytes === undefined || (Number.isFinite(bytes) && bytes >= memoryBytesMin)) return;
  throw new DatasetError(
    "invalid-argument",
    `engineMemoryBytesMax is ${shorten(bytes)}; the engine needs at least ${memoryBytesMin} bytes`,
  );
}

function checkTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch (thrown) {
    throw new DatasetError("invalid-argument", `${shorten(timeZone)} is no time zone such as Europe/Berlin`, {
      cause: thrown,
    });
  }
}
