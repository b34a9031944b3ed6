import type { BroadcastShipment } from "../broadcast/broadcast.ts";
import type { Relocation } from "../closure/relocation.ts";
import type { TaskNote } from "../core/task.ts";
import type { AnnouncedFunction, AnnouncedStage } from "./announcement.ts";
import type { AttemptPlace } from "./attempt-blocks.ts";
import type { StoredBlock } from "./stored-block.ts";

/** From the driver to a thread. A stage is announced to each thread once, before its first task there. */
export type ToThread =
  | (AnnouncedStage & Relocated)
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
  /** For `calls`, once for each thread. */
  | (AnnouncedFunction & Relocated)
  /** Run one after another, answered together. */
  | { readonly kind: "calls"; readonly calls: readonly SentCall[] }
  | { readonly kind: "forget"; readonly keys: readonly string[] };

interface Relocated {
  readonly relocation?: Relocation | undefined;
}

export interface SentCall {
  readonly key: string;
  readonly args: readonly unknown[];
}

export type SentAnswer =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: PortableError };

export type DoneMessage = Extract<FromThread, { kind: "done" }>;
export type CalledMessage = Extract<FromThread, { kind: "called" }>;

/** From a thread to the driver. A thread runs one task or one batch of calls at a time, so an answer needs no name. */
export type FromThread =
  | {
      readonly kind: "done";
      readonly slices: readonly (readonly StoredBlock[])[];
      readonly rowCount: number;
      readonly sliceRows: readonly number[] | undefined;
      readonly notes: readonly TaskNote[];
    }
  | { readonly kind: "called"; readonly answers: readonly SentAnswer[] }
  | { readonly kind: "failed"; readonly error: PortableError };

/** An error as it crosses threads: class names survive, classes cannot. */
export interface PortableError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly cause: PortableError | undefined;
}
