import { reviveBroadcast, type Broadcast, type BroadcastShipment } from "../broadcast/broadcast.ts";
import type { AnyFunction } from "../core/job.ts";
import { importModules } from "./import-modules.ts";
import { GraphReader } from "./build.ts";
import { relocateGraph, type Relocation } from "./relocation.ts";
import { decodeGraph } from "./wire.ts";

/**
 * Makes functions from what `captureClosures` wrote, in the order in which they were given. Imports the modules that they
 * need, then builds what they capture, then evaluates them: this runs code that came with the bytes. `shipments` are those
 * of the broadcasts that the functions use.
 *
 * ```ts
 * import { captureClosures, reviveClosures } from "@tutti/runtime";
 *
 * const factor = 3;
 * const { bytes } = await captureClosures([(x: number) => x * factor]);
 * const [triple] = await reviveClosures(bytes); // on another thread, or another machine
 * console.log((triple as (x: number) => number)(14)); // => 42
 * ```
 */
export async function reviveClosures(
  bytes: Uint8Array,
  shipments: readonly BroadcastShipment[] = [],
): Promise<readonly AnyFunction[]> {
  return await reviveWith(bytes, { broadcasts: new Map(shipments.map((one) => [one.id, reviveBroadcast(one)])) });
}

export interface Surroundings {
  /** Those that are here already, by id. */
  readonly broadcasts: ReadonlyMap<string, Broadcast<unknown>>;
  /** Where the files that the functions come from lie here. */
  readonly relocation?: Relocation | undefined;
}

/** The same, where some of what the functions need is here already. */
export async function reviveWith(
  bytes: Uint8Array,
  { broadcasts, relocation }: Surroundings,
): Promise<readonly AnyFunction[]> {
  const graph = relocateGraph(decodeGraph(bytes), relocation);
  const namespaces = await importModules(graph.modules);
  return new GraphReader({ graph, namespaces, broadcasts }).read() as readonly AnyFunction[];
}
