import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import { sqlName, sqlType } from "../plan/functions/sql-type.ts";
import { someExpression } from "../plan/walk-expression.ts";
import { compileExpression, compileLiteral, compileSortKey, type ExpressionScope } from "./compile-expression.ts";

/** How the leaves of a plan are read: the compiler knows neither files nor memory. */
export interface LeafCompiler {
  /** A query whose columns are named `c0`, `c1`, … and have exactly the types of the plan's schema. */
  readonly isWide?: boolean;
  readonly leaf: (plan: Extract<ResolvedPlan, { kind: "scan" | "local" | "kept" | "input" }>) => string;
}

/** A query in the making. `from` is what columns refer to; clauses are added as long as their order allows it. */
interface Select {
  readonly from: string;
  readonly columns: readonly string[];
  /** Whether each column is a name of `from`, so that other clauses may use it in its place. */
  readonly isPlain: boolean;
  readonly isJoin?: true;
  readonly where?: readonly string[];
  readonly groupBy?: string;
  readonly orderBy?: string;
  readonly limit?: string;
  readonly distinct?: string;
}

/** One SQL text for a whole plan. Its columns are named `c0`, `c1`, … so that no user's name enters it but a file's. */
export function compilePlan(plan: ResolvedPlan, leaves: LeafCompiler): string {
  return createCompiler(leaves).text(plan, undefined);
}

/** The text of a user with its frames put in, for those who want to know what columns it has. */
export function compileSqlText(plan: SqlPlan, leaves: LeafCompiler): string {
  return createCompiler(leaves).sqlText(plan, undefined);
}

type SqlPlan = Extract<ResolvedPlan, { kind: "sql" }>;

interface Compiler {
  readonly sqlText: (plan: SqlPlan, outer: ExpressionScope | undefined) => string;
  readonly text: (plan: ResolvedPlan, outer: ExpressionScope | undefined) => string;
}

