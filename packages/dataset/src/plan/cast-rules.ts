import { DatasetError } from "../dataset-error.ts";
import { isNumeric, typeText, type DataType } from "./data-type.ts";

/** Refuses casts that have no meaning, as Spark's ANSI mode does. */
export function checkCast(from: DataType, to: DataType): void {
  if (isAllowed(from, to)) return;
  throw new DatasetError("type-mismatch", `${typeText(from)} cannot be cast to ${typeText(to)}`);
}

const moments: readonly DataType["kind"][] = ["date", "timestamp", "timestampNtz"];

function isAllowed(from: DataType, to: DataType): boolean {
  if (from.kind === to.kind) return isNestedAllowed(from, to);
  if (from.kind === "null") return true;
  if (to.kind === "string") return true;
  if (from.kind === "string")
    return to.kind !== "array" && to.kind !== "map" && to.kind !== "struct" && to.kind !== "null";
  if (isNumeric(from) || from.kind === "boolean") {
    return isNumeric(to) || to.kind === "boolean" || (isNumeric(from) && to.kind === "timestamp");
  }
  if (moments.includes(from.kind)) return moments.includes(to.kind) || (from.kind === "timestamp" && isNumeric(to));
  return false;
}

function isNestedAllowed(from: DataType, to: DataType): boolean {
  if (from.kind === "array" && to.kind === "array") return isAllowed(from.element, to.element);
  if (from.kind === "map" && to.kind === "map") return isAllowed(from.key, to.key) && isAllowed(from.value, to.value);
  if (from.kind !== "struct" || to.kind !== "struct") return true;
  const targets = to.fields;
  return (
    from.fields.length === targets.length &&
    from.fields.every((field, index) => isAllowed(field.type, targets[index]?.type ?? field.type))
  );
}
