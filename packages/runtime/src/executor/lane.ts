import type { TaskAttempt } from "../core/job.ts";
import type { Launch } from "../core/scheduler.ts";
import type { TaskNote } from "../core/task.ts";

/** What one attempt left behind. */
export interface AttemptOutput<Block> {
  /** Those of each slice, in the order of their rows. */
  readonly slices: readonly (readonly Block[])[];
  readonly rowCount: number;
  /** By slice, where the task said so. */
  readonly sliceRows?: readonly number[] | undefined;
  readonly notes: readonly TaskNote[];
  /** Name of the attempt, where the lane gives it one that outlives the job. */
  readonly task?: string;
  /** Where it ran, for people. */
  readonly worker?: string;
  /** What it read from other workers. */
  readonly fetchedBytes?: number;
}

/** One job's way to its workers. What a block is, is the lane's own affair: live rows, or bytes that threads share. */
export interface Lane<Block> {
  readonly slotCount: number;
  encode(rows: readonly unknown[]): Block;
  decode(block: Block): readonly unknown[];
  /** Whether a block takes memory: what is to be kept there must not lie in a file. */
  isInMemory(block: Block): boolean;
  /**
   * For lanes whose blocks may be lost after the attempt that left them: `onGone` is to be called with a test for those
   * that are. Outputs then stay until the job is over, since what was lost may be made again from them.
   */
  watch?(onGone: (isGone: (block: Block) => boolean) => void): void;
  /** For lanes that know: calls back when an attempt has its worker. */
  onStarted?(listener: (task: Launch, where: { readonly worker: string; readonly isAdopted: boolean }) => void): void;
  /** For lanes that know: calls back when an attempt has done its work, and only its output is still on its way. */
  onEnding?(listener: (task: TaskAttempt) => void): void;
  /** Frees what an attempt left. */
  drop(blocks: readonly Block[]): void;
  /**
   * Runs one attempt. Rejects with `worker-lost` where another worker may do better, with `block-lost` where its inputs are
   * gone, after it told `onGone`, and with anything else where the task itself failed.
   */
  runAttempt(task: Launch, inputs: readonly (readonly Block[])[]): Promise<AttemptOutput<Block>>;
  /** Nobody waits for this attempt any more: its end may come sooner. Only for lanes that are told of slow ones. */
  stop?(task: TaskAttempt): void;
  /**
   * Stops what still runs and forgets the job. Called once, at its end, whatever that was. Resolves when no attempt runs
   * any more, so that whoever cleans up after the job does not race with it. Outputs of `keptStages` stay.
   */
  close(keptStages: ReadonlySet<number>): Promise<void>;
}
