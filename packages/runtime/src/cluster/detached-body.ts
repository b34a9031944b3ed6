import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { sharePayload, unsharePayload } from "../broadcast/payload.ts";
import type { BroadcastShipment } from "../broadcast/broadcast.ts";
import type { ModuleBundle } from "../closure/module-bundle.ts";
import type { JobGraph } from "../core/job.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { CapturedJob } from "./captured-job.ts";
import type { JobEnd } from "./driver-messages.ts";
import { holdBroadcast, type HeldBroadcast } from "./held-broadcast.ts";

interface Body {
  readonly graph: JobGraph;
  readonly code: readonly {
    readonly closures: Uint8Array;
    readonly shipments: readonly BroadcastShipment[];
    readonly bundle: ModuleBundle | undefined;
  }[];
}

/** A whole job as bytes, with all that its functions need: no driver is asked for anything later. */
export function encodeBody({ graph, code }: CapturedJob): Uint8Array {
  const body: Body = {
    graph,
    code: code.map(({ closures, broadcasts, bundle }) => {
      const shipments = broadcasts.map(({ shipment: { id, payload } }) => ({ id, payload: unsharePayload(payload) }));
      return { closures, shipments, bundle };
    }),
  };
  return serialize(body);
}

/** Read by a master that was not there when it was written. `release` lets the workers go of its broadcasts. */
export function decodeBody(bytes: Uint8Array): CapturedJob & { readonly release: () => void } {
  const { graph, code } = deserialize(bytes) as Body;
  const held = new Map<string, HeldBroadcast>();
  const holdOnce = ({ id, payload }: BroadcastShipment): HeldBroadcast => {
    const one = held.get(id) ?? holdBroadcast({ id, payload: sharePayload(payload) });
    held.set(id, one);
    return one;
  };
  return {
    graph,
    code: code.map(({ closures, shipments, bundle }) => ({ closures, broadcasts: shipments.map(holdOnce), bundle })),
    release() {
      for (const one of held.values()) one.release();
    },
  };
}

/** Of two jobs under one name: whether the second can be the first, asked for again. */
export function shapeOf({ name, stages }: JobGraph): string {
  const outline = stages.map((stage) => [stage.name, stage.partitionCount, stage.module.specifier, stage.exportName]);
  return createHash("sha256")
    .update(JSON.stringify([name, outline]))
    .digest("hex")
    .slice(0, 16);
}

/** How a job ended, with its rows: by partition, in blocks as `encodeRows` makes them. */
export interface DetachedResult {
  readonly end: JobEnd;
  readonly results: readonly (readonly Uint8Array[])[];
}

export function encodeResult(result: DetachedResult): Uint8Array {
  return serialize(result);
}

export function decodeResult(bytes: Uint8Array): DetachedResult {
  return deserialize(bytes) as DetachedResult;
}

/** What a driver keeps goes with the driver: a job that outlives it cannot have any of it. */
export function checkDetached({ name, stages }: JobGraph): void {
  for (const { inputs, keepAs } of stages) {
    const kept = inputs.find((input) => input.kind !== "rows" && "kept" in input.from);
    if (keepAs === undefined && kept === undefined) continue;
    const what = keepAs === undefined ? "reads what an earlier job kept" : `keeps its output under ${keepAs}`;
    throw new RuntimeError(
      "invalid-argument",
      `the job ${name} outlives its driver, and ${what}, which goes with the driver: run it as a whole, without persist`,
    );
  }
}
