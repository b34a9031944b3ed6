import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTableFunction,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  VARCHAR,
  type DuckDBValue,
  type DuckDBVector,
} from "@duckdb/node-api";
import { DatasetError } from "../dataset-error.ts";
import type { Decimal, Interval, Timestamp } from "../frame/values.ts";
import type { DataType, Field, Schema } from "../plan/data-type.ts";
import { toEngineType } from "./to-engine-type.ts";

/** Rows in memory, by column; the values have been checked against the schema. */
export interface LocalRows {
  readonly schema: Schema;
  readonly rowCount: number;
  readonly columns: readonly (readonly unknown[])[];
}

const chunkRowsMax = 2048;

/**
 * `tutti_local(id, columns)`: the rows that were lent under an id, those columns of them. Nothing is copied before the
 * scan, and nothing stays behind it.
 */
export function createLocalRowsFunction(lent: ReadonlyMap<string, LocalRows>): DuckDBTableFunction {
  return DuckDBTableFunction.create({
    name: "tutti_local",
    parameterTypes: [VARCHAR, VARCHAR],
    bindFunction: (bind) => {
      const rows = lent.get(String(bind.getParameter(0)));
      if (rows === undefined) throw new DatasetError("invalid-plan", "rows in memory were not lent to this query");
      const indexes = String(bind.getParameter(1)).split(",").map(Number);
      const writers = indexes.map((index) => {
        const type = rows.schema[index]?.type ?? { kind: "null" };
        bind.addResultColumn(`c${index}`, toEngineType(type));
        return writerOf({ name: `c${index}`, type, nullable: true }, rows.columns[index] ?? []);
      });
      bind.setCardinality(rows.rowCount, true);
      bind.setBindData({ writers, rowCount: rows.rowCount });
    },
    initFunction: (init) => {
      init.setInitData({ next: 0 });
      init.setMaxThreads(1);
    },
    mainFunction: (info, output) => {
      const { writers, rowCount } = info.bindData as unknown as BoundRows;
      const state = info.initData as { next: number };
      const count = Math.min(chunkRowsMax, rowCount - state.next);
      output.rowCount = count;
      if (count === 0) return;
      writers.forEach((write, index) => {
        write(output.getColumnVector(index), { from: state.next, count });
      });
      state.next += count;
    },
  });
}

interface BoundRows {
  readonly writers: readonly ColumnWriter[];
  readonly rowCount: number;
}

type ColumnWriter = (vector: DuckDBVector, range: { readonly from: number; readonly count: number }) => void;

/** Writes values of a column, which fit its type, into the engine's vectors. */
export function writerOf({ type }: Field, values: readonly unknown[]): ColumnWriter {
  const convert = engineValue(type);
  return (vector, { from, count }) => {
    for (let row = 0; row < count; row += 1) {
      const value = values[from + row];
      vector.setItem(row, value === null || value === undefined ? null : convert(value));
    }
    vector.flush();
  };
}

/** A JavaScript value of a type as the engine takes it. */
function engineValue(type: DataType): (value: unknown) => DuckDBValue {
  switch (type.kind) {
    case "long":
      return (value) => BigInt(value as number | bigint);
    case "date":
      return (value) =>
        new DuckDBDateValue(typeof value === "string" ? daysOf(Date.parse(value)) : daysOf((value as Date).getTime()));
    case "timestamp":
      return (value) => new DuckDBTimestampTZValue(microsOf(value));
    case "timestampNtz":
      return (value) => new DuckDBTimestampValue(microsOf(value));
    case "decimal":
      return (value) => decimalOf(value as Decimal, type);
    case "binary":
      return (value) => new DuckDBBlobValue(value as Uint8Array);
    case "interval":
      return (value) => {
        const { months, days, micros } = value as Interval;
        return new DuckDBIntervalValue(months, days, micros);
      };
    case "array": {
      const element = orNull(engineValue(type.element));
      return (value) => new DuckDBListValue((value as readonly unknown[]).map(element));
    }
    case "map": {
      const key = orNull(engineValue(type.key));
      const held = orNull(engineValue(type.value));
      return (value) =>
        new DuckDBMapValue(
          Array.from(value as ReadonlyMap<unknown, unknown>, ([one, other]) => ({ key: key(one), value: held(other) })),
        );
    }
    case "struct": {
      const fields = type.fields.map((field) => [field.name, orNull(engineValue(field.type))] as const);
      return (value) => {
        const object = value as Readonly<Record<string, unknown>>;
        return new DuckDBStructValue(
          Object.fromEntries(fields.map(([name, convert]) => [name, convert(object[name])])),
        );
      };
    }
    default:
      return (value) => value as DuckDBValue;
  }
}

function orNull(convert: (value: unknown) => DuckDBValue): (value: unknown) => DuckDBValue {
  return (value) => (value === null || value === undefined ? null : convert(value));
}

function daysOf(milliseconds: number): number {
  return Math.floor(milliseconds / 86_400_000);
}

function microsOf(value: unknown): bigint {
  return value instanceof Date ? BigInt(value.getTime()) * 1000n : (value as Timestamp).epochMicros;
}

function decimalOf(
  { unscaled, scale }: Decimal,
  type: { readonly precision: number; readonly scale: number },
): DuckDBDecimalValue {
  const digits = unscaled * 10n ** BigInt(Math.max(0, type.scale - scale));
  return new DuckDBDecimalValue(digits, type.precision, type.scale);
}
