import type { DataType } from "./data-type.ts";
import type { PlanNode } from "./plan-node.ts";

/**
 * What a column is computed by, as it was written: names are not resolved, types not known. Frozen, plain data; values
 * that JSON has no form for are tagged.
 */
export type Expression =
  | { readonly kind: "column"; readonly path: readonly string[]; readonly side?: "left" | "right" | "outer" }
  | { readonly kind: "literal"; readonly value: LiteralValue; readonly type?: DataType }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly Expression[];
      readonly aggregate?: AggregateParts;
    }
  | { readonly kind: "cast"; readonly input: Expression; readonly type: DataType; readonly isTry: boolean }
  | { readonly kind: "case"; readonly branches: readonly CaseBranch[]; readonly otherwise?: Expression }
  | { readonly kind: "alias"; readonly input: Expression; readonly name: string }
  | { readonly kind: "window"; readonly input: Expression; readonly spec: WindowSpec }
  | { readonly kind: "subquery"; readonly mode: "scalar" | "exists"; readonly plan: PlanNode }
  | { readonly kind: "inSubquery"; readonly input: Expression; readonly plan: PlanNode }
  | { readonly kind: "lambda"; readonly parameters: readonly string[]; readonly body: Expression }
  | { readonly kind: "lambdaVariable"; readonly name: string }
  | { readonly kind: "star" };

export interface CaseBranch {
  readonly when: Expression;
  readonly value: Expression;
}

/** What only aggregates take. */
export interface AggregateParts {
  readonly isDistinct?: boolean;
  readonly filter?: Expression;
}

export interface SortKeyExpression {
  readonly input: Expression;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last";
}

export interface WindowSpec {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortKeyExpression[];
  readonly bounds?: WindowBounds;
}

/** Rows or values from `start` to `end`, counted from the current row; infinite means unbounded. */
export interface WindowBounds {
  readonly unit: "rows" | "range";
  readonly start: number;
  readonly end: number;
}

/** JSON has neither bigints nor dates nor decimals, so these carry a tag. */
export type LiteralValue =
  | null
  | boolean
  | number
  | string
  | { readonly tag: "bigint"; readonly text: string }
  | { readonly tag: "decimal"; readonly text: string }
  | { readonly tag: "date"; readonly days: number }
  /** Microseconds since 1970. */
  | { readonly tag: "timestamp" | "timestampNtz"; readonly micros: string }
  | { readonly tag: "binary"; readonly hex: string }
  | { readonly tag: "interval"; readonly months: number; readonly days: number; readonly micros: string }
  /** Infinity, -Infinity and NaN. */
  | { readonly tag: "double"; readonly text: string };
