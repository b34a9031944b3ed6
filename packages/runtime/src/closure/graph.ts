/**
 * The wire format: what a captured closure looks like on its way.
 *
 * A graph is a flat list of nodes. Whatever has an identity (objects, functions, symbols) is a node and is mentioned by
 * its number, so that cycles and sharing survive; primitives stand where they are used. The list is encoded by
 * `v8.serialize`, which is why the header names the V8 that wrote it.
 */

/** The number of a node: its index in `ClosureGraph.nodes`. */
export type NodeId = number;

/** A primitive by value, or a one-element array that holds the number of a node. */
export type Slot = undefined | null | boolean | number | bigint | string | readonly [NodeId];

/** Bits of a property descriptor. A property without flags has the first three, as one made by assignment. */
export const writableFlag = 1;
export const enumerableFlag = 2;
export const configurableFlag = 4;
export const accessorFlag = 8;
export const ordinaryFlags: number = writableFlag | enumerableFlag | configurableFlag;

/** For an accessor, `value` is the getter and `setter` the setter. A key that is a slot is a symbol. */
export type Property = readonly [key: string | readonly [NodeId], value: Slot, flags?: number, setter?: Slot];

/** A module that must be imported before revival. */
export interface ModuleReference {
  readonly specifier: string;
  /** URL of the file that imports it; relative and bare specifiers are resolved from there. */
  readonly importer: string;
  /** `require` yields `module.exports`, which is not the namespace that `import` yields. */
  readonly load: "import" | "require";
}

export type ErrorName =
  | "Error"
  | "EvalError"
  | "RangeError"
  | "ReferenceError"
  | "SyntaxError"
  | "TypeError"
  | "URIError"
  | "AggregateError";

export type ViewName =
  | "Int8Array"
  | "Uint8Array"
  | "Uint8ClampedArray"
  | "Int16Array"
  | "Uint16Array"
  | "Int32Array"
  | "Uint32Array"
  | "Float16Array"
  | "Float32Array"
  | "Float64Array"
  | "BigInt64Array"
  | "BigUint64Array"
  | "DataView";

/** What an object is made of, apart from its prototype and its properties. */
export type Body =
  | { readonly kind: "object" }
  /** Holes stay holes. An element that is not an ordinary data property is a hole here and a property beside. */
  | { readonly kind: "array"; readonly items: readonly Slot[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Slot, Slot])[] }
  | { readonly kind: "set"; readonly values: readonly Slot[] }
  | { readonly kind: "date"; readonly timeMs: number }
  | { readonly kind: "regexp"; readonly source: string; readonly flags: string }
  | { readonly kind: "error"; readonly name: ErrorName; readonly stack: string | undefined }
  | { readonly kind: "boxed"; readonly value: Slot }
  | { readonly kind: "buffer"; readonly bytes: Uint8Array }
  | {
      readonly kind: "view";
      readonly name: ViewName;
      readonly buffer: Slot;
      readonly byteOffset: number;
      readonly length: number;
    };

/** What `Object.preventExtensions`, `Object.seal` or `Object.freeze` did. Absent for an object that is open. */
export type Lock = "closed" | "sealed" | "frozen";

/** Everything that is first made empty and filled later, so that it may be part of a cycle. */
export interface ContainerNode {
  readonly kind: "container";
  readonly body: Body;
  /** Absent when it is the natural one of the body. */
  readonly proto?: Slot;
  readonly properties: readonly Property[];
  readonly lock?: Lock;
}

export interface FunctionNode {
  readonly kind: "function";
  /** An expression, or a method, getter or setter that needs an object literal around it. */
  readonly form: "expression" | "member";
  readonly source: string;
  readonly strict: boolean;
  /** A class runs code when it is evaluated (static blocks, `extends`), so it is evaluated after what it captures. */
  readonly isClass: boolean;
  /** Absent when a static member of the same name hides it. */
  readonly name?: string;
  readonly length: number;
  /** The class that it extends, which must be there before it. */
  readonly base?: Slot;
  readonly captures: readonly (readonly [name: string, value: Slot])[];
  readonly properties: readonly Property[];
  /** What was added to, or replaced on, its `prototype`. */
  readonly prototypeProperties?: readonly Property[];
  readonly prototypeProto?: Slot;
  readonly prototypeLock?: Lock;
  readonly lock?: Lock;
}

interface BoundNode {
  readonly kind: "bound";
  readonly target: Slot;
  readonly receiver: Slot;
  readonly args: readonly Slot[];
  readonly properties: readonly Property[];
  readonly lock?: Lock;
}

export type GraphNode =
  | ContainerNode
  | FunctionNode
  /** `target.bind(receiver, ...args)`. */
  | BoundNode
  /** The `prototype` of a function. */
  | { readonly kind: "prototype"; readonly of: Slot }
  /** A value that every realm has, as the way to it from `globalThis`; with `accessor`, half of a property. */
  | { readonly kind: "intrinsic"; readonly path: readonly string[]; readonly accessor?: "get" | "set" }
  | { readonly kind: "symbol"; readonly key: string }
  /** An export of a module; without `name`, all of it. */
  | { readonly kind: "import"; readonly module: number; readonly name?: string }
  /** The `import()` or `require` of a file. */
  | { readonly kind: "loader"; readonly load: "import" | "require"; readonly importer: string }
  /** A value that travels by itself, once for each thread or worker. */
  | { readonly kind: "broadcast"; readonly id: string }
  /** What the class's own hooks wrote and will read. */
  | { readonly kind: "hooked"; readonly of: Slot; readonly data: Slot };

export interface ClosureGraph {
  readonly nodes: readonly GraphNode[];
  readonly modules: readonly ModuleReference[];
  /** The captured functions, in the order in which they were given. */
  readonly roots: readonly Slot[];
}

/** Class hook: an instance method that returns what to ship in the instance's place. */
export const serializeHook: unique symbol = Symbol.for("tutti.serialize") as never;
/** Class hook: a static method that makes an instance from what `serializeHook` returned. */
export const deserializeHook: unique symbol = Symbol.for("tutti.deserialize") as never;

/** Name under which a function finds the `import()` of the file it comes from. */
export const importLoaderName = "__tuttiImport";
/** Name under which a class finds a base class that was the result of an expression. */
export const baseClassName = "__tuttiBase";
