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
export type { SortKey } from "./rdd/sort-order.ts";
export type { Widen } from "./rdd/widen.ts";
