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

/** What an object is made of, and the keys of the properties that its body does not tell. */
export interface Anatomy {
  readonly body: Body;
  readonly keys: readonly PropertyName[];
}

export type PropertyName = string | symbol;

/**
 * Takes an object apart by the marks that no program can forge, and with the language's own methods: those of a subclass
 * may tell something else.
 */
export function anatomyOf(value: object, toSlot: ToSlot): Anatomy {
  if (Array.isArray(value)) return arrayAnatomy(value, toSlot);
  const keys = Reflect.ownKeys(value);
  if (types.isTypedArray(value)) return { body: viewBody(value, toSlot), keys: keys.slice(value.length) };
  if (types.isBoxedPrimitive(value)) return boxedAnatomy(value, toSlot);
  // oxlint-disable-next-line typescript/no-deprecated -- its successor, Error.isError, came after Node.js 22
  if (!types.isNativeError(value)) return { body: bodyOf(value, toSlot), keys };
  const body: Body = { kind: "error", name: errorNameOf(value), stack: value.stack };
  return { body, keys: keys.filter((key) => key !== "stack") };
}

function bodyOf(value: object, toSlot: ToSlot): Body {
  if (types.isMap(value)) {
    const entries: [Slot, Slot][] = [];
    Map.prototype.forEach.call(value, (one, key) => entries.push([toSlot(key, "Map key"), toSlot(one, "Map value")]));
    return { kind: "map", entries };
  }
  if (types.isSet(value)) {
    const values: Slot[] = [];
    Set.prototype.forEach.call(value, (one) => values.push(toSlot(one, "Set value")));
    return { kind: "set", values };
  }
  if (types.isDate(value)) return { kind: "date", timeMs: Date.prototype.getTime.call(value) };
  if (types.isRegExp(value)) return { kind: "regexp", source: value.source, flags: value.flags };
  if (types.isArrayBuffer(value)) return { kind: "buffer", bytes: new Uint8Array(value.slice(0)) };
  if (types.isDataView(value)) return viewBody(value, toSlot);
  return { kind: "object" };
}

/** Elements that are no ordinary data properties become holes of the body, and are told as properties. */
function arrayAnatomy(value: readonly unknown[], toSlot: ToSlot): Anatomy {
  const all = Reflect.ownKeys(value);
  const items: Slot[] = [];
  items.length = value.length;
  const keys: PropertyName[] = [];
  // Indices come first, and the first key that is none is "length", which every array was born with.
  const elementCount = all.indexOf("length");
  for (const key of all.slice(0, elementCount) as string[]) {
    const found = ownProperty(value, key);
    if (found === undefined || !isOrdinary(found)) keys.push(key);
    else items[Number(key)] = isPrimitive(found.value) ? found.value : toSlot(found.value, `[${key}]`);
  }
  const isLengthOrdinary = ownProperty(value, "length")?.writable === true;
  keys.push(...all.slice(isLengthOrdinary ? elementCount + 1 : elementCount));
  return { body: { kind: "array", items }, keys };
}

function isOrdinary(property: OwnProperty): boolean {
  return property.writable === true && property.enumerable === true && property.configurable === true;
}

function isPrimitive(value: unknown): value is Slot & (string | number | bigint | boolean | null | undefined) {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}

const boxes: readonly (readonly [isBox: (value: unknown) => boolean, prototype: { valueOf(): unknown }])[] = [
  [types.isStringObject, String.prototype],
  [types.isNumberObject, Number.prototype],
  [types.isBooleanObject, Boolean.prototype],
  [types.isSymbolObject, Symbol.prototype],
  [types.isBigIntObject, BigInt.prototype],
];

function boxedAnatomy(value: object, toSlot: ToSlot): Anatomy {
  const content = boxes.find(([isBox]) => isBox(value))?.[1].valueOf.call(value);
  const keys = Reflect.ownKeys(value);
  const body: Body = { kind: "boxed", value: toSlot(content, "valueOf()") };
  // A string's characters come first, then its length.
  return { body, keys: typeof content === "string" ? keys.slice(keys.indexOf("length") + 1) : keys };
}

function viewBody(value: NodeJS.TypedArray | DataView, toSlot: ToSlot): Body {
  const name = types.isDataView(value) ? "DataView" : typedArrayTag.call(value);
  const length = types.isDataView(value) ? value.byteLength : value.length;
  if (Buffer.isBuffer(value) && value.buffer.byteLength === poolBlockBytes()) {
    // Small buffers are cut from one block that all of the program shares. Its other contents stay at home.
    return { kind: "view", name, buffer: toSlot(new Uint8Array(value).buffer, ".buffer"), byteOffset: 0, length };
  }
  return { kind: "view", name, buffer: toSlot(value.buffer, ".buffer"), byteOffset: value.byteOffset, length };
}

const typedArrayTag = ownProperty(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag)?.get as (
  this: unknown,
) => ViewName;

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

/** Asked of a block, not of `Buffer.poolSize`: Node.js 26 makes blocks somewhat larger than that. */
function poolBlockBytes(): number {
  return Buffer.allocUnsafe(1).buffer.byteLength;
}
