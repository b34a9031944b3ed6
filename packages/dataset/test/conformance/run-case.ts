import { call, col, lit, when, type Column, type Context } from "../../src/index.ts";
import { createColumn, toExpression } from "../../src/frame/column-handle.ts";
import { createDecimal, createTimestamp, isDecimal, isTimestamp } from "../../src/frame/values.ts";
import type { FrameSession } from "../../src/frame/frame-host.ts";
import type { DataType } from "../../src/plan/data-type.ts";
import type { PlanNode } from "../../src/plan/plan-node.ts";

/** What an engine says of an expression. */
export type Answer = { readonly type: string; readonly value: unknown } | { readonly error: string };

type Case = unknown;

/** Floats keep their point: 2.0 is no 2. */
export function parseCase(line: string): Case {
  const reviver = (_: string, value: unknown, context: { readonly source?: string }): unknown =>
    typeof value === "number" && /[.e]/.test(context.source ?? "") ? { double: context.source } : value;
  return JSON.parse(line, reviver as (key: string, value: unknown) => unknown);
}

const simple: Readonly<Record<string, DataType>> = {
  tinyint: { kind: "byte" },
  smallint: { kind: "short" },
  int: { kind: "int" },
  bigint: { kind: "long" },
  timestamp_ntz: { kind: "timestampNtz" },
};

function parseType(text: string): DataType {
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(text);
  if (decimal !== null) return { kind: "decimal", precision: Number(decimal[1]), scale: Number(decimal[2]) };
  const array = /^array<(.*)>$/.exec(text);
  if (array !== null) return { kind: "array", element: parseType(array[1] ?? ""), containsNull: true };
  return simple[text] ?? { kind: text as "string" };
}

function sparkType(type: DataType): string {
  switch (type.kind) {
    case "null":
      return "void";
    case "byte":
      return "tinyint";
    case "short":
      return "smallint";
    case "long":
      return "bigint";
    case "timestampNtz":
      return "timestamp_ntz";
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "array":
      return `array<${sparkType(type.element)}>`;
    case "map":
      return `map<${sparkType(type.key)},${sparkType(type.value)}>`;
    case "struct":
      return `struct<${type.fields.map((field) => `${field.name}:${sparkType(field.type)}`).join(",")}>`;
    default:
      return type.kind;
  }
}

const micros = (text: string): bigint =>
  BigInt(Date.parse(`${text.replace(" ", "T").replace(/\.\d+$/, "")}Z`)) * 1000n +
  BigInt((/\.(\d+)$/.exec(text)?.[1] ?? "").padEnd(6, "0"));

/** The column that a case describes. */
export function columnOf(given: Case): Column<never> {
  if (Array.isArray(given)) {
    const [name, ...args] = given as [string, ...Case[]];
    const columns = args.map(columnOf);
    if (name === "case") return when(columns[0] as never, columns[1] as never).otherwise(columns[2] as never) as never;
    return call(name, ...columns);
  }
  if (given === null || typeof given !== "object") return lit(given as string) as never;
  const [[kind, value]] = Object.entries(given) as [[string, never]];
  switch (kind) {
    case "cast":
    case "try_cast": {
      const [input, type] = value as [Case, string];
      return createColumn({
        kind: "cast",
        input: toExpression(columnOf(input)),
        type: parseType(type),
        isTry: kind === "try_cast",
      });
    }
    case "fn": {
      const { fn, body } = given as { readonly fn: readonly string[]; readonly body: Case };
      return createColumn({ kind: "lambda", parameters: fn, body: toExpression(columnOf(body)) });
    }
    case "var":
      return createColumn({ kind: "lambdaVariable", name: value });
    case "col":
      return col(value);
    case "long":
      return lit(BigInt(value)) as never;
    case "double":
      return createColumn({ kind: "literal", value: doubleLiteral(value), type: { kind: "double" } });
    case "decimal": {
      const [integral = "", fraction = ""] = String(value).split(".");
      return lit(createDecimal(BigInt(integral + fraction), fraction.length)) as never;
    }
    case "null":
      return createColumn({
        kind: "cast",
        input: { kind: "literal", value: null },
        type: parseType(value),
        isTry: false,
      });
    case "date":
      return createColumn({ kind: "literal", value: { tag: "date", days: Date.parse(value) / 86_400_000 } });
    case "timestamp":
      return lit(createTimestamp(micros(value))) as never;
    case "binary":
      return lit(Uint8Array.from(Buffer.from(value, "hex"))) as never;
    default:
      throw new Error(`the form ${kind} is not known`);
  }
}

