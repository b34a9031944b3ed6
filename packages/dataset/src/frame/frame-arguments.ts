import { DatasetError } from "../dataset-error.ts";
import type { Expression } from "../plan/expression.ts";
import type { NamedExpression } from "../plan/plan-node.ts";
import { shorten } from "../shorten.ts";
import { isColumn, toExpression, toNamedExpression } from "./column-handle.ts";
import { columnsProxy } from "./columns-proxy.ts";

export function checkTexts(operation: string, texts: readonly unknown[]): void {
  const wrong = texts.find((text) => typeof text !== "string");
  if (wrong === undefined) return;
  throw new DatasetError("invalid-argument", `${operation} takes texts; it was given ${shorten(wrong)}`);
}

/** A function of the frame's columns is called; anything else is itself. */
export function callWith(value: unknown): unknown {
  return typeof value === "function" ? (value as (c: unknown) => unknown)(columnsProxy(undefined)) : value;
}

/** A name, a column, or a function that makes one. */
export function itemExpression(item: unknown): Expression {
  const value = callWith(item);
  if (typeof value === "string") return value === "*" ? { kind: "star" } : { kind: "column", path: [value] };
  if (isColumn(value)) return toNamedExpression(value);
  throw new DatasetError(
    "invalid-argument",
    `${shorten(value)} is no column; give a name, a column, or lit(value).as(name)`,
  );
}

/** Expressions by name, from a function of the frame's columns. */
export function namedColumns(operation: string, make: unknown): readonly NamedExpression[] {
  const made = callWith(make);
  if (typeof made !== "object" || made === null || isColumn(made)) {
    throw new DatasetError(
      "invalid-argument",
      `${operation} takes a function that gives columns by name; it gave ${shorten(made)}`,
    );
  }
  return Object.entries(made).map(([name, column]) => ({ name, expression: toExpression(column) }));
}
