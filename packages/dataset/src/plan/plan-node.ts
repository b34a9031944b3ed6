import type { Schema } from "./data-type.ts";
import type { Expression, LiteralValue, SortKeyExpression } from "./expression.ts";

/** A live thing that a plan names and does not hold, as rows in memory. It lives as long as a plan has this object. */
export interface Attachment {
  readonly id: string;
}

/**
 * What a frame is, as it was written: frozen, plain data, and no word of any engine. Live things (rows in memory,
 * functions) are named by an attachment.
 */
export type PlanNode = { readonly site?: string } & PlanShape;

export type PlanShape =
  | ScanNode
  /** Rows in memory. */
  | { readonly kind: "local"; readonly attachment: Attachment; readonly schema: Schema; readonly rowCount: number }
  | { readonly kind: "range"; readonly start: string; readonly end: string; readonly step: string }
  /** The engine's SQL around frames: a part, a hole, a part, … */
  | {
      readonly kind: "sql";
      readonly parts: readonly string[];
      readonly holes: readonly SqlHole[];
      /** Frames that the text may name. */
      readonly views: readonly { readonly name: string; readonly plan: PlanNode }[];
    }
  /** A kept result, by the id of its attachment. */
  | { readonly kind: "kept"; readonly attachment: string; readonly input: PlanNode }
  | { readonly kind: "project"; readonly input: PlanNode; readonly columns: readonly Expression[] }
  | { readonly kind: "withColumns"; readonly input: PlanNode; readonly columns: readonly NamedExpression[] }
  | {
      readonly kind: "rename";
      readonly input: PlanNode;
      readonly names: readonly (readonly [from: string, to: string])[];
    }
  | { readonly kind: "renameAll"; readonly input: PlanNode; readonly names: readonly string[] }
  | { readonly kind: "drop"; readonly input: PlanNode; readonly names: readonly string[] }
  | { readonly kind: "filter"; readonly input: PlanNode; readonly predicate: Expression }
  | AggregateNode
  | { readonly kind: "sort"; readonly input: PlanNode; readonly keys: readonly SortKeyExpression[] }
  | { readonly kind: "limit"; readonly input: PlanNode; readonly count?: number; readonly offset: number }
  /** One row of those that are equal in `names`, or in all columns. */
  | { readonly kind: "distinct"; readonly input: PlanNode; readonly names?: readonly string[] }
  | JoinNode
  | {
      readonly kind: "setOperation";
      readonly operation: "union" | "intersect" | "except";
      readonly left: PlanNode;
      readonly right: PlanNode;
      readonly isAll: boolean;
      readonly byName: boolean;
      readonly allowMissing: boolean;
    }
  | {
      readonly kind: "sample";
      readonly input: PlanNode;
      readonly from: number;
      readonly to: number;
      readonly seed: number;
    }
  | UnpivotNode
  | GapNode
  /** Statistics of columns, one row for each. */
  | {
      readonly kind: "describe";
      readonly input: PlanNode;
      readonly names?: readonly string[];
      readonly statistics: readonly string[];
    }
  /** Columns of this input as a relation of their own, for `schema` checks and casts: `frame.as(struct)`. */
  | { readonly kind: "conform"; readonly input: PlanNode; readonly schema: Schema };

export type FileFormat = "parquet" | "csv" | "json" | "text";

export interface ScanNode {
  readonly kind: "scan";
  readonly format: FileFormat;
  readonly paths: readonly string[];
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** What the caller says the files hold. Without it they are looked at. */
  readonly schema?: Schema;
}

export interface NamedExpression {
  readonly name: string;
  readonly expression: Expression;
}

export interface AggregateNode {
  readonly kind: "aggregate";
  readonly input: PlanNode;
  readonly keys: readonly Expression[];
  /** Indexes into `keys`, a list for each grouping set. One list of all: a plain `group by`. */
  readonly groupingSets: readonly (readonly number[])[];
  readonly aggregates: readonly Expression[];
  readonly pivot?: { readonly column: Expression; readonly values: readonly LiteralValue[] };
}

export type JoinKind = "inner" | "left" | "right" | "full" | "semi" | "anti" | "cross";

export interface JoinNode {
  readonly kind: "join";
  readonly left: PlanNode;
  readonly right: PlanNode;
  readonly how: JoinKind;
  readonly on:
    | { readonly kind: "names"; readonly names: readonly string[] }
    | { readonly kind: "condition"; readonly condition: Expression }
    | { readonly kind: "none" };
}

export interface UnpivotNode {
  readonly kind: "unpivot";
  readonly input: PlanNode;
  readonly ids: readonly string[];
  readonly values: readonly string[];
  readonly variableName: string;
  readonly valueName: string;
}

export type SqlHole =
  | { readonly kind: "frame"; readonly plan: PlanNode }
  | { readonly kind: "value"; readonly value: Expression };

/** NULL and NaN put right. Without names: every column whose type fits. */
export type GapNode =
  | {
      readonly kind: "fillGaps";
      readonly input: PlanNode;
      readonly fills: readonly { readonly names?: readonly string[]; readonly value: LiteralValue }[];
    }
  /** Keeps rows with at least `presentMin` values; undefined: all of them. */
  | {
      readonly kind: "dropGaps";
      readonly input: PlanNode;
      readonly names?: readonly string[];
      readonly presentMin?: number;
    }
  | {
      readonly kind: "replaceValues";
      readonly input: PlanNode;
      readonly names?: readonly string[];
      readonly pairs: readonly (readonly [from: LiteralValue, to: LiteralValue])[];
    };
