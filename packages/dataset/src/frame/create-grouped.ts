import { DatasetError } from "../dataset-error.ts";
import type { Expression, LiteralValue } from "../plan/expression.ts";
import type { AggregateNode, PlanNode, PlanShape } from "../plan/plan-node.ts";
import { shorten } from "../shorten.ts";
import { literalOf } from "./column-handle.ts";
import { namedColumns } from "./frame-arguments.ts";

interface GroupParts {
  readonly input: PlanNode;
  readonly keys: readonly Expression[];
  readonly groupingSets: readonly (readonly number[])[];
  readonly pivot?: NonNullable<AggregateNode["pivot"]>;
}

/** What `groupBy` gives, behind its types. */
export interface GroupedHandle {
  agg(make: unknown): unknown;
  count(): unknown;
  sum(...names: readonly string[]): unknown;
  avg(...names: readonly string[]): unknown;
  min(...names: readonly string[]): unknown;
  max(...names: readonly string[]): unknown;
  pivot(name: string, values: readonly unknown[]): GroupedHandle;
}

export function createGroupedFrame(parts: GroupParts, derive: (shape: PlanShape) => unknown): GroupedHandle {
  const aggregate = (aggregates: readonly Expression[]): unknown => derive({ kind: "aggregate", ...parts, aggregates });
  const ofNames =
    (name: string) =>
    (...names: readonly string[]): unknown => {
      if (names.length === 0)
        throw new DatasetError("invalid-argument", `${name} of groups needs the names of columns`);
      return aggregate(names.map((one) => ({ kind: "call", name, args: [{ kind: "column", path: [one] }] })));
    };
  return {
    agg: (make) => {
      const columns = namedColumns("agg", make);
      if (columns.length === 0) throw new DatasetError("invalid-argument", "agg needs at least one aggregate");
      return aggregate(columns.map(({ name, expression }) => ({ kind: "alias", input: expression, name })));
    },
    count: () => aggregate([{ kind: "alias", name: "count", input: { kind: "call", name: "count", args: [] } }]),
    sum: ofNames("sum"),
    avg: ofNames("avg"),
    min: ofNames("min"),
    max: ofNames("max"),
    pivot: (name, values) => {
      if (!Array.isArray(values) || values.length === 0) {
        throw new DatasetError(
          "invalid-argument",
          `pivot needs the values that become columns; it was given ${shorten(values)}`,
        );
      }
      const literals = values.map((value): LiteralValue => literalOf(value));
      return createGroupedFrame(
        { ...parts, pivot: { column: { kind: "column", path: [name] }, values: literals } },
        derive,
      );
    },
  };
}
