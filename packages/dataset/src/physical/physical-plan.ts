import type { Schema } from "../plan/data-type.ts";
import type { Resolved, ResolvedPlan, ResolvedSortKey } from "../plan/resolved-plan.ts";

/** A plan that is cut where rows must change places: stages, each of tasks that need nothing of each other. */
export interface PhysicalPlan {
  /** Each reads from stages before it. The rows of the last are the result, in the order of its tasks. */
  readonly stages: readonly PhysicalStage[];
}

export interface PhysicalStage {
  /** In the order of their tasks. More than one where frames were united. */
  readonly branches: readonly Branch[];
  readonly schema: Schema;
  readonly output: StageOutput;
}

/** Tasks that run the same fragment over parts of one source. */
export interface Branch {
  /** Its leaves: scans that every task reads whole, and inputs by name. */
  readonly plan: ResolvedPlan;
  readonly source: BranchSource;
  /** What every task reads whole. */
  readonly broadcasts: readonly StageRead[];
  /** Of partial aggregates: what a task may do instead, where a look at its first rows shows hardly a key twice. */
  readonly unreduced?: UnreducedPlan | undefined;
}

export interface UnreducedPlan {
  readonly plan: ResolvedPlan;
  /** The keys of each row. */
  readonly keys: ResolvedPlan;
}

/** An input of a fragment that is what an earlier stage gave. */
export interface StageRead {
  readonly name: string;
  readonly stage: number;
  readonly schema: Schema;
}

export type LeafPlan = Extract<ResolvedPlan, { kind: "scan" | "range" | "local" | "kept" | "sql" }>;

export type BranchSource =
  /** A part of a leaf for each task. */
  | { readonly kind: "leaf"; readonly name: string; readonly leaf: LeafPlan }
  /** A slice of each of these stages for each task; one task reads all where they wrote one slice. */
  | {
      readonly kind: "slices";
      readonly reads: readonly StageRead[];
      readonly isSingle: boolean;
      /** Those of the reads, by name, of which a large slice may be shared by several tasks that read the others' whole. */
      readonly divisible?: readonly string[] | undefined;
    }
  /** All that one task of a stage wrote, for each task. */
  | { readonly kind: "tasks"; readonly read: StageRead };

export type StageOutput =
  | { readonly kind: "gather" }
  /** Equal keys meet in one slice. */
  | { readonly kind: "hash"; readonly keys: readonly Resolved[] }
  /** Some keys, from which bounds are chosen. */
  | { readonly kind: "sample"; readonly keys: readonly ResolvedSortKey[] }
  /** Slices in order, by bounds chosen from a sample that every task reads. */
  | { readonly kind: "range"; readonly keys: readonly ResolvedSortKey[]; readonly bounds: StageRead };
