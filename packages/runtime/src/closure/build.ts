import type { AnyFunction } from "../core/job.ts";
import { fillContainer, newContainer } from "./containers.ts";
import { evaluateFunction } from "./evaluate.ts";
import {
  deserializeHook,
  type ClosureGraph,
  type FunctionNode,
  type GraphNode,
  type NodeId,
  type Slot,
} from "./graph.ts";
import { importFrom, requireFrom } from "./import-modules.ts";
import { resolveIntrinsic } from "./intrinsics.ts";
import { applyLock, defineProperties } from "./properties.ts";
import { RuntimeError } from "../runtime-error.ts";
import { refuse } from "./refusal.ts";
import { mentionedBy } from "./slots-of.ts";

/** A graph, and what it mentions without holding it. */
export interface GraphParts {
  readonly graph: ClosureGraph;
  /** In the order of {@link ClosureGraph.modules}. */
  readonly namespaces: readonly unknown[];
  /** By id. */
  readonly broadcasts: ReadonlyMap<string, unknown>;
}

/** Told the value of a node when there is one. */
type Waiter = (value: unknown) => void;

/**
 * Builds the values of a graph. Order is everything:
 *
 * 1. What has no parts (intrinsics, imports, symbols), and every object, empty, so that it can be mentioned.
 * 2. Functions, each after what it captures, so that captures are constants to it. Where functions capture each other, a
 *    plain function is evaluated early and told later, for evaluating it runs no code. A class is evaluated last, because
 *    its static blocks run at once and may call whatever it captures.
 * 3. Contents of objects, properties of functions: as soon as everything in them exists.
 */
export class GraphReader {
  readonly #graph: ClosureGraph;
  readonly #namespaces: readonly unknown[];
  readonly #broadcasts: ReadonlyMap<string, unknown>;
  readonly #values: unknown[] = [];
  readonly #isReady: boolean[] = [];
  readonly #isVisited: boolean[] = [];
  readonly #waiters = new Map<NodeId, Waiter[]>();
  /** Nodes that `#finish` is working on, to end the recursion where a cycle closes. */
  readonly #underWay = new Set<NodeId>();
  /** Objects and functions whose contents are not all there. */
  #unfilled: NodeId[] = [];

  constructor({ graph, namespaces, broadcasts }: GraphParts) {
    this.#graph = graph;
    this.#namespaces = namespaces;
    this.#broadcasts = broadcasts;
  }

