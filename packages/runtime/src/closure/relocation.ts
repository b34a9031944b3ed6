import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ClosureGraph } from "./graph.ts";

/** Files that lie elsewhere here than where they come from: URLs of folders, each with a slash at its end. */
export interface Relocation {
  readonly from: string;
  readonly to: string;
}

/**
 * The graph with its importing files where they are here. A package is looked for beside the file that imports it where this
 * machine has that file, since the packages of both are then the same.
 */
export function relocateGraph(graph: ClosureGraph, relocation: Relocation | undefined): ClosureGraph {
  if (relocation === undefined) return graph;
  const { from, to } = relocation;
  const moved = (url: string): string => (url.startsWith(from) ? to + url.slice(from.length) : url);
  return {
    ...graph,
    modules: graph.modules.map((one) => {
      const isPackage = !/^(?:\.{0,2}\/|file:)/.test(one.specifier);
      const importer = isPackage && isHere(one.importer) ? one.importer : moved(one.importer);
      return { ...one, specifier: moved(one.specifier), importer };
    }),
    nodes: graph.nodes.map((node) => (node.kind === "loader" ? { ...node, importer: moved(node.importer) } : node)),
  };
}

function isHere(url: string): boolean {
  return url.startsWith("file:") && existsSync(fileURLToPath(url));
}
