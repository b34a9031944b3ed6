import { deserialize, serialize } from "node:v8";
import { RuntimeError } from "../runtime-error.ts";
import { createByteReader, createByteWriter, type ByteReader, type ByteWriter } from "./byte-buffer.ts";

/**
 * How blocks of rows cross threads: column by column.
 *
 * Rows of one shape (numbers, strings, tuples, plain objects with the same keys) become typed columns, recursively;
 * whatever fits no column falls back to V8's serializer for that column alone. Measured against structured clone by
 * `npm run bench -- rows`. Order, `undefined`, `NaN`, `-0`, `bigint`, lone surrogates, Date, Map, Set and typed arrays
 * survive. Sharing between rows does not: rows are values. A null prototype arrives as that of plain objects. Instances of user classes are refused, since they would
 * arrive as plain objects without their methods.
 *
 * Layout of a column: tag (u8), then by tag as the writers below have it. Integers are little-endian; typed arrays are
 * aligned to 8 bytes from the start of the block.
 */
const tags = {
  empty: 0,
  undefined: 1,
  null: 2,
  boolean: 3,
  int32: 4,
  float64: 5,
  bigint64: 6,
  latin1: 7,
  utf16: 8,
  tuple: 9,
  record: 10,
  serialized: 11,
} as const;

const tupleLengthMax = 32;
const recordKeysMax = 256;
/** Deeper values go to V8's serializer, which has no recursion of ours to overflow. */
const columnDepthMax = 8;

/**
 * Encodes rows into one buffer. Throws `cannot-travel` where a value would not arrive as it left.
 *
 * ```ts
 * import { decodeRows, encodeRows } from "@tutti/runtime";
 *
 * const bytes = encodeRows([{ id: 1, name: "Ada" }, { id: 2, name: "Ben" }]);
 * console.log(decodeRows(bytes)[1]); // => { id: 2, name: 'Ben' }
 * ```
 */
export function encodeRows(rows: readonly unknown[]): Uint8Array {
  const writer = createByteWriter();
  writer.u32(rows.length);
  writeColumn(writer, rows, 0);
  return writer.bytes();
}

/**
 * The inverse of {@link encodeRows}.
 *
 * ```ts
 * import { decodeRows, encodeRows } from "@tutti/runtime";
 *
 * console.log(decodeRows(encodeRows([1n, 2n]))); // => [ 1n, 2n ]
 * ```
 */
export function decodeRows(bytes: Uint8Array): unknown[] {
  const reader = createByteReader(bytes);
  return readColumn(reader, reader.u32());
}

function writeColumn(writer: ByteWriter, values: readonly unknown[], depth: number): void {
  if (values.length === 0) return writer.u8(tags.empty);
  switch (kindOf(values)) {
    case "undefined":
      return writer.u8(tags.undefined);
    case "null":
      return writer.u8(tags.null);
    case "number":
      return writeNumbers(writer, values as readonly number[]);
    case "string":
      return writeStrings(writer, values as readonly string[]);
    case "boolean":
      return writeBooleans(writer, values as readonly boolean[]);
    case "bigint":
      return writeBigints(writer, values as readonly bigint[]);
    case "object":
      if (depth < columnDepthMax && (writeTuples(writer, values, depth) || writeRecords(writer, values, depth))) return;
      return writeSerialized(writer, values);
    case "mixed":
      return writeSerialized(writer, values);
  }
}

type Kind = "undefined" | "null" | "number" | "string" | "boolean" | "bigint" | "object" | "mixed";

/** The kind that all values share. Plain loops here and below: callbacks cost more than what they would do. */
function kindOf(values: readonly unknown[]): Kind {
  const [first] = values;
  const type = typeof first;
  if (type === "function" || type === "symbol") return "mixed";
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (typeof value !== type || (value === null) !== (first === null)) return "mixed";
    if (typeof value === "bigint" && BigInt.asIntN(64, value) !== value) return "mixed";
  }
  return first === null ? "null" : type;
}

