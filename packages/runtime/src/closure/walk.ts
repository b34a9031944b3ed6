import { types } from "node:util";
import type { RefusalReason } from "../runtime-error.ts";
import type { AnyFunction } from "../core/job.ts";
import { anatomyOf, hiddenState, isShippableBase, naturalBase, type PropertyName } from "./bodies.ts";
import { analyzeFunction, type FunctionAnalysis } from "./free-variables.ts";
import type { Captured, FunctionReader, FunctionReading } from "./function-reader.ts";
import {
  accessorFlag,
  baseClassName,
  configurableFlag,
  deserializeHook,
  enumerableFlag,
  ordinaryFlags,
  serializeHook,
  writableFlag,
  type ClosureGraph,
  type ContainerNode,
  type FunctionNode,
  type GraphNode,
  type ModuleReference,
  type NodeId,
  type Property,
  type Slot,
} from "./graph.ts";
import { capturedBroadcastOf, type CapturedBroadcast } from "../broadcast/broadcast.ts";
import { builtinExportOf, intrinsicPathOf, type BuiltinExport } from "./intrinsics.ts";
import type { ImportedValue } from "./module-imports.ts";
import { ownerOf, prototypeChainOf } from "./prototype-chain.ts";
import { lockOf, ownProperty, type OwnProperty } from "./properties.ts";
import { refuse } from "./refusal.ts";

/** Where a value hangs: the node that holds it, and the word for the way from there. */
interface Place {
  readonly holder: NodeId | undefined;
  readonly label: string;
}

type SourceReading = FunctionReading & { kind: "source" };

/**
 * Turns functions, and all that they reach, into a graph. Works through a queue rather than by recursion, so that a long
 * linked list does not overflow the stack; each value is seen once, so that cycles and sharing survive.
 */
export class GraphWriter {
  readonly #reader: FunctionReader;
  readonly #nodes: (GraphNode | undefined)[] = [];
  readonly #places: Place[] = [];
  readonly #ids = new Map<unknown, NodeId>();
  readonly #pending: { readonly id: NodeId; readonly value: unknown }[] = [];
  readonly #modules: ModuleReference[] = [];
  /** By id: what must be sent beside the graph. */
  readonly broadcasts: Map<string, CapturedBroadcast> = new Map();
  /** Functions that some file imports and that have not been met. */
  readonly #importable = new Map<unknown, ImportedValue>();

  constructor(reader: FunctionReader) {
    this.#reader = reader;
  }

  write(functions: readonly AnyFunction[]): ClosureGraph {
    const roots = functions.map((fn) =>
      this.#slot(fn, { holder: undefined, label: `function ${fn.name === "" ? "<anonymous>" : fn.name}` }),
    );
    for (let next = 0; next < this.#pending.length; next++) {
      const { id, value } = this.#pending[next]!;
      // An import found meanwhile may have taken the value's place.
      if (this.#nodes[id] !== undefined) continue;
      const node = this.#nodeOf(id, value);
      this.#nodes[id] ??= node;
    }
    return { nodes: this.#nodes as GraphNode[], modules: this.#modules, roots };
  }

  #slot(value: unknown, place: Place): Slot {
    if ((typeof value !== "object" || value === null) && typeof value !== "function" && typeof value !== "symbol") {
      return value as Slot;
    }
    const known = this.#ids.get(value);
    if (known !== undefined) return [known];
    const id = this.#reserve(place);
    this.#ids.set(value, id);
    this.#pending.push({ id, value });
    return [id];
  }

  #reserve(place: Place): NodeId {
    this.#places.push(place);
    this.#nodes.push(undefined);
    return this.#nodes.length - 1;
  }

