import type { Resolved } from "./resolved-plan.ts";

/** The expressions that one is made of; those of subqueries are theirs. */
export function childrenOf(expression: Resolved): readonly Resolved[] {
  switch (expression.kind) {
    case "call":
      return expression.filter === undefined ? expression.args : [...expression.args, expression.filter];
    case "cast":
    case "inSubquery":
      return [expression.input];
    case "case": {
      const parts = expression.branches.flatMap(({ when, value }) => [when, value]);
      return expression.otherwise === undefined ? parts : [...parts, expression.otherwise];
    }
    case "window":
      return [expression.input, ...expression.partitionBy, ...expression.orderBy.map((key) => key.input)];
    case "lambda":
      return [expression.body];
    case "column":
    case "literal":
    case "subquery":
    case "lambdaVariable":
      return [];
  }
}

/** The same expression with each part replaced, from the leaves up. */
export function mapExpression(expression: Resolved, change: (one: Resolved) => Resolved): Resolved {
  return change(mapChildren(expression, (one) => mapExpression(one, change)));
}

/** The same expression made of other parts; subqueries keep their plans. */
export function mapChildren(expression: Resolved, map: (one: Resolved) => Resolved): Resolved {
  switch (expression.kind) {
    case "call":
      return {
        ...expression,
        args: expression.args.map(map),
        ...(expression.filter === undefined ? {} : { filter: map(expression.filter) }),
      };
    case "cast":
    case "inSubquery":
      return { ...expression, input: map(expression.input) };
    case "case":
      return {
        ...expression,
        branches: expression.branches.map(({ when, value }) => ({ when: map(when), value: map(value) })),
        ...(expression.otherwise === undefined ? {} : { otherwise: map(expression.otherwise) }),
      };
    case "window":
      return {
        ...expression,
        input: map(expression.input),
        partitionBy: expression.partitionBy.map(map),
        orderBy: expression.orderBy.map((key) => ({ ...key, input: map(key.input) })),
      };
    case "lambda":
      return { ...expression, body: map(expression.body) };
    case "column":
    case "literal":
    case "subquery":
    case "lambdaVariable":
      return expression;
  }
}

/** Whether any part, the expression itself among them, is of a kind. */
export function someExpression(expression: Resolved, test: (one: Resolved) => boolean): boolean {
  return test(expression) || childrenOf(expression).some((child) => someExpression(child, test));
}
