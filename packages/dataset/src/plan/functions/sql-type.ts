import type { DataType } from "../data-type.ts";

/** A type in DuckDB's words. */
export function sqlType(type: DataType): string {
  switch (type.kind) {
    case "null":
      return '"NULL"';
    case "byte":
      return "TINYINT";
    case "short":
      return "SMALLINT";
    case "int":
      return "INTEGER";
    case "long":
      return "BIGINT";
    case "string":
      return "VARCHAR";
    case "binary":
      return "BLOB";
    case "timestamp":
      return "TIMESTAMPTZ";
    case "timestampNtz":
      return "TIMESTAMP";
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "array":
      return `${sqlType(type.element)}[]`;
    case "map":
      return `MAP(${sqlType(type.key)}, ${sqlType(type.value)})`;
    case "struct":
      return `STRUCT(${type.fields.map((field) => `${sqlName(field.name)} ${sqlType(field.type)}`).join(", ")})`;
    case "boolean":
    case "float":
    case "double":
    case "date":
    case "interval":
      return type.kind.toUpperCase();
  }
}

/** A name of SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text of SQL. The statement ends at a NUL, so that one is put in by its number. */
export function sqlText(value: string): string {
  const quoted = value.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return quoted.length === 1 ? (quoted[0] as string) : `(${quoted.join(" || chr(0) || ")})`;
}

/**
 * An expression that fails with one of our codes: the engine's error carries the text, and the code is taken out of it
 * again where the error leaves the engine.
 */
export function sqlError(code: string, message: string): string {
  return `error(${sqlText(`tutti:${code}:${message}`)})`;
}

/** The same with a value at the end of the message. */
export function sqlErrorAbout(code: string, message: string, value: string): string {
  return `error(${sqlText(`tutti:${code}:${message}: `)} || coalesce(${value}::VARCHAR, 'NULL'))`;
}
