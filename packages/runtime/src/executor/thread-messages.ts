import type { BroadcastShipment } from "../broadcast/broadcast.ts";
import type { TaskModule } from "../core/job.ts";
import type { TaskNote } from "../core/task.ts";
import type { AttemptPlace } from "./attempt-blocks.ts";
import type { StoredBlock } from "./stored-block.ts";

/** From the driver to a thread. A stage is announced to each thread once, before its first task there. */
export type ToThread =
  | {
      readonly kind: "stage";
      readonly stageKey: string;
      readonly name: string;
      readonly module: TaskModule;
      readonly exportName: string;
      readonly args: unknown;
      /** What {@link captureClosures} gave. */
      readonly closures: Uint8Array;
      /** Those that the closures use. Their shipments came before. */
      readonly broadcastIds: readonly string[];
    }
  /** Once for each thread, and again after it was dropped. */
  | { readonly kind: "broadcast"; readonly shipment: BroadcastShipment }
  | { readonly kind: "dropBroadcast"; readonly id: string }
  | {
      readonly kind: "task";
      readonly stageKey: string;
      readonly partition: number;
      readonly attempt: number;
      readonly partitionArgs: unknown;
      readonly inputs: readonly (readonly StoredBlock[])[];
      readonly place: AttemptPlace;
      /** One word, set to 1 when the job is over: a busy thread sees it without reading its messages. */
      readonly jobIsOver: Int32Array<SharedArrayBuffer>;
    }
  | { readonly kind: "forget"; readonly stageKeys: readonly string[] };

/** From a thread to the driver. A thread runs one task at a time, so an answer needs no name. */
export type FromThread =
  | {
      readonly kind: "done";
      readonly slices: readonly (readonly StoredBlock[])[];
      readonly rowCount: number;
      readonly notes: readonly TaskNote[];
    }
  | { readonly kind: "failed"; readonly error: PortableError };

/** An error as it crosses threads: class names survive, classes cannot. */
export interface PortableError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly cause: PortableError | undefined;
}
