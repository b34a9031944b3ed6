import {
  binaryType,
  boundedDecimal,
  doubleType,
  intType,
  isIntegral,
  longType,
  stringType,
  type DataType,
} from "../data-type.ts";
import type { Resolved } from "../resolved-plan.ts";
import { defineFunction, type FunctionRow, type SqlArgument } from "./function-row.ts";
import { sqlType } from "./sql-type.ts";

/** Functions of one double that both know by the same name, with NaN outside of their domain where the engine has an error. */
const plain = ["asinh", "atan", "cosh", "degrees", "radians", "sinh", "tanh"];

const double = (name: string, sql: string): FunctionRow => defineFunction(name, ["double", doubleType, sql]);

/** Whole numbers stay long, decimals lose their digits, doubles become long. */
const wholeType = ([arg]: readonly Resolved[]): DataType => {
  if (arg?.type.kind !== "decimal") return longType;
  const { precision, scale } = arg.type;
  return boundedDecimal(scale === 0 ? precision : precision - scale + 1, 0);
};

/** Rounding keeps the type; of decimals it cuts the scale. */
const roundType = ([arg, digits]: readonly Resolved[]): DataType => {
  if (arg?.type.kind !== "decimal") return arg?.type ?? doubleType;
  const { precision, scale } = arg.type;
  const wanted = digits?.kind === "literal" && typeof digits.value === "number" ? digits.value : 0;
  if (wanted >= scale) return boundedDecimal(precision + 1, scale);
  const integral = precision - scale + 1;
  return boundedDecimal(Math.max(integral + Math.max(wanted, 0), 1), Math.max(wanted, 0));
};

const round =
  (halfEven: boolean): FunctionRow["sql"] =>
  ([value, digits], type) => {
    const places = digits?.sql ?? "0";
    const name = halfEven ? "round_even" : "round";
    if (value?.type.kind === "double" || value?.type.kind === "float") {
      // By decimals as Spark does where there is room: 2.675 is not 2.67499….
      return `CASE WHEN isfinite(${value.sql}) AND abs(${value.sql}) < 1e15 AND ${places} BETWEEN 0 AND 15 THEN ${name}(CAST(${value.sql}::VARCHAR AS DECIMAL(38,18)), ${places})::${sqlType(type)} ELSE round(${value.sql}, ${places})::${sqlType(type)} END`;
    }
    return `${name}(${value?.sql}, ${places})::${sqlType(type)}`;
  };

function widest(args: readonly Resolved[]): DataType {
  return args[0]?.type ?? doubleType;
}

/** Doubles beyond 64 bits are cut to them, as Java does. */
const toWhole =
  (name: string): FunctionRow["sql"] =>
  ([value], type) => {
    const whole = `${name}(${value?.sql})`;
    if (value?.type.kind !== "double" && value?.type.kind !== "float") return `${whole}::${sqlType(type)}`;
    return `CASE WHEN ${whole} >= 9223372036854775807 THEN 9223372036854775807 WHEN ${whole} <= -9223372036854775808 THEN CAST('-9223372036854775808' AS BIGINT) WHEN isnan(${value.sql}) THEN 0 ELSE CAST(${whole} AS BIGINT) END`;
  };

