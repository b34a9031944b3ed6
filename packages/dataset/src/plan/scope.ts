import type { DataType, Schema } from "./data-type.ts";
import { suggest } from "./nearest-names.ts";
import type { Resolved } from "./resolved-plan.ts";
import { DatasetError } from "../dataset-error.ts";

/** The columns that an expression may name, and those of the queries around it. */
export interface Scope {
  readonly columns: Schema;
  /** In a join: how many of the columns are the left side's. */
  readonly leftCount?: number;
  readonly outer?: Scope | undefined;
  readonly lambdas?: ReadonlyMap<string, { readonly type: DataType; readonly nullable: boolean }>;
}

/** A plan names a column of the query around it, and none is known yet: it may become a subquery. Never leaves the package. */
export class OuterUnknown extends Error {
  override readonly name: string = "OuterUnknown";

  constructor(column: string) {
    super(`outer column ${JSON.stringify(column)} stands in no subquery`);
  }
}

export type Side = "left" | "right" | "outer" | undefined;

/** The position of a name among columns. Names are the same whatever their case, as in Spark. */
export function indexOfName(columns: Schema, name: string, what: string = "columns"): number {
  const found = findName(columns, name);
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  throw new DatasetError("unknown-column", `${JSON.stringify(name)} is none of the ${what}; ${suggest(name, names)}`);
}

function findName(
  columns: Schema,
  name: string,
  [from, to]: readonly [number, number] = [0, columns.length],
): number | undefined {
  const wanted = name.toLowerCase();
  const matches: number[] = [];
  for (let index = from; index < to; index += 1) {
    if (columns[index]?.name.toLowerCase() === wanted) matches.push(index);
  }
  if (matches.length > 1) {
    throw new DatasetError(
      "ambiguous-column",
      `${JSON.stringify(name)} means ${matches.length} columns; rename one, or name the side of the join`,
    );
  }
  return matches[0];
}

/** Finds a column by name, in this query or further out, and fields of structs behind a dot. */
export function resolveColumn(scope: Scope, name: string, side: Side): Resolved {
  if (side === "outer") {
    if (scope.outer === undefined) {
      throw new OuterUnknown(name);
    }
    return outward(scope.outer, name, 1);
  }
  const found = findIn(scope, name, side);
  if (found !== undefined) return found;
  const names = scope.columns.slice(...rangeOf(scope, side)).map((column) => column.name);
  const where = side === undefined ? "columns here" : `columns of the ${side} side`;
  throw new DatasetError("unknown-column", `${JSON.stringify(name)} is none of the ${where}; ${suggest(name, names)}`);
}

function outward(scope: Scope, name: string, level: number): Resolved {
  const found = findIn(scope, name, undefined);
  if (found !== undefined) return atLevel(found, level);
  if (scope.outer !== undefined) return outward(scope.outer, name, level + 1);
  const names = scope.columns.map((column) => column.name);
  throw new DatasetError(
    "unknown-column",
    `${JSON.stringify(name)} is no column of a query around; ${suggest(name, names)}`,
  );
}

function atLevel(column: Resolved, level: number): Resolved {
  if (column.kind === "column") return { ...column, level };
  if (column.kind === "call") return { ...column, args: column.args.map((arg) => atLevel(arg, level)) };
  return column;
}

function rangeOf({ columns, leftCount }: Scope, side: Side): readonly [number, number] {
  if (leftCount === undefined || side === undefined || side === "outer") return [0, columns.length];
  return side === "left" ? [0, leftCount] : [leftCount, columns.length];
}

function findIn(scope: Scope, name: string, side: Side): Resolved | undefined {
  const index = findName(scope.columns, name, rangeOf(scope, side));
  if (index !== undefined) return columnAt(scope.columns, index);
  const dot = name.lastIndexOf(".");
  if (dot < 1) return undefined;
  const holder = findIn(scope, name.slice(0, dot), side);
  return holder === undefined ? undefined : fieldOf(holder, name.slice(dot + 1));
}

export function columnAt(columns: Schema, index: number): Resolved {
  const field = columns[index];
  if (field === undefined) throw new DatasetError("invalid-plan", `there is no column ${index}`);
  return { kind: "column", index, level: 0, name: field.name, type: field.type, nullable: field.nullable };
}

/** A field of a struct. */
export function fieldOf(holder: Resolved, name: string): Resolved {
  if (holder.type.kind !== "struct") {
    throw new DatasetError("type-mismatch", `${JSON.stringify(name)} is asked of a value that is no struct`);
  }
  const { fields } = holder.type;
  const field = fields[indexOfName(fields, name, "fields of the struct")];
  const nullable = holder.nullable || field?.nullable === true;
  const literal: Resolved = { kind: "literal", value: field?.name ?? name, type: { kind: "string" }, nullable: false };
  return {
    kind: "call",
    name: "get_field",
    args: [holder, literal],
    isDistinct: false,
    type: field?.type ?? { kind: "null" },
    nullable,
  };
}
