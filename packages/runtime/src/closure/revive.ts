import type { AnyFunction } from "../core/job.ts";
import { importModules } from "./import-modules.ts";
import { GraphReader } from "./build.ts";
import { decodeGraph } from "./wire.ts";

/**
 * Makes functions from what `captureClosures` wrote, in the order in which they were given. Imports the modules that they
 * need, then builds what they capture, then evaluates them: this runs code that came with the bytes.
 */
export async function reviveClosures(bytes: Uint8Array): Promise<readonly AnyFunction[]> {
  const graph = decodeGraph(bytes);
  const namespaces = await importModules(graph.modules);
  return new GraphReader(graph, namespaces).read() as readonly AnyFunction[];
}
