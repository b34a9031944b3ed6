import { isBuiltin } from "node:module";
import { runInThisContext } from "node:vm";

/** The way to a value that every realm has: keys from `globalThis`, `@@iterator` for a well-known symbol. */
export interface IntrinsicPath {
  readonly path: readonly string[];
  readonly accessor?: "get" | "set";
}

/** An export of a module of Node.js itself. */
export interface BuiltinExport {
  readonly specifier: string;
  readonly name: string;
}

type Realm = Readonly<Record<string, unknown>>;

/** Globals of the language. A free variable of such a name is the worker's own. */
const languageGlobals =
  `Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date
Promise RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError globalThis JSON Math
Intl ArrayBuffer Atomics Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float16Array Float32Array
Float64Array Uint8ClampedArray BigUint64Array BigInt64Array DataView Map BigInt Set Iterator WeakMap WeakSet WeakRef Proxy
Reflect FinalizationRegistry SharedArrayBuffer SuppressedError DisposableStack AsyncDisposableStack Temporal WebAssembly
decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval isFinite isNaN`.split(/\s+/);

/** Globals of Node.js 22 to 26. */
const nodeGlobals = `process global Buffer clearImmediate setImmediate URL URLSearchParams URLPattern DOMException
QuotaExceededError AbortController AbortSignal Event EventTarget TextEncoder TextDecoder TransformStream
TransformStreamDefaultController WritableStream WritableStreamDefaultController WritableStreamDefaultWriter ReadableStream
ReadableStreamDefaultReader ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableByteStreamController
ReadableStreamDefaultController ByteLengthQueuingStrategy CountQueuingStrategy TextEncoderStream TextDecoderStream
CompressionStream DecompressionStream clearInterval clearTimeout setInterval setTimeout queueMicrotask structuredClone atob
btoa BroadcastChannel MessageChannel MessagePort Blob File Performance PerformanceEntry PerformanceMark PerformanceMeasure
PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming performance fetch FormData Headers Request
Response MessageEvent WebSocket Navigator navigator crypto Crypto CryptoKey SubtleCrypto CustomEvent CloseEvent ErrorEvent
EventSource Storage console`.split(/\s+/);

const globalNames: ReadonlySet<string> = new Set([...languageGlobals, ...nodeGlobals]);

/** True for the names that mean the same, if not the same object, in every thread and process. */
export function isStandardGlobal(name: string): boolean {
  return globalNames.has(name);
}

/** Intrinsics that no global name leads to, by expressions that do. */
const hiddenIntrinsics: readonly (readonly [name: string, value: () => object])[] = [
  ["%TypedArray%", () => Object.getPrototypeOf(Uint8Array) as object],
  ["%GeneratorFunction%", () => function* () {}.constructor],
  ["%AsyncFunction%", () => async function () {}.constructor],
  ["%AsyncGeneratorFunction%", () => async function* () {}.constructor],
  ["%ArrayIteratorPrototype%", () => Object.getPrototypeOf([].values()) as object],
  ["%MapIteratorPrototype%", () => Object.getPrototypeOf(new Map().values()) as object],
  ["%SetIteratorPrototype%", () => Object.getPrototypeOf(new Set().values()) as object],
  ["%StringIteratorPrototype%", () => Object.getPrototypeOf(""[Symbol.iterator]()) as object],
];

let known: Map<unknown, IntrinsicPath> | undefined;

/** The way to an object, function or symbol from `globalThis`, if there is one. */
export function intrinsicPathOf(value: unknown): IntrinsicPath | undefined {
  known ??= indexIntrinsics();
  return known.get(value);
}

/** Follows a path in this realm. */
export function resolveIntrinsic({ path, accessor }: IntrinsicPath): unknown {
  let holder: unknown;
  let value: unknown = globalThis;
  for (const key of path) {
    holder = value;
    const hidden = hiddenIntrinsics.find(([name]) => name === key);
    value =
      hidden === undefined
        ? accessor !== undefined && key === path.at(-1)
          ? undefined
          : read(value, key)
        : hidden[1]();
  }
  const last = path.at(-1);
  if (accessor === undefined || last === undefined) return value;
  return Object.getOwnPropertyDescriptor(holder, keyNamed(last))?.[accessor];
}

function read(value: unknown, key: string): unknown {
  return (value as Record<PropertyKey, unknown>)[keyNamed(key)];
}