function doubleLiteral(text: string): number | { readonly tag: "double"; readonly text: string } {
  const number = Number(text);
  return Number.isFinite(number)
    ? number
    : { tag: "double", text: text.replace("Infinity", "inf").replace("NaN", "nan") };
}

/** A value of ours in the form of the expectations. */
function plain(value: unknown, type: DataType): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" && (type.kind === "double" || type.kind === "float"))
    return Number.isFinite(value) ? value : String(value);
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (isDecimal(value)) return String(value);
  if (isTimestamp(value)) return momentText(value.epochMicros);
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value) && type.kind === "array") return value.map((one) => plain(one, type.element));
  if (value instanceof Map && type.kind === "map") {
    return {
      map: Array.from(value as Map<unknown, unknown>, ([key, one]) => [plain(key, type.key), plain(one, type.value)]),
    };
  }
  if (type.kind === "struct") {
    const object = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(type.fields.map((field) => [field.name, plain(object[field.name], field.type)]));
  }
  return value;
}

function momentText(at: bigint): string {
  const seconds = at >= 0n ? at / 1_000_000n : -((-at + 999_999n) / 1_000_000n);
  const rest = at - seconds * 1_000_000n;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace("T", " ")}.${String(rest).padStart(6, "0")}`;
}

/** What our engine says of a case. */
export async function answerOf(tutti: Context, given: Case): Promise<Answer> {
  try {
    const frame = frameOf(tutti, given);
    const [field] = await frame.schema();
    const [row] = await frame.collect();
    const type = field?.type ?? { kind: "null" };
    return { type: sparkType(type), value: plain(row?.["v"], type) };
  } catch (thrown) {
    const { code, message } = thrown as { readonly code?: string; readonly message: string };
    return { error: `${code}: ${message.split("\n")[0]}` };
  }
}

interface AggregateCase {
  readonly rows: readonly (readonly Case[])[];
  readonly agg: Case;
  readonly empty?: true;
}

function frameOf(tutti: Context, given: Case): ReturnType<Context["table"]> {
  const one = tutti.rangeFrame(0, 1);
  if (typeof given !== "object" || given === null || !("rows" in given))
    return one.select(columnOf(given).as("v")) as never;
  const { rows, agg, empty } = given as AggregateCase;
  // Rows of one array stand in its order, which some aggregates see.
  const structs = rows.map((row) =>
    call("named_struct", ...row.flatMap((value, index) => [lit("abcdef"[index] ?? ""), columnOf(value)])),
  );
  const all = one.select(call("inline", call("array", ...structs)) as never) as never as ReturnType<Context["table"]>;
  return (empty === true ? all.filter(lit(false)) : all).agg(() => ({ v: columnOf(agg) })) as never;
}

/** Whether two answers say the same: doubles to one part in a thousand million, errors as errors. */
export function isSame(expected: Answer, actual: Answer): boolean {
  if ("error" in expected || "error" in actual) return "error" in expected && "error" in actual;
  return expected.type === actual.type && isEqual(expected.value, actual.value);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number")
    return a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const [ofA, ofB] = [Object.entries(a), Object.entries(b)];
  return (
    ofA.length === ofB.length &&
    ofA.every(([name, value]) => isEqual(value, (b as Readonly<Record<string, unknown>>)[name]))
  );
}

/** The SQL that runs for a case, and the type that the analyzer says its answer has. */
export async function compiledCase(
  tutti: Context,
  given: Case,
): Promise<{ readonly sql: string; readonly type: DataType }> {
  const { session, plan } = frameOf(tutti, given) as unknown as {
    readonly session: FrameSession;
    readonly plan: PlanNode;
  };
  const resolved = await session.resolve(plan);
  const engine = await session.host.engine();
  return { sql: await engine.sqlOf(resolved), type: resolved.schema[0]?.type ?? { kind: "null" } };
}
