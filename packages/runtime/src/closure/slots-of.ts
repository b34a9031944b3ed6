import type { Body, GraphNode, NodeId, Property, Slot } from "./graph.ts";

/** The numbers of the nodes that a node mentions, in the order in which it does. */
export function mentionedBy(node: GraphNode): NodeId[] {
  const found: NodeId[] = [];
  for (const slot of slotsOf(node)) if (typeof slot === "object" && slot !== null) found.push(slot[0]);
  return found;
}

function slotsOf(node: GraphNode): readonly Slot[] {
  switch (node.kind) {
    case "container":
      return [node.proto, ...bodySlots(node.body), ...propertySlots(node.properties)];
    case "function":
      return [
        node.base,
        ...node.captures.map(([, slot]) => slot),
        ...propertySlots(node.properties),
        ...propertySlots(node.prototypeProperties ?? []),
        node.prototypeProto,
      ];
    case "bound":
      return [node.target, node.receiver, ...node.args, ...propertySlots(node.properties)];
    case "prototype":
      return [node.of];
    case "hooked":
      return [node.of, node.data];
    case "intrinsic":
    case "symbol":
    case "import":
    case "loader":
    case "broadcast":
      return [];
  }
}

function propertySlots(properties: readonly Property[]): Slot[] {
  return properties.flatMap(([key, value, , setter]) => [typeof key === "string" ? undefined : key, value, setter]);
}

function bodySlots(body: Body): readonly Slot[] {
  switch (body.kind) {
    case "array":
      return body.items;
    case "map":
      return body.entries.flat(1) as Slot[];
    case "set":
      return body.values;
    case "boxed":
      return [body.value];
    case "view":
      return [body.buffer];
    case "object":
    case "date":
    case "regexp":
    case "error":
    case "buffer":
      return [];
  }
}
