import type { AnyFunction, KeepPlace } from "@tutti/runtime";
import type { FrameSplit } from "../sources/frame-split.ts";

/**
 * How an RDD comes about: frozen, lazy, shared by all RDDs that are built on it. Nothing here has run or been looked
 * at, files included.
 */
export type Lineage = SourceNode | NarrowNode | WideNode;

export type SourceNode =
  | { readonly kind: "rows"; readonly partitions: readonly (readonly unknown[])[] }
  | { readonly kind: "text"; readonly path: string; readonly partitionsMin: number }
  | { readonly kind: "objects"; readonly path: string }
  | { readonly kind: "files"; readonly path: string; readonly as: "text" | "bytes" }
  /** The rows of a frame. What its tasks read is found out when an action runs. */
  | { readonly kind: "frame"; readonly as: "rows" | "batches"; readonly open: () => Promise<readonly FrameSplit[]> }
  | {
      readonly kind: "parquet";
      readonly path: string;
      readonly columns: readonly string[] | undefined;
      readonly partitionsMin: number;
    };

/** Each partition depends on few partitions of the inputs. */
export type NarrowNode =
  | { readonly kind: "map" | "filter" | "flatMap" | "mapPartitions"; readonly input: Lineage; readonly fn: AnyFunction }
  | {
      readonly kind: "sample";
      readonly input: Lineage;
      readonly from: number;
      readonly to: number;
      readonly withReplacement: boolean;
      readonly seed: number;
    }
  | { readonly kind: "zipWithIndex" | "zipWithUniqueId"; readonly input: Lineage }
  | { readonly kind: "pipe"; readonly input: Lineage; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: "union"; readonly inputs: readonly Lineage[] }
  | { readonly kind: "cartesian" | "zip"; readonly input: Lineage; readonly other: Lineage }
  | { readonly kind: "coalesce"; readonly input: Lineage; readonly partitionCount: number }
  /** One partition of another. */
  | { readonly kind: "partition"; readonly input: Lineage; readonly partition: number }
  /** Computed once, and then read from where the executor keeps it. */
  | { readonly kind: "persist"; readonly input: Lineage; readonly key: string; readonly keepIn: KeepPlace };

/** Each partition depends on all partitions of the inputs. */
export type WideNode =
  | {
      readonly kind: "combineByKey";
      readonly input: Lineage;
      /** What the first value of a key becomes. undefined: itself. */
      readonly create: AnyFunction | undefined;
      readonly mergeValue: AnyFunction;
      readonly mergeCombiners: AnyFunction;
      /** Whether combining before the shuffle makes it smaller. */
      readonly mapSide: boolean;
      readonly partitionCount: number | undefined;
    }
  | {
      readonly kind: "exchange";
      readonly input: Lineage;
      /** By the hash of the key, by what a function says of the key, or row by row in turn. */
      readonly by: "key" | "turn" | AnyFunction;
      readonly partitionCount: number;
      /** Sorts each partition by the key of its pairs. */
      readonly isSorted: boolean;
    }
  | { readonly kind: "cogroup"; readonly inputs: readonly Lineage[]; readonly partitionCount: number | undefined }
  | {
      readonly kind: "sortBy";
      readonly input: Lineage;
      readonly key: AnyFunction;
      readonly isAscending: boolean;
      readonly partitionCount: number | undefined;
    };

/** The RDDs that one is made of, in order. */
function inputsOf(lineage: Lineage): readonly Lineage[] {
  if ("inputs" in lineage) return lineage.inputs;
  if ("other" in lineage) return [lineage.input, lineage.other];
  return "input" in lineage ? [lineage.input] : [];
}

/** The sources that a lineage reads. What is kept already needs no source. */
export function sourcesOf(lineage: Lineage, isKept: (key: string) => boolean): ReadonlySet<SourceNode> {
  const sources = new Set<SourceNode>();
  const seen = new Set<Lineage>();
  const pending: Lineage[] = [lineage];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node) || (node.kind === "persist" && isKept(node.key))) continue;
    seen.add(node);
    const inputs = inputsOf(node);
    pending.push(...inputs);
    if (isSource(node)) sources.add(node);
  }
  return sources;
}

function isSource(node: Lineage): node is SourceNode {
  return inputsOf(node).length === 0 && node.kind !== "union" && node.kind !== "cogroup";
}

/** The lineage as a tree of indented lines, the RDD itself on top. */
export function drawLineage(lineage: Lineage, depth: number = 0): string {
  const line = `${"  ".repeat(depth)}${depth === 0 ? "" : "└ "}${describe(lineage)}`;
  return [line, ...inputsOf(lineage).map((input) => drawLineage(input, depth + 1))].join("\n");
}

function describe(node: Lineage): string {
  switch (node.kind) {
    case "rows":
      return `parallelize (${node.partitions.length} partitions)`;
    case "text":
    case "objects":
    case "files":
    case "parquet":
      return `${node.kind} ${node.path}`;
    case "combineByKey":
    case "cogroup":
    case "sortBy":
    case "exchange":
      return `${node.kind} (shuffle${node.partitionCount === undefined ? "" : `, ${node.partitionCount} partitions`})`;
    case "persist":
      return `persist (in ${node.keepIn})`;
    case "coalesce":
      return `coalesce (${node.partitionCount} partitions)`;
    default:
      return node.kind;
  }
}