function createCompiler(leaves: LeafCompiler): Compiler {
  const { isWide = false } = leaves;
  let aliasCount = 0;
  const named = (query: string, columnCount: number): Select => {
    aliasCount += 1;
    const alias = `t${aliasCount}`;
    return {
      from: `(${query}) ${alias}`,
      columns: Array.from({ length: columnCount }, (_, index) => `${alias}.c${index}`),
      isPlain: true,
    };
  };

  const scopeOf = (select: Select, outer: ExpressionScope | undefined): ExpressionScope => ({
    columns: select.columns,
    outer,
    isWide,
    compileSubquery: (plan, scope) => text(plan, scope),
  });

  const text = (plan: ResolvedPlan, outer: ExpressionScope | undefined): string => print(select(plan, outer));

  /** As something that a `where`, `group by` or `select` can be put on. */
  const base = (plan: ResolvedPlan, outer: ExpressionScope | undefined): Select => {
    const made = select(plan, outer);
    const isOpen =
      made.isPlain && !("groupBy" in made) && !("limit" in made) && !("distinct" in made) && !("orderBy" in made);
    return isOpen ? made : named(print(made), plan.schema.length);
  };

  const select = (plan: ResolvedPlan, outer: ExpressionScope | undefined): Select => {
    switch (plan.kind) {
      case "scan":
      case "local":
      case "kept":
      case "input":
        return named(leaves.leaf(plan), plan.schema.length);
      case "range":
        return named(rangeSql(plan), 1);
      case "sql":
        return named(typedSql(plan, sqlText(plan, outer)), plan.schema.length);
      case "project":
        return project(plan, outer);
      case "filter": {
        const input = base(plan.input, outer);
        const predicate = compileExpression(plan.predicate, scopeOf(input, outer));
        return { ...input, where: [...(input.where ?? []), predicate] };
      }
      case "aggregate":
        return aggregate(plan, outer);
      case "sort": {
        const input = base(plan.input, outer);
        const scope = scopeOf(input, outer);
        return { ...input, orderBy: plan.keys.map((key) => compileSortKey(key, scope)).join(", ") };
      }
      case "limit": {
        const made = select(plan.input, outer);
        const input = "limit" in made ? named(print(made), plan.schema.length) : made;
        const count = plan.count === undefined ? "" : ` LIMIT ${plan.count}`;
        return { ...input, limit: `${count}${plan.offset === 0 ? "" : ` OFFSET ${plan.offset}`}` };
      }
      case "distinct": {
        const input = base(plan.input, outer);
        const on = plan.on?.map((index) => input.columns[index]).join(", ");
        return { ...input, distinct: on === undefined ? "DISTINCT" : `DISTINCT ON (${on})` };
      }
      case "join":
        return join(plan, outer);
      case "setOperation": {
        const operator = `${plan.operation.toUpperCase()}${plan.isAll ? " ALL" : ""}`;
        const query = `(${text(plan.left, outer)}) ${operator} (${text(plan.right, outer)})`;
        return named(query, plan.schema.length);
      }
      case "sample":
        return sample(plan, outer);
      case "generate":
        return generate(plan, outer);
    }
  };

  const project = (plan: Extract<ResolvedPlan, { kind: "project" }>, outer: ExpressionScope | undefined): Select => {
    const made = select(plan.input, outer);
    const isWindow = plan.columns.some((column) => someExpression(column, (one) => one.kind === "window"));
    // After a limit, windows would see the rows that it cut.
    const isOpen = made.isPlain && !("groupBy" in made) && !("distinct" in made) && !(isWindow && "limit" in made);
    const input = isOpen ? made : named(print(made), plan.input.schema.length);
    const scope = scopeOf(input, outer);
    const columns = plan.columns.map((column) => compileExpression(column, scope));
    return {
      ...input,
      columns,
      isPlain: plan.columns.every((column) => column.kind === "column" && column.level === 0),
    };
  };

  const aggregate = (
    plan: Extract<ResolvedPlan, { kind: "aggregate" }>,
    outer: ExpressionScope | undefined,
  ): Select => {
    const input = base(plan.input, outer);
    const scope = scopeOf(input, outer);
    const keys = plan.keys.map((key) => compileExpression(key, scope));
    const columns = [...keys, ...plan.aggregates.map((one) => compileExpression(one, scope))];
    const sets = plan.groupingSets.map((set) => `(${set.map((index) => keys[index]).join(", ")})`);
    const isPlainGroup = plan.groupingSets.length === 1;
    const groupBy = isPlainGroup
      ? plan.groupingSets[0]?.map((index) => keys[index]).join(", ")
      : `GROUPING SETS (${sets.join(", ")})`;
    return { ...input, columns, isPlain: false, groupBy: groupBy ?? "" };
  };

  const side = (plan: ResolvedPlan, outer: ExpressionScope | undefined): Select => {
    const made = base(plan, outer);
    return "where" in made ? named(print(made), plan.schema.length) : made;
  };

  const join = (plan: Extract<ResolvedPlan, { kind: "join" }>, outer: ExpressionScope | undefined): Select => {
    const left = side(plan.left, outer);
    const right = side(plan.right, outer);
    const both = { from: "", columns: [...left.columns, ...right.columns], isPlain: true };
    const isHalf = plan.how === "semi" || plan.how === "anti";
    const condition = plan.condition === undefined ? "true" : compileExpression(plan.condition, scopeOf(both, outer));
    const isCross = plan.condition === undefined && (plan.how === "cross" || plan.how === "inner");
    const rightFrom = right.isJoin === true ? `(${right.from})` : right.from;
    const from = isCross
      ? `${left.from} CROSS JOIN ${rightFrom}`
      : `${left.from} ${plan.how === "cross" ? "INNER" : plan.how.toUpperCase()} JOIN ${rightFrom} ON ${condition}`;
    return { from, columns: isHalf ? left.columns : both.columns, isPlain: true, isJoin: true };
  };

  /** By a hash of the row's number: the same rows for the same seed, and the parts of a split are disjoint. */
  const sample = (plan: Extract<ResolvedPlan, { kind: "sample" }>, outer: ExpressionScope | undefined): Select => {
    const input = base(plan.input, outer);
    const count = input.columns.length;
    const numbered = print({ ...input, columns: [...input.columns, "row_number() OVER ()"], isPlain: false });
    const made = named(numbered, count + 1);
    const at = `(hash(${made.columns[count]}, ${plan.seed}) / 18446744073709551616.0)::DOUBLE`;
    return { ...made, columns: made.columns.slice(0, count), where: [`${at} >= ${plan.from} AND ${at} < ${plan.to}`] };
  };

  const generate = (plan: Extract<ResolvedPlan, { kind: "generate" }>, outer: ExpressionScope | undefined): Select => {
    const input = base(plan.input, outer);
    const collection = compileExpression(plan.generator, scopeOf(input, outer));
    const lists = listsOf(plan, collection);
    return named(print({ ...input, columns: [...input.columns, ...lists], isPlain: false }), plan.schema.length);
  };

  const sqlText = (plan: SqlPlan, outer: ExpressionScope | undefined): string => {
    const holes = plan.holes.map((hole) =>
      hole.kind === "value"
        ? `(${compileExpression(hole.value, { columns: [], outer, isWide, compileSubquery: text })})`
        : `(${withNames(text(hole.plan, outer), hole.plan)})`,
    );
    const query = plan.parts.map((part, index) => `${part}${holes[index] ?? ""}`).join("");
    const views = plan.views.map(
      (view) => `${sqlName(view.name)} AS NOT MATERIALIZED (${withNames(text(view.plan, outer), view.plan)})`,
    );
    // The text stands on lines of its own, since it may end in a comment.
    return views.length === 0 ? `${query}\n` : `WITH ${views.join(", ")} SELECT * FROM (\n${query}\n)`;
  };

  return { text, sqlText };
}

