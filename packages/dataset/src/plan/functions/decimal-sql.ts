import { asDecimal } from "../coercion.ts";
import { decimalPrecisionMax, type DecimalType } from "../data-type.ts";
import type { SqlArgument } from "./function-row.ts";
import { sqlType } from "./sql-type.ts";

/** The digits of a decimal as an integer: 1.23 is 123. */
export function unscaled(sql: string, scale: number): string {
  return scale === 0
    ? `(${sql})::HUGEINT`
    : `((${sql})::DECIMAL(38,${scale}) * 1${"0".repeat(scale)}::DECIMAL(${scale + 1},0))::HUGEINT`;
}

/** An integer of digits as a decimal of a scale. */
export function rescaled(digits: string, type: DecimalType): string {
  const exact = Array.from({ length: type.scale }, () => "0").join("");
  if (type.scale === 0) return `(${digits})::${sqlType(type)}`;
  // Two parts, each of which fits: an integral part, and a fraction below one.
  const one = `1${exact}`;
  return `(((${digits}) // ${one}::HUGEINT)::DECIMAL(38,${type.scale}) + (((${digits}) % ${one}::HUGEINT)::DECIMAL(38,0) * 0.${"0".repeat(type.scale - 1)}1::DECIMAL(${type.scale},${type.scale}))::DECIMAL(38,${type.scale}))::${sqlType(type)}`;
}

/**
 * An exact quotient, rounded half up: digits over digits as 128-bit integers. Where those would not have room, by
 * doubles, which are exact to 15 digits (Spark is exact there too: a listed deviation).
 */
export function divideDecimals(a: SqlArgument, b: SqlArgument, type: DecimalType): string {
  const dividend = asDecimal(a.type);
  const divisor = asDecimal(b.type);
  const shift = type.scale - dividend.scale + divisor.scale;
  const isWide = dividend.precision + shift >= decimalPrecisionMax || shift < 0;
  if (isWide) return `(${a.sql}::DOUBLE / ${b.sql}::DOUBLE)::${sqlType(type)}`;
  const top = `(${unscaled(a.sql, dividend.scale)} * 1${"0".repeat(shift)}::HUGEINT)`;
  return rescaled(roundedQuotient(top, unscaled(b.sql, divisor.scale)), type);
}

/** Half up means away from zero. */
export function roundedQuotient(top: string, bottom: string): string {
  return `(${top} // ${bottom} + CASE WHEN abs(${top} % ${bottom}) * 2 >= abs(${bottom}) THEN sign(${top}) * sign(${bottom}) ELSE 0 END)`;
}
