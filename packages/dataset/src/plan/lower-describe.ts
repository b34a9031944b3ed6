import { DatasetError } from "../dataset-error.ts";
import { aggregateOf } from "./analyze-aggregate.ts";
import { isNumeric, stringType, type Field } from "./data-type.ts";
import { rowsOfStructs, textLiteral } from "./lower-unpivot.ts";
import type { PlanNode } from "./plan-node.ts";
import { callWith } from "./resolve-call.ts";
import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { columnAt, indexOfName } from "./scope.ts";

type DescribeNode = Extract<PlanNode, { kind: "describe" }>;

/** All statistics in one pass, as text, one row for each. Columns that are neither numbers nor texts are left out. */
export function lowerDescribe(plan: DescribeNode, input: ResolvedPlan): ResolvedPlan {
  const indexes =
    plan.names?.map((name) => indexOfName(input.schema, name)) ??
    input.schema.flatMap(({ type }, index) => (isNumeric(type) || type.kind === "string" ? [index] : []));
  const columns = indexes.map((index) => columnAt(input.schema, index));
  if (columns.length === 0)
    throw new DatasetError("invalid-plan", "there is no column of numbers or texts to describe");
  const cells = plan.statistics.flatMap((statistic) => columns.map((column) => cell(statistic, column)));
  const names = cells.map((_, index) => `cell${index}`);
  const totals = aggregateOf(input, { keys: [], aggregates: cells, names, groupingSets: [[]] });
  const fields: Field[] = [
    { name: "summary", type: stringType, nullable: false },
    ...indexes.map((index): Field => ({ name: input.schema[index]?.name ?? "", type: stringType, nullable: true })),
  ];
  const rows = plan.statistics.map((statistic, row) => [
    textLiteral(statistic),
    ...columns.map((_, index) => columnAt(totals.schema, row * columns.length + index)),
  ]);
  return rowsOfStructs(totals, { rows, fields, beside: [] });
}

function cell(statistic: string, column: Resolved): Resolved {
  return { kind: "cast", input: statisticOf(statistic, column), isTry: false, type: stringType, nullable: true };
}

const nothing: Resolved = { kind: "literal", value: null, type: stringType, nullable: true };

function statisticOf(statistic: string, column: Resolved): Resolved {
  const isNumber = isNumeric(column.type);
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(statistic)?.[1];
  if (percent !== undefined) {
    const share: Resolved = {
      kind: "literal",
      value: Number(percent) / 100,
      type: { kind: "double" },
      nullable: false,
    };
    return isNumber ? callWith("percentile_approx", [column, share]) : nothing;
  }
  switch (statistic) {
    case "count":
    case "count_distinct":
    case "approx_count_distinct":
    case "min":
    case "max":
      return callWith(statistic, [column]);
    case "mean":
      return isNumber ? callWith("avg", [column]) : nothing;
    case "stddev":
      return isNumber ? callWith("stddev_samp", [column]) : nothing;
    default:
      throw new DatasetError(
        "invalid-argument",
        `${JSON.stringify(statistic)} is no statistic; there are count, count_distinct, approx_count_distinct, mean, stddev, min, max and percentiles such as 75%`,
      );
  }
}