/** The columns of a text in the types that its schema says: the engine has more types than there are here. */
function typedSql({ schema }: SqlPlan, query: string): string {
  const columns = schema.map(({ type }, index) => `CAST(s.c${index} AS ${sqlType(type)}) AS c${index}`);
  return `SELECT ${columns.join(", ")} FROM (${query}) AS s(${schema.map((_, index) => `c${index}`).join(", ")})`;
}

/** For SQL texts: the columns under the names that the user knows. */
function withNames(query: string, plan: ResolvedPlan): string {
  const columns = plan.schema.map(({ name }, index) => `c${index} AS ${sqlName(name)}`);
  return `SELECT ${columns.join(", ")} FROM (${query})`;
}

function listsOf(plan: Extract<ResolvedPlan, { kind: "generate" }>, collection: string): readonly string[] {
  const outer = (list: string): string =>
    plan.isOuter ? `CASE WHEN len(${list}) > 0 THEN ${list} ELSE [NULL] END` : list;
  const isMap = plan.generator.type.kind === "map";
  const lists = isMap ? [`map_keys(${collection})`, `map_values(${collection})`] : [collection];
  const length = isMap ? `cardinality(${collection})` : `len(${collection})`;
  const positions = plan.withPosition ? [`range(${length})::INTEGER[]`] : [];
  return [...positions, ...lists].map((list) => `unnest(${outer(list)})`);
}

function rangeSql({ start, end, step }: Extract<ResolvedPlan, { kind: "range" }>): string {
  const [from, to, by] = [start, end, step].map((text) => compileLiteral({ tag: "bigint", text }, { kind: "long" }));
  return `SELECT range AS c0 FROM range(${from}, ${to}, ${by})`;
}

function print(select: Select): string {
  const columns = select.columns.map((sql, index) => `${sql} AS c${index}`).join(", ");
  const clauses = [
    `SELECT ${select.distinct === undefined ? "" : `${select.distinct} `}${columns}`,
    `FROM ${select.from}`,
    select.where === undefined ? "" : `WHERE ${select.where.join(" AND ")}`,
    select.groupBy === undefined || select.groupBy === "" ? "" : `GROUP BY ${select.groupBy}`,
    select.orderBy === undefined ? "" : `ORDER BY ${select.orderBy}`,
    select.limit?.trim() ?? "",
  ];
  return clauses.filter(Boolean).join("\n");
}
