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
export { DatasetError, type DatasetErrorCode } from "./dataset-error.ts";
export type { ActionOptions, Rdd, ReduceByKeyOptions, SavedFiles, SortByOptions } from "./rdd/rdd.ts";
export type { Key, PrimitiveKey } from "./rdd/key.ts";
export type { SortKey } from "./rdd/sort-order.ts";
export type { Widen } from "./rdd/widen.ts";