function readColumn(reader: ByteReader, count: number): unknown[] {
  const tag = reader.u8();
  switch (tag) {
    case tags.empty:
      return [];
    case tags.undefined:
      return new Array<unknown>(count).fill(undefined);
    case tags.null:
      return new Array<unknown>(count).fill(null);
    case tags.boolean:
      return Array.from(reader.take(count), (byte) => byte === 1);
    case tags.int32:
      return listOf(reader.aligned(Int32Array, count));
    case tags.float64:
      return listOf(reader.aligned(Float64Array, count));
    case tags.bigint64:
      return listOf(reader.aligned(BigInt64Array, count));
    case tags.latin1:
    case tags.utf16:
      return readStrings(reader, count, tag);
    case tags.tuple:
      return readTuples(reader, count);
    case tags.record:
      return readRecords(reader, count);
    case tags.serialized:
      return deserialize(Uint8Array.from(reader.take(reader.u32()))) as unknown[];
    default:
      throw new RuntimeError("corrupt-block", `column tag ${tag} is not one of 0 to ${tags.serialized}`);
  }
}

/** `Array.from` would go through an iterator. */
function listOf(column: Int32Array | Float64Array | BigInt64Array): unknown[] {
  const list = new Array<unknown>(column.length);
  for (let index = 0; index < column.length; index += 1) list[index] = column[index];
  return list;
}

function writeNumbers(writer: ByteWriter, values: readonly number[]): void {
  const integers = new Int32Array(values.length);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    integers[index] = value;
    // -0 as int32 is 0, which `Object.is` tells from -0; NaN and fractions differ from their int32 anyway.
    if (Object.is(integers[index], value)) continue;
    writer.u8(tags.float64);
    return writer.aligned(Float64Array.from(values));
  }
  writer.u8(tags.int32);
  writer.aligned(integers);
}

function writeBooleans(writer: ByteWriter, values: readonly boolean[]): void {
  writer.u8(tags.boolean);
  writer.raw(Uint8Array.from(values, Number));
}

function writeBigints(writer: ByteWriter, values: readonly bigint[]): void {
  writer.u8(tags.bigint64);
  writer.aligned(BigInt64Array.from(values));
}

/** All texts as one, then their lengths in UTF-16 units: one native call for the whole column, and nothing is lost. */
function writeStrings(writer: ByteWriter, values: readonly string[]): void {
  const joined = values.join("");
  const isLatin1 = !/[\u0100-\uffff]/.test(joined);
  writer.u8(isLatin1 ? tags.latin1 : tags.utf16);
  const lengths = new Uint32Array(values.length);
  for (let index = 0; index < values.length; index += 1) lengths[index] = values[index]?.length ?? 0;
  writer.aligned(lengths);
  const text = Buffer.from(joined, isLatin1 ? "latin1" : "utf16le");
  writer.u32(text.length);
  writer.raw(text);
}

function readStrings(reader: ByteReader, count: number, tag: typeof tags.latin1 | typeof tags.utf16): string[] {
  const lengths = reader.aligned(Uint32Array, count);
  const bytes = reader.take(reader.u32());
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const joined = text.toString(tag === tags.latin1 ? "latin1" : "utf16le");
  const values = new Array<string>(count);
  let offset = 0;
  for (let index = 0; index < count; index += 1) {
    const end = offset + (lengths[index] ?? 0);
    values[index] = joined.slice(offset, end);
    offset = end;
  }
  return values;
}

function writeTuples(writer: ByteWriter, values: readonly unknown[], depth: number): boolean {
  const length = Array.isArray(values[0]) ? values[0].length : -1;
  if (length < 1 || length > tupleLengthMax) return false;
  const columns = Array.from({ length }, () => new Array<unknown>(values.length));
  for (let row = 0; row < values.length; row += 1) {
    const tuple = values[row];
    if (!Array.isArray(tuple) || tuple.length !== length || Object.getPrototypeOf(tuple) !== Array.prototype)
      return false;
    // A hole or a named property is no element: such arrays keep their shape only in V8's format.
    if (Object.keys(tuple).length !== length) return false;
    for (let column = 0; column < length; column += 1) (columns[column] as unknown[])[row] = tuple[column];
  }
  writer.u8(tags.tuple);
  writer.u8(length);
  for (const column of columns) writeColumn(writer, column, depth + 1);
  return true;
}

function readTuples(reader: ByteReader, count: number): unknown[][] {
  const columns = Array.from({ length: reader.u8() }, () => readColumn(reader, count));
  const rows = new Array<unknown[]>(count);
  const [left = [], right = []] = columns;
  for (let row = 0; row < count; row += 1) {
    rows[row] = columns.length === 2 ? [left[row], right[row]] : columns.map((column) => column[row]);
  }
  return rows;
}

