import {
  DuckDBTypeId,
  type DuckDBDecimalType,
  type DuckDBListType,
  type DuckDBArrayType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
} from "@duckdb/node-api";
import { DatasetError } from "../dataset-error.ts";
import {
  arrayOf,
  binaryType,
  booleanType,
  byteType,
  dateType,
  doubleType,
  floatType,
  intervalType,
  intType,
  longType,
  mapOf,
  nullType,
  shortType,
  stringType,
  timestampNtzType,
  timestampType,
  type DataType,
} from "../plan/data-type.ts";

/** Spark's type for a type of the engine. Where Spark has none, the smallest that every value has room in. */
export function fromEngineType(type: DuckDBType): DataType {
  switch (type.typeId) {
    case DuckDBTypeId.SQLNULL:
      return nullType;
    case DuckDBTypeId.BOOLEAN:
      return booleanType;
    case DuckDBTypeId.TINYINT:
      return byteType;
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.UTINYINT:
      return shortType;
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.USMALLINT:
      return intType;
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UINTEGER:
      return longType;
    case DuckDBTypeId.UBIGINT:
      return { kind: "decimal", precision: 20, scale: 0 };
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT:
      return { kind: "decimal", precision: 38, scale: 0 };
    case DuckDBTypeId.FLOAT:
      return floatType;
    case DuckDBTypeId.DOUBLE:
      return doubleType;
    case DuckDBTypeId.DECIMAL: {
      const { width, scale } = type as DuckDBDecimalType;
      return { kind: "decimal", precision: width, scale };
    }
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.UUID:
    case DuckDBTypeId.ENUM:
    case DuckDBTypeId.TIME:
      return stringType;
    case DuckDBTypeId.BLOB:
      return binaryType;
    case DuckDBTypeId.DATE:
      return dateType;
    case DuckDBTypeId.TIMESTAMP_TZ:
      return timestampType;
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
      return timestampNtzType;
    case DuckDBTypeId.INTERVAL:
      return intervalType;
    default:
      return fromNestedType(type);
  }
}

function fromNestedType(type: DuckDBType): DataType {
  switch (type.typeId) {
    case DuckDBTypeId.LIST:
      return arrayOf(fromEngineType((type as DuckDBListType).valueType));
    case DuckDBTypeId.ARRAY:
      return arrayOf(fromEngineType((type as DuckDBArrayType).valueType));
    case DuckDBTypeId.MAP: {
      const { keyType, valueType } = type as DuckDBMapType;
      return mapOf(fromEngineType(keyType), fromEngineType(valueType));
    }
    case DuckDBTypeId.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType;
      const fields = entryNames.map((name, index) => ({
        name,
        type: fromEngineType(entryTypes[index] as DuckDBType),
        nullable: true,
      }));
      return { kind: "struct", fields };
    }
    default:
      throw new DatasetError("unsupported-type", `a column has the type ${String(type)}, for which there is none here`);
  }
}
