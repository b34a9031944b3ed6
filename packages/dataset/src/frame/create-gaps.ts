import { DatasetError } from "../dataset-error.ts";
import type { PlanNode, PlanShape } from "../plan/plan-node.ts";
import { shorten } from "../shorten.ts";
import { literalOf } from "./column-handle.ts";

interface DropOptions {
  readonly how?: "any" | "all";
  readonly presentMin?: number;
  readonly columns?: readonly string[];
}

/** `frame.na`, behind its types. */
export function createGaps(input: PlanNode, derive: (shape: PlanShape) => unknown): unknown {
  return {
    drop({ how = "any", presentMin, columns }: DropOptions = {}): unknown {
      if (how !== "any" && how !== "all") {
        throw new DatasetError("invalid-argument", `na.drop knows "any" and "all"; it was given ${shorten(how)}`);
      }
      const least = presentMin ?? (how === "all" ? 1 : undefined);
      return derive({
        kind: "dropGaps",
        input,
        ...(columns === undefined ? {} : { names: columns }),
        ...(least === undefined ? {} : { presentMin: least }),
      });
    },
    fill(value: unknown, columns?: readonly string[]): unknown {
      const fills =
        typeof value === "object" && value !== null
          ? Object.entries(value).map(([name, one]) => ({ names: [name], value: literalOf(one) }))
          : [{ value: literalOf(value), ...(columns === undefined ? {} : { names: columns }) }];
      return derive({ kind: "fillGaps", input, fills });
    },
    replace(pairs: ReadonlyMap<unknown, unknown>, columns?: readonly string[]): unknown {
      const literals = Array.from(pairs, ([from, to]) => [literalOf(from), literalOf(to)] as const);
      return derive({
        kind: "replaceValues",
        input,
        pairs: literals,
        ...(columns === undefined ? {} : { names: columns }),
      });
    },
  };
}
