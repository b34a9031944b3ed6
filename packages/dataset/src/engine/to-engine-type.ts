import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  FLOAT,
  INTEGER,
  INTERVAL,
  LIST,
  MAP,
  SMALLINT,
  SQLNULL,
  STRUCT,
  TIMESTAMP,
  TIMESTAMPTZ,
  TINYINT,
  VARCHAR,
  type DuckDBType,
} from "@duckdb/node-api";
import type { DataType } from "../plan/data-type.ts";

const simple: Readonly<Record<string, DuckDBType>> = {
  null: SQLNULL,
  boolean: BOOLEAN,
  byte: TINYINT,
  short: SMALLINT,
  int: INTEGER,
  long: BIGINT,
  float: FLOAT,
  double: DOUBLE,
  string: VARCHAR,
  binary: BLOB,
  date: DATE,
  timestamp: TIMESTAMPTZ,
  timestampNtz: TIMESTAMP,
  interval: INTERVAL,
};

/** The engine's type object; its name in SQL is `sqlType`. */
export function toEngineType(type: DataType): DuckDBType {
  switch (type.kind) {
    case "decimal":
      return DECIMAL(type.precision, type.scale);
    case "array":
      return LIST(toEngineType(type.element));
    case "map":
      return MAP(toEngineType(type.key), toEngineType(type.value));
    case "struct":
      return STRUCT(Object.fromEntries(type.fields.map((field) => [field.name, toEngineType(field.type)])));
    default:
      return simple[type.kind] ?? SQLNULL;
  }
}