function keyNamed(key: string): PropertyKey {
  return key.startsWith("@@") ? (Symbol as unknown as Record<string, symbol>)[key.slice(2)]! : key;
}

function nameOfKey(key: PropertyKey): string | undefined {
  if (typeof key !== "symbol") return String(key);
  const description = key.description ?? "";
  const name = description.startsWith("Symbol.") ? description.slice("Symbol.".length) : undefined;
  return name !== undefined && (Symbol as unknown as Record<string, symbol>)[name] === key ? `@@${name}` : undefined;
}

/**
 * Two realms are indexed where the program runs in a context of node:vm: the program's own, and the one that Node.js
 * itself lives in, whose objects come out of `structuredClone`, `Buffer` and the like.
 */
function indexIntrinsics(): Map<unknown, IntrinsicPath> {
  const index = new Map<unknown, IntrinsicPath>();
  indexRealm(globalThis as unknown as Realm, index);
  const nodeRealm = runInThisContext("globalThis") as Realm;
  if (nodeRealm !== (globalThis as unknown as Realm)) indexRealm(nodeRealm, index);
  for (const [name, value] of hiddenIntrinsics) indexMembers(value(), [name], { index, depth: 2 });
  return index;
}

/** Globals that a getter makes on first use, and that are wanted all the same. */
const madeOnFirstUse: ReadonlySet<string> = new Set(["process", "Buffer", "console"]);

function indexRealm(realm: Realm, index: Map<unknown, IntrinsicPath>): void {
  if (!index.has(realm)) index.set(realm, { path: [] });
  for (const name of globalNames) {
    const descriptor = Object.getOwnPropertyDescriptor(realm, name);
    if (descriptor === undefined) continue;
    const value: unknown = madeOnFirstUse.has(name) ? realm[name] : descriptor.value;
    // In a context of node:vm, `global` may be another object than `globalThis`, with the same members.
    if (name === "global" || name === "globalThis") index.set(value, { path: [] });
    else if (typeof value === "object" || typeof value === "function") indexMembers(value, [name], { index, depth: 2 });
  }
}

interface Indexing {
  readonly index: Map<unknown, IntrinsicPath>;
  readonly depth: number;
}

/** Depth 2 reaches `Array.prototype.map`; the members of plain data such as `process.config` are not intrinsics. */
function indexMembers(value: unknown, path: readonly string[], { index, depth }: Indexing): void {
  const isObject = typeof value === "object" && value !== null;
  if (!isObject && typeof value !== "function" && typeof value !== "symbol") return;
  if (index.has(value)) return;
  index.set(value, { path });
  if (depth === 0 || typeof value === "symbol") return;
  for (const key of Reflect.ownKeys(value)) {
    const name = nameOfKey(key);
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (name === undefined || descriptor === undefined) continue;
    const inner = [...path, name];
    indexMembers(descriptor.value, inner, { index, depth: depth - 1 });
    for (const accessor of ["get", "set"] as const) {
      const half: unknown = descriptor[accessor];
      if (half !== undefined && !index.has(half)) index.set(half, { path: inner, accessor });
    }
  }
}

let builtinExports = new Map<unknown, BuiltinExport>();
let indexedCount = -1;

/** The export of a module of Node.js that is this very value. Only modules that are loaded anyway are looked at. */
export function builtinExportOf(value: unknown): BuiltinExport | undefined {
  const loaded = (process as unknown as { moduleLoadList: readonly string[] }).moduleLoadList;
  if (loaded.length !== indexedCount) {
    indexedCount = loaded.length;
    builtinExports = indexBuiltins(loaded);
  }
  return builtinExports.get(value);
}

function indexBuiltins(loaded: readonly string[]): Map<unknown, BuiltinExport> {
  const index = new Map<unknown, BuiltinExport>();
  for (const entry of loaded) {
    const id = entry.replace(/^NativeModule /, "");
    if (id === entry || id.startsWith("internal/") || !isBuiltin(id)) continue;
    const specifier = `node:${id.replace(/^node:/, "")}`;
    const exports: unknown = process.getBuiltinModule(specifier);
    if (exports === undefined || exports === null) continue;
    if (!index.has(exports)) index.set(exports, { specifier, name: "default" });
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(exports))) {
      const isCallable = typeof value === "function" || (typeof value === "object" && value !== null);
      if (isCallable && !index.has(value)) index.set(value, { specifier, name });
    }
  }
  return index;
}