export const mathFunctions: readonly FunctionRow[] = [
  defineFunction("abs", ["numeric", "first", "abs($1)"]),
  double("acos", "CASE WHEN abs($1) > 1 THEN 'NaN'::DOUBLE ELSE acos($1) END"),
  double("asin", "CASE WHEN abs($1) > 1 THEN 'NaN'::DOUBLE ELSE asin($1) END"),
  double("acosh", "CASE WHEN $1 < 1 THEN 'NaN'::DOUBLE ELSE acosh($1) END"),
  double(
    "atanh",
    "CASE WHEN abs($1) > 1 THEN 'NaN'::DOUBLE WHEN abs($1) = 1 THEN sign($1) * 'inf'::DOUBLE ELSE atanh($1) END",
  ),
  ...plain.map((name) => double(name, `${name}($1)`)),
  ...["cos", "sin", "tan"].map((name) =>
    double(name, `CASE WHEN isfinite($1) THEN ${name}($1) WHEN $1 IS NULL THEN NULL ELSE 'NaN'::DOUBLE END`),
  ),
  // The engine's is off by the last digit (27 gives 3.0000000000000004): one step of Newton's sets it right.
  double(
    "cbrt",
    "CASE WHEN $1 = 0 OR NOT isfinite($1) THEN cbrt($1) ELSE cbrt($1) - (cbrt($1) ** 3 - $1) / (3 * cbrt($1) ** 2) END",
  ),
  double("cot", "CASE WHEN $1 = 0 THEN 'inf'::DOUBLE ELSE 1 / tan($1) END"),
  double("csc", "CASE WHEN $1 = 0 THEN 'inf'::DOUBLE ELSE 1 / sin($1) END"),
  double("sec", "(1 / cos($1))"),
  double("exp", "exp($1)"),
  double("expm1", "CASE WHEN abs($1) < 1e-5 THEN $1 + $1 * $1 / 2 ELSE exp($1) - 1 END"),
  double("sqrt", "CASE WHEN $1 < 0 THEN 'NaN'::DOUBLE ELSE sqrt($1) END"),
  // Logarithms of what is not above zero are NULL.
  ...["ln", "log10", "log2"].map((name) =>
    defineFunction(name, ["double", doubleType, `CASE WHEN $1 > 0 THEN ${name}($1) END`], { nulls: "always" }),
  ),
  defineFunction(
    "log1p",
    [
      "double",
      doubleType,
      "CASE WHEN $1 > -1 THEN CASE WHEN abs($1) < 1e-5 THEN $1 - $1 * $1 / 2 ELSE ln(1 + $1) END END",
    ],
    { nulls: "always" },
  ),
  defineFunction(
    "log",
    [
      "double double?",
      doubleType,
      ([a, b]) =>
        b === undefined
          ? `CASE WHEN ${a?.sql} > 0 THEN ln(${a?.sql}) END`
          : `CASE WHEN ${a?.sql} > 0 AND ${b.sql} > 0 THEN ln(${b.sql}) / ln(${a?.sql}) END`,
    ],
    { nulls: "always" },
  ),
  defineFunction("pow", ["double double", doubleType, "pow($1, $2)"]),
  defineFunction("power", ["double double", doubleType, "pow($1, $2)"]),
  defineFunction("atan2", ["double double", doubleType, "atan2($1, $2)"]),
  defineFunction("hypot", ["double double", doubleType, "sqrt($1 * $1 + $2 * $2)"]),
  double("rint", "round_even($1, 0)"),
  defineFunction("round", ["numeric int?", roundType, round(false)]),
  defineFunction("bround", ["numeric int?", roundType, round(true)]),
  defineFunction("ceil", ["numeric", wholeType, toWhole("ceil")]),
  defineFunction("ceiling", ["numeric", wholeType, toWhole("ceil")]),
  defineFunction("floor", ["numeric", wholeType, toWhole("floor")]),
  double("signum", "sign($1)::DOUBLE"),
  double("sign", "sign($1)::DOUBLE"),
  defineFunction("pi", ["", doubleType, "pi()"]),
  defineFunction("e", ["", doubleType, "exp(1)"]),
  defineFunction("factorial", ["int", longType, "CASE WHEN $1 BETWEEN 0 AND 20 THEN factorial($1)::BIGINT END"], {
    nulls: "always",
  }),
  defineFunction("bin", [
    "long",
    stringType,
    "CASE WHEN $1 >= 0 THEN bin($1) ELSE bin($1::HUGEINT + 18446744073709551616) END",
  ]),
  defineFunction("hex", ["string|binary|long", stringType, hexOf]),
  defineFunction(
    "unhex",
    [
      "string",
      binaryType,
      "CASE WHEN regexp_full_match($1, '[0-9a-fA-F]*') THEN unhex(CASE WHEN length($1) % 2 = 1 THEN '0' || $1 ELSE $1 END) END",
    ],
    { nulls: "always" },
  ),
  defineFunction("conv", ["string int int", stringType, "tutti_conv($1, $2, $3)"], { nulls: "always" }),
  defineFunction("greatest", ["same same same*", widest, "greatest($*)"], { nulls: "all" }),
  defineFunction("least", ["same same same*", widest, "least($*)"], { nulls: "all" }),
  defineFunction("shiftleft", ["int|long int", "first", ([a, b], type) => shift("left", { a, b, type })]),
  defineFunction("shiftright", ["int|long int", "first", ([a, b], type) => shift("right", { a, b, type })]),
  defineFunction("shiftrightunsigned", ["int|long int", "first", ([a, b], type) => shift("unsigned", { a, b, type })]),
  defineFunction("bit_count", [
    "integral|boolean",
    intType,
    ([a]) => `bit_count(${a?.type.kind === "boolean" ? `${a.sql}::INTEGER` : `${a?.sql}::BIGINT`})::INTEGER`,
  ]),
  defineFunction("getbit", ["integral int", { kind: "byte" }, "((($1)::BIGINT >> $2) & 1)::TINYINT"]),
  defineFunction("width_bucket", ["double double double long", longType, widthBucket], { nulls: "always" }),
  defineFunction(
    "rand",
    [
      "long?",
      doubleType,
      ([seed]) =>
        seed === undefined
          ? "random()"
          : `((hash(row_number() OVER (), ${seed.sql}) >> 11)::DOUBLE / 9007199254740992.0)`,
    ],
    { nulls: "never" },
  ),
  defineFunction("randn", ["", doubleType, "(sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))"], {
    nulls: "never",
  }),
  defineFunction("monotonically_increasing_id", ["", longType, "(row_number() OVER () - 1)::BIGINT"], {
    nulls: "never",
  }),
];

