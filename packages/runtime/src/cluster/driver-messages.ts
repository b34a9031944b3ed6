import type { JobEvents } from "../core/job-events.ts";
import type { JobGraph, StageReport } from "../core/job.ts";
import type { TaskNote } from "../core/task.ts";
import type { PortableError } from "../executor/thread-messages.ts";
import type { MasterReport } from "./master-report.ts";
import type { Announcement, ToWorker, WorkerAnswer } from "./messages.ts";

/** A job as a driver hands it over. What it refers to came before, over the same link. */
export interface SentJob {
  /** Its stages have no closures. */
  readonly graph: JobGraph;
  readonly code: readonly SentCode[];
}

export interface SentCode {
  readonly closures: Uint8Array;
  readonly broadcastIds: readonly string[];
  /** Hash of the bundle that the closures import from. */
  readonly bundle: string | undefined;
}

/** From a driver to the master. */
export type FromDriver =
  /**
   * The first message over each link, which are counted. The name stays the same from link to link. What is not open has
   * ended for the driver.
   */
  | {
      readonly kind: "hello";
      readonly driver: string;
      readonly linkNumber: number;
      readonly openRequests: readonly string[];
    }
  | Announcement
  | Extract<ToWorker, { kind: "broadcast" | "bundle" | "dropBroadcast" | "forget" | "calls" | "cancel" }>
  /** Sent again over each link, until it has ended: a master that has the request goes on with it. */
  | { readonly kind: "submit"; readonly request: string; readonly job: SentJob }
  /** A job that outlives its driver. Sent again over each link, until it has a name. */
  | { readonly kind: "detach"; readonly request: string; readonly job: SentJob }
  /** Wants the events and the result of such a job. Sent again over each link, until that has ended. */
  | { readonly kind: "attach"; readonly request: string; readonly job: string }
  /** Does not want them any more. The job goes on. */
  | { readonly kind: "leaveJob"; readonly request: string }
  | { readonly kind: "cancelJob"; readonly request: string }
  /** The driver has the end of this job. */
  | { readonly kind: "received"; readonly request: string }
  | { readonly kind: "release"; readonly key: string }
  | { readonly kind: "bye" }
  /** What tools ask for. */
  | { readonly kind: "ask"; readonly id: string; readonly question: MasterQuestion };

export type MasterQuestion =
  | { readonly kind: "report" }
  | { readonly kind: "kill"; readonly job: string }
  /** Lets the result of a job go that has outlived its driver. */
  | { readonly kind: "forget"; readonly job: string };

/** From the master to a driver. */
export type ToDriver =
  | { readonly kind: "welcome"; readonly master: string; readonly slotCount: number }
  | { readonly kind: "slots"; readonly slotCount: number }
  | { readonly kind: "event"; readonly request: string | undefined; readonly event: DriverEvent }
  /** Blocks of the result of one partition, before `jobEnded`. */
  | {
      readonly kind: "result";
      readonly request: string;
      readonly partition: number;
      readonly blocks: readonly Uint8Array[];
    }
  | { readonly kind: "jobEnded"; readonly request: string; readonly end: JobEnd }
  | ({ readonly kind: "detached"; readonly request: string } & DetachAnswer)
  | WorkerAnswer
  | { readonly kind: "answer"; readonly id: string; readonly report: MasterReport };

/** The name of a job that outlives its driver, or why it is none. */
export type DetachAnswer = { readonly job: string } | { readonly error: PortableError };

export type JobEnd =
  | {
      readonly kind: "succeeded";
      readonly partitionCount: number;
      readonly notes: readonly TaskNote[];
      readonly kept: readonly string[];
      readonly stages: readonly StageReport[];
    }
  | { readonly kind: "failed"; readonly error: PortableError };

/** An event with its name. */
export type DriverEvent = {
  readonly [Name in keyof JobEvents]: { readonly name: Name; readonly told: JobEvents[Name][0] };
}[keyof JobEvents];
