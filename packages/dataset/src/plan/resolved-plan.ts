import type { DataType, Schema } from "./data-type.ts";
import type { LiteralValue, WindowBounds } from "./expression.ts";
import type { Attachment, JoinKind, ScanNode } from "./plan-node.ts";

/** What the analyzer makes of an expression: columns by position, types and nullability known, casts written out. */
export type Resolved = { readonly type: DataType; readonly nullable: boolean } & ResolvedShape;

export type ResolvedShape =
  /** A column of the input, or with `level` 1 and more of the query that many queries further out. */
  | { readonly kind: "column"; readonly index: number; readonly level: number; readonly name: string }
  | { readonly kind: "literal"; readonly value: LiteralValue }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly Resolved[];
      readonly isDistinct: boolean;
      readonly filter?: Resolved;
    }
  | { readonly kind: "cast"; readonly input: Resolved; readonly isTry: boolean }
  | { readonly kind: "case"; readonly branches: readonly ResolvedBranch[]; readonly otherwise?: Resolved }
  | {
      readonly kind: "window";
      readonly input: Resolved;
      readonly partitionBy: readonly Resolved[];
      readonly orderBy: readonly ResolvedSortKey[];
      readonly bounds?: WindowBounds;
    }
  | { readonly kind: "subquery"; readonly mode: "scalar" | "exists"; readonly plan: ResolvedPlan }
  | { readonly kind: "inSubquery"; readonly input: Resolved; readonly plan: ResolvedPlan }
  | { readonly kind: "lambda"; readonly parameters: readonly string[]; readonly body: Resolved }
  | { readonly kind: "lambdaVariable"; readonly name: string };

export interface ResolvedBranch {
  readonly when: Resolved;
  readonly value: Resolved;
}

export interface ResolvedSortKey {
  readonly input: Resolved;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last";
}

/** What the analyzer makes of a plan: few kinds of nodes, each with its columns. */
export type ResolvedPlan = { readonly schema: Schema } & ResolvedPlanShape;

export type ResolvedPlanShape =
  /** `columns`: which of the scan's columns are read, by name in the file. */
  | { readonly kind: "scan"; readonly scan: ScanNode; readonly columns: readonly string[] }
  | { readonly kind: "local"; readonly attachment: Attachment; readonly columns: readonly number[] }
  | { readonly kind: "range"; readonly start: string; readonly end: string; readonly step: string }
  | {
      readonly kind: "sql";
      readonly parts: readonly string[];
      readonly holes: readonly ResolvedHole[];
      readonly views: readonly ResolvedView[];
    }
  | { readonly kind: "kept"; readonly attachment: string; readonly input: ResolvedPlan }
  /** What another stage gave, by the name under which a fragment reads it. */
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "project"; readonly input: ResolvedPlan; readonly columns: readonly Resolved[] }
  | { readonly kind: "filter"; readonly input: ResolvedPlan; readonly predicate: Resolved }
  /** Columns: the keys, then the aggregates. */
  | {
      readonly kind: "aggregate";
      readonly input: ResolvedPlan;
      readonly keys: readonly Resolved[];
      readonly groupingSets: readonly (readonly number[])[];
      readonly aggregates: readonly Resolved[];
    }
  | { readonly kind: "sort"; readonly input: ResolvedPlan; readonly keys: readonly ResolvedSortKey[] }
  | { readonly kind: "limit"; readonly input: ResolvedPlan; readonly count?: number; readonly offset: number }
  | { readonly kind: "distinct"; readonly input: ResolvedPlan; readonly on?: readonly number[] }
  /** Columns: those of the left, then those of the right; of semi and anti joins the left alone. */
  | {
      readonly kind: "join";
      readonly left: ResolvedPlan;
      readonly right: ResolvedPlan;
      readonly how: JoinKind;
      readonly condition?: Resolved;
    }
  | {
      readonly kind: "setOperation";
      readonly operation: "union" | "intersect" | "except";
      readonly isAll: boolean;
      readonly left: ResolvedPlan;
      readonly right: ResolvedPlan;
    }
  | {
      readonly kind: "sample";
      readonly input: ResolvedPlan;
      readonly from: number;
      readonly to: number;
      readonly seed: number;
    }
  /** Columns: those of the input, then those of the generator: the element, or the key and the value; before them the position. */
  | {
      readonly kind: "generate";
      readonly input: ResolvedPlan;
      readonly generator: Resolved;
      readonly isOuter: boolean;
      readonly withPosition: boolean;
    };

export type ResolvedHole =
  | { readonly kind: "frame"; readonly plan: ResolvedPlan }
  | { readonly kind: "value"; readonly value: Resolved };

export interface ResolvedView {
  readonly name: string;
  readonly plan: ResolvedPlan;
}