  #add(node: GraphNode, place: Place): Slot {
    const id = this.#reserve(place);
    this.#nodes[id] = node;
    return [id];
  }

  #pathOf(id: NodeId | undefined): string {
    const labels: string[] = [];
    for (let at = id; at !== undefined; at = this.#places[at]!.holder) labels.push(this.#places[at]!.label);
    return labels.reverse().join(" -> ");
  }

  #refuse(reason: RefusalReason, id: NodeId, finding: string): Error {
    return refuse(reason, this.#pathOf(id), finding);
  }

  #nodeOf(id: NodeId, value: unknown): GraphNode {
    const intrinsic = intrinsicPathOf(value);
    if (intrinsic !== undefined) return { kind: "intrinsic", ...intrinsic };
    if (typeof value === "symbol") return this.#symbolNode(id, value);
    if (types.isProxy(value)) throw this.#refuse("E_PROXY", id, "A Proxy cannot be looked into");
    const builtin = builtinExportOf(value);
    if (builtin !== undefined) return this.#builtinNode(builtin);
    const imported = this.#importable.get(value);
    if (imported !== undefined) return this.#importNode(imported);
    if (typeof value === "function") return this.#functionNode(id, value as AnyFunction);
    return this.#objectNode(id, value as object);
  }

  #symbolNode(id: NodeId, value: symbol): GraphNode {
    const key = Symbol.keyFor(value);
    if (key === undefined) throw this.#refuse("E_SYMBOL", id, `${String(value)} is known to this process alone`);
    return { kind: "symbol", key };
  }

  #builtinNode({ specifier, name }: BuiltinExport): GraphNode {
    return this.#importNode({ module: { specifier, importer: "", load: "import" }, name });
  }

  #importNode({ module, name }: ImportedValue): GraphNode {
    let index = this.#modules.findIndex(
      (one) => one.specifier === module.specifier && one.importer === module.importer && one.load === module.load,
    );
    if (index === -1) index = this.#modules.push(module) - 1;
    return { kind: "import", module: index, ...(name === undefined ? {} : { name }) };
  }

  #functionNode(id: NodeId, fn: AnyFunction): GraphNode {
    const reading = this.#reader.read(fn, () => this.#pathOf(id));
    switch (reading.kind) {
      case "native":
        throw this.#refuse("E_NATIVE", id, `The function ${fn.name} is part of Node.js or of native code`);
      case "bound": {
        const { target, receiver, args } = reading.bound;
        return {
          kind: "bound",
          target: this.#slot(target, { holder: id, label: "bound function" }),
          receiver: this.#slot(receiver, { holder: id, label: "bound this" }),
          args: args.map((one, index) => this.#slot(one, { holder: id, label: `bound argument ${index}` })),
          properties: this.#properties(id, fn, addedKeys(fn, [])),
          ...lockOf(fn),
        };
      }
      case "source":
        this.#preferImports(reading);
        // The function itself may be one that its own file's imports lead to.
        return this.#nodes[id] ?? this.#sourceNode(id, fn, reading);
    }
  }

  /** A function that some file imports is imported over there too, so that its identity is the module's. */
  #preferImports({ fileImports }: SourceReading): void {
    for (const [value, imported] of fileImports) {
      const known = this.#ids.get(value);
      if (known !== undefined && this.#nodes[known]?.kind === "import") continue;
      if (known !== undefined) this.#nodes[known] = this.#importNode(imported);
      else this.#importable.set(value, imported);
    }
  }

  #sourceNode(id: NodeId, fn: AnyFunction, { analysis, isStrict, captures }: SourceReading): FunctionNode {
    const slots = captures.map(([name, captured]) => [name, this.#capturedSlot(id, name, captured)] as const);
    const base = analysis.hasBase
      ? this.#slot(Object.getPrototypeOf(fn), { holder: id, label: "base class" })
      : undefined;
    if (base !== undefined) slots.push([baseClassName, base]);
    this.#checkFunction(id, fn, analysis);
    return {
      kind: "function",
      form: analysis.form,
      source: analysis.source,
      strict: isStrict,
      isClass: analysis.isClass,
      ...nameOf(fn),
      length: fn.length,
      ...(base === undefined ? {} : { base }),
      captures: slots,
      properties: this.#properties(id, fn, addedKeys(fn, analysis.memberTexts)),
      ...this.#prototypeParts(id, fn, analysis),
      ...lockOf(fn),
    };
  }

  #capturedSlot(id: NodeId, name: string, captured: Captured): Slot {
    const place: Place = { holder: id, label: name };
    if (captured.kind === "value") return this.#slot(captured.value, place);
    if (captured.kind === "loader") return this.#add({ ...captured }, place);
    const { value, imported } = captured;
    const hasIdentity = (typeof value === "object" && value !== null) || typeof value === "function";
    if (!hasIdentity || intrinsicPathOf(value) !== undefined) return this.#add(this.#importNode(imported), place);
    const slot = this.#slot(value, place) as readonly [NodeId];
    this.#nodes[slot[0]] = this.#importNode(imported);
    return slot;
  }

  /** Refuses what evaluating the text of a function would not bring back. */
  #checkFunction(id: NodeId, fn: AnyFunction, analysis: FunctionAnalysis): void {
    if (analysis.hasPrivateStatics) {
      throw this.#refuse("E_PRIVATE", id, `The class ${fn.name} has static #private state`);
    }
    if (!analysis.hasBase && !isIntrinsicPrototype(Object.getPrototypeOf(fn))) {
      throw this.#refuse("E_PROTO", id, `The function ${fn.name} inherits from something else than Function`);
    }
    const { prototype } = fn as unknown as { readonly prototype?: object };
    const removed =
      analysis.staticNames.find((name) => !Object.hasOwn(fn, name)) ??
      analysis.methodNames.find((name) => prototype !== undefined && !Object.hasOwn(prototype, name));
    if (removed === undefined) return;
    throw this.#refuse("E_PROTO", id, `The member "${removed}" was deleted from the class ${fn.name}`);
  }

  /** What stands on a function's `prototype` beside that which evaluating its text puts there. */
  #prototypeParts(id: NodeId, fn: AnyFunction, { isClass, memberTexts }: FunctionAnalysis): Partial<FunctionNode> {
    const prototype: unknown = ownProperty(fn, "prototype")?.value;
    if (typeof prototype !== "object" || prototype === null) return {};
    const keys = addedKeys(prototype, memberTexts).filter(
      (key) => key !== "constructor" || ownProperty(prototype, key)?.value !== fn,
    );
    const properties = this.#properties(id, prototype, keys);
    const proto = Object.getPrototypeOf(prototype) as object | null;
    const isNatural = isClass || isIntrinsicPrototype(proto);
    const { lock } = lockOf(prototype);
    return {
      ...(properties.length === 0 ? {} : { prototypeProperties: properties }),
      ...(isNatural ? {} : { prototypeProto: this.#protoSlot(id, proto) }),
      ...(lock === undefined ? {} : { prototypeLock: lock }),
    };
  }

  #objectNode(id: NodeId, value: object): GraphNode {
    const broadcast = capturedBroadcastOf(value, () => this.#pathOf(id));
    if (broadcast !== undefined) {
      this.broadcasts.set(broadcast.shipment.id, broadcast);
      return { kind: "broadcast", id: broadcast.shipment.id };
    }
    const hidden = hiddenState(value);
    if (hidden !== undefined) throw this.#refuse(hidden[0], id, sentence(hidden[1]));
    const owner = ownerOf(value);
    if (owner !== undefined) return { kind: "prototype", of: this.#slot(owner, { holder: id, label: "class" }) };
    if (serializeHook in value) return this.#hookedNode(id, value as Hooked);
    const chain = prototypeChainOf(value);
    const native = chain.owners.find((one) => this.#reader.isBuiltin(one));
    if (native !== undefined) return this.#nativeNode(id, value, native);
    if (chain.strange) throw this.#refuse("E_PROTO", id, "The object inherits from what is no class's prototype");
    for (const one of chain.owners) {
      if (analyzeFunction(Function.prototype.toString.call(one))?.hasPrivateMembers !== true) continue;
      throw this.#refuse("E_PRIVATE", id, `An instance of ${one.name} has #private members`);
    }
    return this.#containerNode(id, value, chain.base);
  }

  /** The standard streams are globals of every process; no other object of Node.js can be found again. */
  #nativeNode(id: NodeId, value: object, owner: AnyFunction): GraphNode {
    if (value === process.stdout) return { kind: "intrinsic", path: ["process", "stdout"] };
    if (value === process.stderr) return { kind: "intrinsic", path: ["process", "stderr"] };
    throw this.#refuse("E_NATIVE", id, `An instance of ${owner.name} is tied to this process`);
  }

  #hookedNode(id: NodeId, value: Hooked): GraphNode {
    const owner: unknown = value.constructor;
    if (
      typeof owner !== "function" ||
      typeof (owner as { [deserializeHook]?: unknown })[deserializeHook] !== "function"
    ) {
      throw this.#refuse("E_PRIVATE", id, "Its class has Symbol.for('tutti.serialize') without its static counterpart");
    }
    return {
      kind: "hooked",
      of: this.#slot(owner, { holder: id, label: "class" }),
      data: this.#slot(value[serializeHook](), { holder: id, label: "serialized" }),
    };
  }

  #containerNode(id: NodeId, value: object, base: string | null): ContainerNode {
    const { body, keys } = anatomyOf(value, (one, label) => this.#slot(one, { holder: id, label }));
    if (!isShippableBase(base, body.kind)) {
      throw this.#refuse("E_NATIVE", id, `An instance of ${base ?? "nothing"} has state that cannot be read`);
    }
    const proto = Object.getPrototypeOf(value) as object | null;
    const isNatural = proto !== null && intrinsicPathOf(proto)?.path.join(".") === `${naturalBase(body)}.prototype`;
    return {
      kind: "container",
      body,
      ...(isNatural ? {} : { proto: this.#protoSlot(id, proto) }),
      properties: this.#properties(id, value, keys),
      ...lockOf(value),
    };
  }

  #protoSlot(id: NodeId, proto: object | null): Slot {
    return proto === null ? null : this.#slot(proto, { holder: id, label: "prototype" });
  }

  #properties(id: NodeId, value: object, keys: readonly PropertyName[]): Property[] {
    const properties: Property[] = [];
    for (const key of keys) {
      const found = ownProperty(value, key);
      if (found !== undefined) properties.push(this.#property(id, key, found));
    }
    return properties;
  }

  #property(id: NodeId, key: string | symbol, found: OwnProperty): Property {
    const label = typeof key === "symbol" ? `[${String(key)}]` : `.${key}`;
    const name = typeof key === "symbol" ? (this.#slot(key, { holder: id, label }) as readonly [NodeId]) : key;
    const place: Place = { holder: id, label };
    const flags =
      (found.writable === true ? writableFlag : 0) |
      (found.enumerable === true ? enumerableFlag : 0) |
      (found.configurable === true ? configurableFlag : 0);
    if (found.get !== undefined || found.set !== undefined) {
      return [name, this.#slot(found.get, place), flags | accessorFlag, this.#slot(found.set, place)];
    }
    const value = this.#slot(found.value, place);
    return flags === ordinaryFlags ? [name, value] : [name, value, flags];
  }
}

interface Hooked {
  [serializeHook](): unknown;
}

function sentence(finding: string): string {
  return finding.charAt(0).toUpperCase() + finding.slice(1);
}

function nameOf(fn: AnyFunction): { readonly name?: string } {
  const name: unknown = ownProperty(fn, "name")?.value;
  return typeof name === "string" ? { name } : {};
}

/** What every function has, and evaluating its text brings back. */
const ownedByEngine: ReadonlySet<PropertyKey> = new Set(["length", "name", "prototype", "arguments", "caller"]);

function isIntrinsicPrototype(value: unknown): boolean {
  return intrinsicPathOf(value)?.path.at(-1) === "prototype";
}

/** The keys of what was put on a function, or on its prototype, after it was defined. */
function addedKeys(holder: object, memberTexts: readonly string[]): PropertyName[] {
  return Reflect.ownKeys(holder).filter((key) => {
    if (typeof holder === "function" && ownedByEngine.has(key)) return false;
    const found = ownProperty(holder, key);
    return found !== undefined && !isFromSource(found, memberTexts);
  });
}

/** True for a method, getter or setter that the text of its class makes anyway. */
function isFromSource(found: OwnProperty, memberTexts: readonly string[]): boolean {
  const parts = [found.value, found.get, found.set].filter((part) => part !== undefined);
  if (parts.length === 0) return false;
  return parts.every((part) => {
    if (typeof part !== "function") return false;
    const text = Function.prototype.toString.call(part);
    return memberTexts.some((member) => member.endsWith(text));
  });
}