function hexOf([value]: readonly SqlArgument[]): string {
  if (value !== undefined && isIntegral(value.type))
    return `CASE WHEN ${value.sql} >= 0 THEN to_base(${value.sql}, 16) ELSE printf('%X', ${value.sql}) END`;
  return `hex(${value?.sql})`;
}

interface ShiftParts {
  readonly a: SqlArgument | undefined;
  readonly b: SqlArgument | undefined;
  readonly type: DataType;
}

/** Java's: the count is taken modulo the width, and bits fall out silently. */
function shift(direction: "left" | "right" | "unsigned", { a, b, type }: ShiftParts): string {
  const bits = type.kind === "long" ? 64 : 32;
  const count = `(${b?.sql} & ${bits - 1})`;
  if (direction === "right") return `(${a?.sql} >> ${count})::${sqlType(type)}`;
  if (direction === "unsigned") {
    const unsigned = `(CASE WHEN ${a?.sql} < 0 THEN ${a?.sql}::HUGEINT + ${bits === 64 ? "18446744073709551616" : "4294967296"}::HUGEINT ELSE ${a?.sql}::HUGEINT END)`;
    return `(CASE WHEN ${count} = 0 THEN ${a?.sql} ELSE (${unsigned} >> ${count})::${sqlType(type)} END)`;
  }
  const wide = `((${a?.sql}::HUGEINT & ${bits === 64 ? "18446744073709551615" : "4294967295"}::HUGEINT) << ${count}) & ${bits === 64 ? "18446744073709551615" : "4294967295"}::HUGEINT`;
  const half = bits === 64 ? "9223372036854775808" : "2147483648";
  const whole = bits === 64 ? "18446744073709551616" : "4294967296";
  return `(CASE WHEN (${wide}) >= ${half}::HUGEINT THEN (${wide}) - ${whole}::HUGEINT ELSE (${wide}) END)::${sqlType(type)}`;
}

function widthBucket([value, low, high, count]: readonly SqlArgument[]): string {
  const [v, a, b, n] = [value, low, high, count].map((arg) => arg?.sql);
  const place = `floor((${v} - ${a}) / (${b} - ${a}) * ${n})::BIGINT + 1`;
  return `CASE WHEN ${n} <= 0 OR ${a} = ${b} OR isnan(${v}) THEN NULL WHEN ${a} < ${b} THEN CASE WHEN ${v} < ${a} THEN 0 WHEN ${v} >= ${b} THEN ${n} + 1 ELSE ${place} END ELSE CASE WHEN ${v} > ${a} THEN 0 WHEN ${v} <= ${b} THEN ${n} + 1 ELSE ${place} END END`;
}
