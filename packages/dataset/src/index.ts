/**
 * Lazy collections over files and memory.
 *
 * @module
 */
export {
  createContext,
  type Context,
  type ContextOptions,
  type ParquetOptions,
  type SourceOptions,
} from "./context.ts";
export type { Broadcast } from "@tutti/runtime";
export { DatasetError, type DatasetErrorCode } from "./dataset-error.ts";
export type { Accumulator } from "./rdd/accumulator.ts";
export type { Rdd } from "./rdd/rdd.ts";
export type { ActionOptions, Actions, Aggregator, Histogram, SavedFiles } from "./rdd/actions.ts";
export type { PairTransformations, PartitionerOptions } from "./rdd/pair-transformations.ts";
export type { PartitionOptions, SampleOptions, SortOptions, Transformations } from "./rdd/transformations.ts";
export type { Statistics } from "./rdd/statistics.ts";
export type { Key, PrimitiveKey } from "./rdd/key.ts";
export type { StorageLevel } from "./rdd/storage-level.ts";
export type { SortKey } from "./rdd/sort-order.ts";
export type { Widen } from "./rdd/widen.ts";
export type { Catalog, FrameSource } from "./frame/frame-source.ts";
export type {
  CollectOptions,
  Columns,
  DataFrame,
  ExplainOptions,
  JoinHow,
  QueryOptions,
  ShowOptions,
} from "./frame/data-frame.ts";
export type { Column } from "./frame/column.ts";
export type { Literal, Row, RowOf, Shape } from "./frame/column-types.ts";
export type { Gaps } from "./frame/gaps.ts";
export type { GroupedFrame, PivotedFrame } from "./frame/grouped-frame.ts";
export type { FrameStatistics } from "./frame/frame-statistics.ts";
export type {
  CsvReadOptions,
  FrameReader,
  JsonReadOptions,
  MalformedMode,
  ParquetReadOptions,
} from "./frame/frame-reader.ts";
export type { FrameWriter, SaveMode, WriteOptions, WrittenFrame } from "./frame/frame-writer.ts";
export type { OrderKey } from "./frame/order-key.ts";
export { struct, t, type Int, type LongType, type ShapeOf, type Struct, type Type } from "./frame/schema.ts";
export { decimal, interval, timestamp, type Decimal, type Interval, type Timestamp } from "./frame/values.ts";
export { window, type Window } from "./frame/window.ts";
export type { DataType, Field, Schema } from "./plan/data-type.ts";
export { call, col, exists, lit, not, when } from "./frame/functions/core-functions.ts";
export { avg, count, countDistinct, max, min, sum, sumDistinct } from "./frame/functions/aggregate-functions.ts";
