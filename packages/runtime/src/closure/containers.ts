import type { Body, ContainerNode } from "./graph.ts";
import { applyLock, defineProperties, type ValueOf } from "./properties.ts";

/** Makes the empty object of a body. A view needs its buffer at once; all else is filled later. */
export function newContainer(body: Body, valueOf: ValueOf): object {
  switch (body.kind) {
    case "object":
      return {};
    case "array":
      return [];
    case "map":
      return new Map();
    case "set":
      return new Set();
    case "date":
      return new Date(body.timeMs);
    case "regexp":
      return new RegExp(body.source, body.flags);
    case "error":
      // The true list of errors is among the properties.
      if (body.name === "AggregateError") return new AggregateError([]);
      return new (globalNamed(body.name) as new () => Error)();
    case "boxed":
      return Object(valueOf(body.value)) as object;
    case "buffer":
      return body.bytes.slice().buffer;
    case "view":
      return new (globalNamed(body.name) as new (...args: unknown[]) => object)(
        valueOf(body.buffer),
        body.byteOffset,
        body.length,
      );
  }
}

/** Puts everything into an object that `newContainer` made, when all that it holds can be mentioned. */
export function fillContainer(value: object, node: ContainerNode, valueOf: ValueOf): void {
  if (node.proto !== undefined) Object.setPrototypeOf(value, valueOf(node.proto) as object | null);
  fillBody(value, node.body, valueOf);
  defineProperties(value, node.properties, valueOf);
  applyLock(value, node.lock);
}

function fillBody(value: object, body: Body, valueOf: ValueOf): void {
  switch (body.kind) {
    case "array": {
      const items = value as unknown[];
      items.length = body.items.length;
      // forEach passes over holes, which stay holes.
      body.items.forEach((slot, index) => {
        items[index] = valueOf(slot);
      });
      return;
    }
    case "map":
      // The methods of the class itself, since a subclass may have others that do more.
      for (const [key, one] of body.entries) Map.prototype.set.call(value, valueOf(key), valueOf(one));
      return;
    case "set":
      for (const one of body.values) Set.prototype.add.call(value, valueOf(one));
      return;
    case "error":
      Object.defineProperty(value, "stack", {
        value: body.stack,
        writable: true,
        enumerable: false,
        configurable: true,
      });
      return;
    default:
  }
}

function globalNamed(name: string): unknown {
  return (globalThis as unknown as Readonly<Record<string, unknown>>)[name];
}