  read(): readonly unknown[] {
    const { nodes, roots } = this.#graph;
    nodes.forEach((node, id) => this.#makeLeaf(id, node));
    const isView = (node: GraphNode): boolean => node.kind === "container" && node.body.kind === "view";
    nodes.forEach((node, id) => isView(node) || this.#makeEmpty(id, node));
    nodes.forEach((node, id) => isView(node) && this.#makeEmpty(id, node));
    for (const root of roots) this.#build(root);
    this.#fillUnfilled();
    return roots.map(this.#valueOf);
  }

  readonly #valueOf = (slot: Slot): unknown => {
    return typeof slot === "object" && slot !== null ? this.#values[slot[0]] : slot;
  };

  #makeLeaf(id: NodeId, node: GraphNode): void {
    switch (node.kind) {
      case "intrinsic":
        return this.#settle(id, resolveIntrinsic(node));
      case "symbol":
        return this.#settle(id, Symbol.for(node.key));
      case "import": {
        const namespace = this.#namespaces[node.module];
        const value = node.name === undefined ? namespace : (namespace as Record<string, unknown>)[node.name];
        return this.#settle(id, value);
      }
      case "broadcast":
        if (!this.#broadcasts.has(node.id)) {
          throw new RuntimeError(
            "invalid-argument",
            `the broadcast ${node.id} was not sent before the functions that use it`,
          );
        }
        return this.#settle(id, this.#broadcasts.get(node.id));
      case "loader":
        return this.#settle(id, node.load === "require" ? requireFrom(node.importer) : importFrom(node.importer));
      default:
    }
  }

  #makeEmpty(id: NodeId, node: GraphNode): void {
    if (node.kind === "container") this.#settle(id, newContainer(node.body, this.#valueOf));
  }

  #settle(id: NodeId, value: unknown): void {
    this.#values[id] = value;
    this.#isReady[id] = true;
    for (const waiter of this.#waiters.get(id) ?? []) waiter(value);
    this.#waiters.delete(id);
  }

  /** Visits what a root mentions, deepest first, with a stack of its own: a list may be longer than the engine's. */
  #build(root: Slot): void {
    if (typeof root !== "object" || root === null) return;
    const stack: { readonly id: NodeId; readonly parts: readonly NodeId[]; next: number }[] = [];
    const enter = (id: NodeId): void => {
      if (this.#isVisited[id]) return;
      this.#isVisited[id] = true;
      stack.push({ id, parts: mentionedBy(this.#graph.nodes[id]!), next: 0 });
    };
    enter(root[0]);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const part = top.parts[top.next++];
      if (part !== undefined) enter(part);
      else {
        stack.pop();
        this.#finish(top.id);
        this.#fillOrWait(top.id);
      }
    }
  }

  /** Makes the value of a node, as early as this is asked; returns false where that would close a cycle. */
  #finish(id: NodeId): boolean {
    if (this.#isReady[id] === true) return true;
    if (this.#underWay.has(id)) return false;
    const node = this.#graph.nodes[id]!;
    this.#underWay.add(id);
    switch (node.kind) {
      case "function":
        this.#evaluate(id, node);
        break;
      case "bound": {
        this.#finishSlots([node.target, node.receiver, ...node.args]);
        const target = this.#valueOf(node.target) as AnyFunction;
        const args = [node.receiver, ...node.args].map(this.#valueOf);
        this.#settle(id, Function.prototype.bind.apply(target, args as [unknown, ...never[]]));
        break;
      }
      case "prototype":
        this.#finishSlots([node.of]);
        this.#settle(id, (this.#valueOf(node.of) as { readonly prototype: unknown }).prototype);
        break;
      case "hooked": {
        this.#finishSlots([node.of]);
        this.#fillUnfilled();
        this.#checkComplete(node.data);
        const owner = this.#valueOf(node.of) as { [deserializeHook](data: unknown): unknown };
        this.#settle(id, owner[deserializeHook](this.#valueOf(node.data)));
        break;
      }
      default:
    }
    this.#underWay.delete(id);
    return true;
  }

  /** A hook that was given half of its data could not tell. */
  #checkComplete(data: Slot): void {
    const unfilled = new Set(this.#unfilled);
    const seen = new Set<NodeId>();
    const open = typeof data === "object" && data !== null ? [data[0]] : [];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const node = this.#graph.nodes[id]!;
      if (node.kind !== "container") continue;
      if (unfilled.has(id)) {
        throw refuse(
          "E_UNSERIALIZABLE",
          "closure",
          "What a class's tutti.serialize returned leads back to the instance",
        );
      }
      open.push(...mentionedBy(node));
    }
  }

  #finishSlots(slots: readonly Slot[]): void {
    for (const slot of slots) if (typeof slot === "object" && slot !== null) this.#finish(slot[0]);
  }

  #evaluate(id: NodeId, node: FunctionNode): void {
    if (node.isClass) {
      this.#finishSlots([node.base]);
      this.#finishSlots(node.captures.map(([, slot]) => slot).filter((slot) => !this.#isOpenClass(slot)));
      this.#fillUnfilled();
    }
    const constants = new Map<string, unknown>();
    const selfNames: string[] = [];
    const late: (readonly [name: string, target: NodeId])[] = [];
    for (const [name, slot] of node.captures) {
      const target = typeof slot === "object" && slot !== null ? slot[0] : undefined;
      if (target === id) selfNames.push(name);
      else if (target === undefined || this.#isReady[target] === true) constants.set(name, this.#valueOf(slot));
      else late.push([name, target]);
    }
    const { fn, assign } = evaluateFunction(node, { constants, selfNames, lateNames: late.map(([name]) => name) });
    for (const [name, target] of late) this.#await(target, (value) => assign(name, value));
    this.#settle(id, fn);
  }

  /** Another class that waits for this one can only be told later. */
  #isOpenClass(slot: Slot): boolean {
    if (typeof slot !== "object" || slot === null) return false;
    const node = this.#graph.nodes[slot[0]]!;
    return node.kind === "function" && node.isClass;
  }

  #await(id: NodeId, waiter: Waiter): void {
    const waiters = this.#waiters.get(id);
    if (waiters === undefined) this.#waiters.set(id, [waiter]);
    else waiters.push(waiter);
  }

  #fillOrWait(id: NodeId): void {
    if (!this.#fill(id)) this.#unfilled.push(id);
  }

  #fillUnfilled(): void {
    this.#unfilled = this.#unfilled.filter((id) => !this.#fill(id));
  }

  /** Gives an object or function its contents, once all of them can be mentioned. */
  #fill(id: NodeId): boolean {
    const node = this.#graph.nodes[id]!;
    if (node.kind !== "container" && node.kind !== "function" && node.kind !== "bound") return true;
    if (!mentionedBy(node).every((part) => this.#isReady[part])) return false;
    if (node.kind === "container") fillContainer(this.#values[id] as object, node, this.#valueOf);
    else if (node.kind === "function") this.#fillFunction(this.#values[id] as AnyFunction, node);
    else {
      defineProperties(this.#values[id] as AnyFunction, node.properties, this.#valueOf);
      applyLock(this.#values[id] as AnyFunction, node.lock);
    }
    return true;
  }

  #fillFunction(fn: AnyFunction, node: FunctionNode): void {
    const { prototype } = fn as unknown as { readonly prototype?: object };
    if (prototype !== undefined) {
      if (node.prototypeProto !== undefined) {
        Object.setPrototypeOf(prototype, this.#valueOf(node.prototypeProto) as object | null);
      }
      defineProperties(prototype, node.prototypeProperties ?? [], this.#valueOf);
      applyLock(prototype, node.prototypeLock);
    }
    defineProperties(fn, node.properties, this.#valueOf);
    applyLock(fn, node.lock);
  }
}
