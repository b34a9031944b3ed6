import { typeText } from "./data-type.ts";
import type { Expression, LiteralValue, SortKeyExpression } from "./expression.ts";

/** An expression as people read it. Also the name of a column that was given none. */
export function expressionText(expression: Expression): string {
  switch (expression.kind) {
    case "column":
      return expression.path.join(".");
    case "literal":
      return literalText(expression.value);
    case "alias":
      return `${expressionText(expression.input)} AS ${expression.name}`;
    case "cast":
      return `${expression.isTry ? "try_cast" : "cast"}(${expressionText(expression.input)} as ${typeText(expression.type)})`;
    case "call":
      return callText(expression.name, expression.args.map(expressionText), expression.aggregate?.isDistinct);
    case "case":
      return caseText(
        expression.branches.map(({ when, value }) => [expressionText(when), expressionText(value)]),
        expression.otherwise && expressionText(expression.otherwise),
      );
    case "window": {
      const partition = expression.spec.partitionBy.map(expressionText).join(", ");
      const order = expression.spec.orderBy.map(sortKeyText).join(", ");
      return `${expressionText(expression.input)} over (${[partition && `partition by ${partition}`, order && `order by ${order}`].filter(Boolean).join(" ")})`;
    }
    case "subquery":
      return `${expression.mode}(subquery)`;
    case "inSubquery":
      return `${expressionText(expression.input)} in (subquery)`;
    case "lambda":
      return `(${expression.parameters.join(", ")}) -> ${expressionText(expression.body)}`;
    case "lambdaVariable":
      return expression.name;
    case "star":
      return "*";
  }
}

function sortKeyText(key: SortKeyExpression): string {
  return `${expressionText(key.input)} ${key.direction} nulls ${key.nulls}`;
}

const symbols: Readonly<Record<string, string>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  remainder: "%",
  eq: "=",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  and: "and",
  or: "or",
  equal_null: "<=>",
};

export function callText(name: string, args: readonly string[], isDistinct: boolean = false): string {
  const symbol = symbols[name];
  if (symbol !== undefined && args.length === 2) return `(${args[0]} ${symbol} ${args[1]})`;
  if (name === "not") return `(not ${args[0]})`;
  if (name === "isnull") return `(${args[0]} is null)`;
  if (name === "isnotnull") return `(${args[0]} is not null)`;
  if (name === "in") return `(${args[0]} in (${args.slice(1).join(", ")}))`;
  if (name === "count" && args.length === 0) return "count(*)";
  return `${name}(${isDistinct ? "distinct " : ""}${args.join(", ")})`;
}

export function caseText(branches: readonly (readonly string[])[], otherwise: string | undefined): string {
  const whens = branches.map(([when, value]) => `when ${when} then ${value}`).join(" ");
  return `case ${whens}${otherwise === undefined ? "" : ` else ${otherwise}`} end`;
}

export function literalText(value: LiteralValue): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  switch (value.tag) {
    case "bigint":
      return `${value.text}L`;
    case "date":
      return `date ${new Date(value.days * 86_400_000).toISOString().slice(0, 10)}`;
    case "timestamp":
    case "timestampNtz":
      return `${value.tag} ${value.micros}`;
    case "binary":
      return `X'${value.hex}'`;
    case "interval":
      return `interval ${value.months} months ${value.days} days ${value.micros} microseconds`;
    case "decimal":
    case "double":
      return value.text;
  }
}
