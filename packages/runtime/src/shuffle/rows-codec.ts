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

/** Encodes rows into one buffer. Throws `cannot-travel` where a value would not arrive as it left. */
export function encodeRows(rows: readonly unknown[]): Uint8Array {
  const writer = createByteWriter();
  writer.u32(rows.length);
  writeColumn(writer, rows, 0);
  return writer.bytes();
}

/** The inverse of {@link encodeRows}. */
export function decodeRows(bytes: Uint8Array): unknown[] {
  const reader = createByteReader(bytes);
  return readColumn(reader, reader.u32());
}

function writeColumn(writer: ByteWriter, values: readonly unknown[], depth: number): void {
  const first = values[0];
  if (values.length === 0) return writer.u8(tags.empty);
  if (first === undefined)
    return values.every(isUndefined) ? writer.u8(tags.undefined) : writeSerialized(writer, values);
  if (first === null) return values.every(isNull) ? writer.u8(tags.null) : writeSerialized(writer, values);
  switch (typeof first) {
    case "number":
      return values.every(isNumber)
        ? writeNumbers(writer, values as readonly number[])
        : writeSerialized(writer, values);
    case "string":
      return values.every(isString)
        ? writeStrings(writer, values as readonly string[])
        : writeSerialized(writer, values);
    case "boolean":
      return values.every(isBoolean)
        ? writeBooleans(writer, values as readonly boolean[])
        : writeSerialized(writer, values);
    case "bigint":
      return values.every(isBigint64)
        ? writeBigints(writer, values as readonly bigint[])
        : writeSerialized(writer, values);
    default:
      if (depth < columnDepthMax && (writeTuples(writer, values, depth) || writeRecords(writer, values, depth))) return;
      writeSerialized(writer, values);
  }
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
      return Array.from(reader.aligned(Int32Array, count));
    case tags.float64:
      return Array.from(reader.aligned(Float64Array, count));
    case tags.bigint64:
      return Array.from(reader.aligned(BigInt64Array, count));
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

const isUndefined = (value: unknown): boolean => value === undefined;
const isNull = (value: unknown): boolean => value === null;
const isNumber = (value: unknown): boolean => typeof value === "number";
const isString = (value: unknown): boolean => typeof value === "string";
const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isBigint64 = (value: unknown): boolean => typeof value === "bigint" && BigInt.asIntN(64, value) === value;

function writeNumbers(writer: ByteWriter, values: readonly number[]): void {
  // -0 | 0 is 0, which `Object.is` tells from -0; NaN and fractions differ from their int32 anyway.
  if (values.every((value) => Object.is(value | 0, value))) {
    writer.u8(tags.int32);
    writer.aligned(Int32Array.from(values));
  } else {
    writer.u8(tags.float64);
    writer.aligned(Float64Array.from(values));
  }
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
  const isLatin1 = !/[^\u0000-\u00ff]/.test(joined);
  writer.u8(isLatin1 ? tags.latin1 : tags.utf16);
  writer.aligned(Uint32Array.from(values, (value) => value.length));
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
  for (const value of values) {
    if (!Array.isArray(value) || value.length !== length || Object.getPrototypeOf(value) !== Array.prototype)
      return false;
    // A hole or a named property is no element: such arrays keep their shape only in V8's format.
    if (Object.keys(value).length !== length) return false;
  }
  writer.u8(tags.tuple);
  writer.u8(length);
  for (let column = 0; column < length; column += 1) {
    writeColumn(
      writer,
      values.map((value) => (value as readonly unknown[])[column]),
      depth + 1,
    );
  }
  return true;
}

function readTuples(reader: ByteReader, count: number): unknown[][] {
  const columns = Array.from({ length: reader.u8() }, () => readColumn(reader, count));
  if (columns.length === 2) {
    const [left = [], right = []] = columns;
    return left.map((value, index) => [value, right[index]]);
  }
  return Array.from({ length: count }, (_, row) => columns.map((column) => column[row]));
}

function writeRecords(writer: ByteWriter, values: readonly unknown[], depth: number): boolean {
  if (!isPlainObject(values[0])) return false;
  const keys = Object.keys(values[0]);
  if (keys.length === 0 || keys.length > recordKeysMax || keys.includes("__proto__")) return false;
  for (const value of values) {
    if (!isPlainObject(value) || !sameKeys(Object.keys(value), keys)) return false;
  }
  writer.u8(tags.record);
  writer.u32(keys.length);
  writeStrings(writer, keys);
  for (const key of keys) {
    writeColumn(
      writer,
      values.map((value) => (value as Readonly<Record<string, unknown>>)[key]),
      depth + 1,
    );
  }
  return true;
}

function readRecords(reader: ByteReader, count: number): Record<string, unknown>[] {
  const keyCount = reader.u32();
  const keys = readColumn(reader, keyCount) as string[];
  const columns = keys.map(() => readColumn(reader, count));
  return Array.from({ length: count }, (_, row) => {
    const record: Record<string, unknown> = {};
    for (let column = 0; column < keyCount; column += 1) record[keys[column] ?? ""] = columns[column]?.[row];
    return record;
  });
}

function writeSerialized(writer: ByteWriter, values: readonly unknown[]): void {
  const seen = new Set<object>();
  for (const value of values) refuseWhatWouldChange(value, seen);
  const bytes = serialize(values);
  writer.u8(tags.serialized);
  writer.u32(bytes.length);
  writer.raw(bytes);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.getOwnPropertySymbols(value).length === 0;
}

function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((key, index) => key === right[index]);
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
