import { types } from "node:util";
import type { RefusalReason } from "../runtime-error.ts";
import type { Body, ErrorName, Slot, ViewName } from "./graph.ts";
import { ownProperty, type OwnProperty } from "./properties.ts";

/** Why an object has hidden state that cannot be read, if it has. */
export function hiddenState(value: object): readonly [reason: RefusalReason, finding: string] | undefined {
  if (types.isSharedArrayBuffer(value)) return ["E_SHARED", "a SharedArrayBuffer belongs to this process"];
  if (types.isArrayBuffer(value) && (value.detached || value.resizable)) {
    return ["E_UNSERIALIZABLE", "an ArrayBuffer that is detached or resizable cannot be sent"];
  }
  if (types.isModuleNamespaceObject(value)) return ["E_NAMESPACE", "the module of this namespace is not known"];
  if (types.isPromise(value)) return ["E_UNSERIALIZABLE", "a Promise cannot be sent"];
  if (types.isWeakMap(value)) return ["E_UNSERIALIZABLE", "a WeakMap cannot be read"];
  if (types.isWeakSet(value)) return ["E_UNSERIALIZABLE", "a WeakSet cannot be read"];
  if (types.isGeneratorObject(value)) return ["E_UNSERIALIZABLE", "a running generator cannot be sent"];
  if (types.isMapIterator(value) || types.isSetIterator(value))
    return ["E_UNSERIALIZABLE", "a running iterator cannot be sent"];
  if (types.isArgumentsObject(value)) return ["E_UNSERIALIZABLE", "an `arguments` object cannot be sent"];
  if (types.isExternal(value)) return ["E_NATIVE", "it is a handle of native code"];
  const tag = Object.prototype.toString.call(value);
  if (tag === "[object WeakRef]" || tag === "[object FinalizationRegistry]") {
    return ["E_UNSERIALIZABLE", `${tag.slice("[object ".length, -1)} cannot be read`];
  }
  if (/^\[object (?:\w+ )*(?:Iterator|Iterator Helper)\]$/.test(tag) && !Object.hasOwn(value, Symbol.toStringTag)) {
    return ["E_UNSERIALIZABLE", "a running iterator cannot be sent"];
  }
  return undefined;
}

/** Makes a slot of a value that an object holds. */
export type ToSlot = (value: unknown, label: string) => Slot;

/** What an object is made of, by the marks that no program can forge. */
export function bodyOf(value: object, toSlot: ToSlot): Body {
  if (Array.isArray(value)) return { kind: "array", items: itemsOf(value, toSlot) };
  if (types.isMap(value)) {
    return {
      kind: "map",
      entries: Array.from(value, ([key, one]) => [toSlot(key, "Map key"), toSlot(one, "Map value")]),
    };
  }
  if (types.isSet(value)) return { kind: "set", values: Array.from(value, (one) => toSlot(one, "Set value")) };
  if (types.isDate(value)) return { kind: "date", timeMs: Date.prototype.getTime.call(value) };
  if (types.isRegExp(value)) return { kind: "regexp", source: value.source, flags: value.flags };
  // oxlint-disable-next-line typescript/no-deprecated -- its successor, Error.isError, came after Node.js 22
  if (types.isNativeError(value)) return { kind: "error", name: errorNameOf(value), stack: value.stack };
  if (types.isBoxedPrimitive(value)) {
    return { kind: "boxed", value: toSlot((value as { valueOf(): unknown }).valueOf(), "valueOf()") };
  }
  if (types.isArrayBuffer(value)) return { kind: "buffer", bytes: new Uint8Array(value.slice(0)) };
  if (ArrayBuffer.isView(value)) return viewBody(value, toSlot);
  return { kind: "object" };
}

function viewBody(value: ArrayBufferView, toSlot: ToSlot): Body {
  const name = types.isDataView(value) ? "DataView" : viewNameOf(value);
  const length = types.isDataView(value) ? value.byteLength : (value as Uint8Array).length;
  if (Buffer.isBuffer(value) && value.buffer.byteLength === Buffer.poolSize) {
    // Small buffers are cut from one block that all of the program shares. Its other contents stay at home.
    return { kind: "view", name, buffer: toSlot(new Uint8Array(value).buffer, ".buffer"), byteOffset: 0, length };
  }
  return { kind: "view", name, buffer: toSlot(value.buffer, ".buffer"), byteOffset: value.byteOffset, length };
}

const typedArrayTag = ownProperty(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag)?.get as (
  this: unknown,
) => ViewName;

function viewNameOf(value: ArrayBufferView): ViewName {
  return typedArrayTag.call(value);
}

/** Elements that are ordinary data properties; others become holes here, and are shipped with the properties. */
function itemsOf(value: readonly unknown[], toSlot: ToSlot): Slot[] {
  const items: Slot[] = [];
  items.length = value.length;
  for (const key of Object.keys(value)) {
    const index = Number(key);
    if (!isArrayIndex(key)) continue;
    const descriptor = ownProperty(value, index);
    if (descriptor !== undefined && isOrdinary(descriptor)) items[index] = toSlot(descriptor.value, `[${key}]`);
  }
  return items;
}

export function isOrdinary(descriptor: OwnProperty): boolean {
  return descriptor.writable === true && descriptor.enumerable === true && descriptor.configurable === true;
}

export function isArrayIndex(key: string): boolean {
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && index < 2 ** 32 - 1 && String(index) === key;
}

const errorNames: readonly ErrorName[] = [
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "AggregateError",
];

function errorNameOf(value: Error): ErrorName {
  const realm = globalThis as unknown as Readonly<Record<string, new () => Error>>;
  return errorNames.find((name) => value instanceof realm[name]!) ?? "Error";
}

/** The language's classes whose instances can be shipped, and the bodies that they have. */
const shippableBases: ReadonlyMap<string, readonly Body["kind"][]> = new Map<string, readonly Body["kind"][]>([
  ["Object", ["object"]],
  ["Array", ["array"]],
  ["Map", ["map"]],
  ["Set", ["set"]],
  ["Date", ["date"]],
  ["RegExp", ["regexp"]],
  ["ArrayBuffer", ["buffer"]],
  ["DataView", ["view"]],
  ["Buffer", ["view"]],
  ...["Error", ...errorNames].map((name) => [name, ["error"]] as const),
  ...["Boolean", "Number", "String", "Symbol", "BigInt"].map((name) => [name, ["boxed"]] as const),
  ...["Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array"].map(
    (name) => [name, ["view"]] as const,
  ),
  ...["Float16Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array"].map(
    (name) => [name, ["view"]] as const,
  ),
]);

/** True when an instance of a language class has the body that belongs to it. */
export function isShippableBase(base: string | null, kind: Body["kind"]): boolean {
  if (base === null) return kind === "object";
  return shippableBases.get(base)?.includes(kind) === true || (base === "Object" && kind === "error");
}

/** The language class that a body has when nothing else is said. */
export function naturalBase(body: Body): string {
  switch (body.kind) {
    case "object":
      return "Object";
    case "array":
      return "Array";
    case "map":
      return "Map";
    case "set":
      return "Set";
    case "date":
      return "Date";
    case "regexp":
      return "RegExp";
    case "error":
    case "view":
      return body.name;
    case "buffer":
      return "ArrayBuffer";
    case "boxed":
      return "";
  }
}
