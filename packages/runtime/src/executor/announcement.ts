import type { TaskModule } from "../core/job.ts";

/** Closures as they are sent, to a thread or to another machine. */
export interface AnnouncedClosures {
  /** What {@link captureClosures} gave. */
  readonly closures: Uint8Array;
  /** Those that the closures use. Their shipments came before. */
  readonly broadcastIds: readonly string[];
}

/** A stage, before the first of its tasks. */
export interface AnnouncedStage extends AnnouncedClosures {
  readonly kind: "stage";
  readonly stageKey: string;
  readonly name: string;
  readonly module: TaskModule;
  readonly exportName: string;
  readonly args: unknown;
}

/** A function, before the first of its calls. */
export interface AnnouncedFunction extends AnnouncedClosures {
  readonly kind: "function";
  readonly key: string;
}