function writeRecords(writer: ByteWriter, values: readonly unknown[], depth: number): boolean {
  if (!isPlainObject(values[0])) return false;
  const keys = Object.keys(values[0]);
  if (keys.length === 0 || keys.length > recordKeysMax || keys.includes("__proto__")) return false;
  const columns = keys.map(() => new Array<unknown>(values.length));
  for (let row = 0; row < values.length; row += 1) {
    const record = values[row];
    if (!isPlainObject(record) || !hasKeys(record, keys)) return false;
    for (let column = 0; column < keys.length; column += 1) {
      (columns[column] as unknown[])[row] = record[keys[column] as string];
    }
  }
  writer.u8(tags.record);
  writer.u32(keys.length);
  writeColumn(writer, keys, depth + 1);
  for (const column of columns) writeColumn(writer, column, depth + 1);
  return true;
}

function readRecords(reader: ByteReader, count: number): Record<string, unknown>[] {
  const keys = readColumn(reader, reader.u32()) as string[];
  const columns = keys.map(() => readColumn(reader, count));
  // The first row gives all others their shape.
  const shape = Object.fromEntries(keys.map((key) => [key, undefined]));
  const rows = new Array<Record<string, unknown>>(count);
  for (let row = 0; row < count; row += 1) {
    const record: Record<string, unknown> = { ...shape };
    for (let column = 0; column < keys.length; column += 1) record[keys[column] as string] = columns[column]?.[row];
    rows[row] = record;
  }
  return rows;
}

function writeSerialized(writer: ByteWriter, values: readonly unknown[]): void {
  const seen = new Set<object>();
  for (const value of values) refuseWhatWouldChange(value, seen);
  const bytes = serialize(values);
  writer.u8(tags.serialized);
  writer.u32(bytes.length);
  writer.raw(bytes);
}

/** Throws `cannot-travel` where V8's serializer would change a value without a word. */
export function checkTravels(value: unknown): void {
  if (typeof value === "function" || typeof value === "symbol" || (typeof value === "object" && value !== null)) {
    refuseWhatWouldChange(value, new Set());
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.getOwnPropertySymbols(value).length === 0;
}

/** The same keys in the same order, without making a list of them for each object. */
function hasKeys(record: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean {
  let index = 0;
  // Own enumerable keys only: a plain object inherits none.
  for (const key in record) {
    if (key !== keys[index]) return false;
    index += 1;
  }
  return index === keys.length;
}

/** Prototypes that V8's serializer restores, and the null that it makes plain. */
const restoredPrototypes: ReadonlySet<unknown> = new Set<unknown>([
  null,
  Object.prototype,
  Array.prototype,
  Date.prototype,
  RegExp.prototype,
  Map.prototype,
  Set.prototype,
  Boolean.prototype,
  Number.prototype,
  String.prototype,
  ArrayBuffer.prototype,
  Buffer.prototype,
  DataView.prototype,
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (one) => one.prototype as unknown,
  ),
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(
    (one) => one.prototype as unknown,
  ),
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array].map((one) => one.prototype as unknown),
]);

/** V8 would drop a class, a symbol key or an error's properties without a word. */
function refuseWhatWouldChange(root: unknown, seen: Set<object>): void {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === "function" || typeof value === "symbol")
      throw cannotTravel(`the ${typeof value} ${String(value)}`);
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (!restoredPrototypes.has(prototype)) throw cannotTravel(`an instance of ${classNameOf(value)}`);
    if (Object.getOwnPropertySymbols(value).length > 0) throw cannotTravel("an object with symbol keys");
    if (value instanceof Error && Object.keys(value).length > 0)
      throw cannotTravel("an Error with properties of its own");
    if (value instanceof Map) pending.push(...value.keys(), ...value.values());
    else if (value instanceof Set) pending.push(...value);
    else if (!ArrayBuffer.isView(value)) {
      for (const key of Object.keys(value)) pending.push((value as Readonly<Record<string, unknown>>)[key]);
    }
  }
}

function classNameOf(value: object): string {
  const name = (value as { readonly constructor?: { readonly name?: string } }).constructor?.name;
  return name === undefined || name === "" || name === "Object" ? "an anonymous class" : name;
}

function cannotTravel(what: string): RuntimeError {
  return new RuntimeError(
    "cannot-travel",
    `${what} cannot be a row on another thread: map it to plain values (numbers, strings, arrays, objects, Map, Set, Date)`,
  );
}
