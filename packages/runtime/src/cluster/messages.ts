import { deserialize, serialize } from "node:v8";
import type { BroadcastShipment } from "../broadcast/broadcast.ts";
import type { ModuleBundle } from "../closure/module-bundle.ts";
import type { TaskNote } from "../core/task.ts";
import type { AnnouncedFunction, AnnouncedStage } from "../executor/announcement.ts";
import type { BlockCodec } from "../executor/stored-block.ts";
import type { PortableError, SentAnswer, SentCall } from "../executor/thread-messages.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { FromDriver, ToDriver } from "./driver-messages.ts";

/** Part of a file of blocks that a worker holds. */
export interface FileRange {
  /** A name in the worker's own directory, never a path. */
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly crc32: number;
  /** How the bytes are packed, as whoever wrote them chose. */
  readonly codec?: BlockCodec | undefined;
}

/** Rows as the cluster passes them on: with the message, or where they are held. */
export type ClusterBlock = { readonly kind: "inline"; readonly bytes: Uint8Array } | HeldBlock;

export interface HeldBlock extends FileRange {
  readonly kind: "held";
  readonly worker: string;
  readonly host: string;
  readonly port: number;
}

/** From the master to a worker. */
export type ToWorker =
  | { readonly kind: "registered"; readonly worker: string }
  /** What it held and ran was given to others: it must begin anew, under another name. */
  | { readonly kind: "reset"; readonly reason: string }
  | Announcement
  | {
      readonly kind: "task";
      /** See {@link taskIdOf}. */
      readonly id: string;
      readonly stageKey: string;
      readonly partition: number;
      readonly attempt: number;
      readonly partitionArgs: unknown;
      readonly inputs: readonly (readonly ClusterBlock[])[];
    }
  | { readonly kind: "calls"; readonly id: string; readonly calls: readonly SentCall[] }
  | { readonly kind: "broadcast"; readonly shipment: BroadcastShipment }
  /** Once for each worker. */
  | { readonly kind: "bundle"; readonly bundle: ModuleBundle }
  | { readonly kind: "dropBroadcast"; readonly id: string }
  | { readonly kind: "forget"; readonly keys: readonly string[] }
  /** Nobody waits for these calls any more. */
  | { readonly kind: "cancel"; readonly ids: readonly string[] }
  /** Nobody will read what these stages left: their tasks end, their files go. */
  | { readonly kind: "dropStages"; readonly stageKeys: readonly string[] }
  | { readonly kind: "dropFiles"; readonly files: readonly string[] };

/** What tasks or calls need, before the first of them. */
export type Announcement = StageAnnouncement | FunctionAnnouncement;

export type StageAnnouncement = AnnouncedStage & Bundled;
export type FunctionAnnouncement = AnnouncedFunction & Bundled;

interface Bundled {
  /** Hash of the bundle that the closures import from. It came before. */
  readonly bundle: string | undefined;
}

/** From a worker to the master. One that drains takes no new tasks; one that leaves takes what it holds along. */
export type ToMaster =
  | Registration
  | WorkerAnswer
  | { readonly kind: "leave" }
  | { readonly kind: "drain" }
  /** It holds so much that it takes no new tasks for a while, or takes them again. */
  | { readonly kind: "pause"; readonly isPaused: boolean; readonly residentBytes: number }
  | WorkerBeat;

/** How it goes, every now and then. */
export interface WorkerBeat {
  readonly kind: "beat";
  readonly residentBytes: number;
}

/** The first message of a worker over each of its links. */
export interface Registration {
  readonly kind: "register";
  /** The name that it has already. undefined: it wants one. */
  readonly worker: string | undefined;
  /** Counts the links under this name: what comes late over one that the worker has left says nothing any more. */
  readonly linkNumber: number;
  /** Tasks in work. */
  readonly running: readonly string[];
  /** What ended tasks left here, for as long as it is kept. */
  readonly done: readonly TaskDone[];
  /** Keys, ids and hashes of what it need not be sent again. */
  readonly has: readonly string[];
  /** It takes no new tasks. */
  readonly isDraining: boolean;
}

export interface TaskDone {
  readonly kind: "done";
  readonly id: string;
  readonly slices: readonly (readonly FileRange[])[];
  readonly rowCount: number;
  readonly sliceRows?: readonly number[] | undefined;
  readonly notes: readonly TaskNote[];
  /** What came from other workers. */
  readonly fetchedBytes: number;
}

/** How a task or a batch of calls ended. */
export type WorkerAnswer =
  | TaskDone
  | { readonly kind: "failed"; readonly id: string; readonly error: PortableError; readonly lost: readonly HeldBlock[] }
  | { readonly kind: "called"; readonly id: string; readonly answers: readonly SentAnswer[] };

/** Name of an attempt, the same on all machines. Those of one partition begin alike: see {@link partitionIdOf}. */
export function taskIdOf(stageKey: string, partition: number, attempt: string): string {
  return `${partitionIdOf(stageKey, partition)}${attempt}`;
}

/** The stage of a task id. undefined for ids of calls. */
export function stageKeyOf(taskId: string): string | undefined {
  return /^([^.]+\.\d+)\.\d+\./.exec(taskId)?.[1];
}

/** What ids of all attempts at the partition of this one begin with. */
export function partitionIdOfTask(taskId: string): string {
  return taskId.slice(0, taskId.lastIndexOf(".") + 1);
}

export function partitionIdOf(stageKey: string, partition: number): string {
  return `${stageKey}.${partition}.`;
}

/** Between any two that have a link. */
export type FetchMessage =
  /** `isChecked`: the sender compares checksums. Whoever does so itself when it reads the blocks need not ask for it. */
  | { readonly kind: "fetch"; readonly id: number; readonly ranges: readonly FileRange[]; readonly isChecked: boolean }
  | { readonly kind: "fetched"; readonly id: number; readonly problem: FetchProblem | undefined };

export interface FetchProblem {
  readonly message: string;
  /** The range that could not be read. undefined: none could, since the worker cannot be reached. */
  readonly range: number | undefined;
}

export type ClusterMessage = ToWorker | ToMaster | FetchMessage | FromDriver | ToDriver;

/** A message holds the rows that the driver hands to one task, closures, broadcasts, and what calls give back. */
export const messageBytesMax: number = 64 * 1024 * 1024;

const messageTag = 0;
const chunkTag = 1;
const chunkHeadBytes = 5;

export type Frame =
  | { readonly kind: "message"; readonly message: ClusterMessage }
  | { readonly kind: "chunk"; readonly id: number; readonly bytes: Uint8Array };

/** Throws `cannot-travel` for what the other side could not get. */
export function encodeMessage(message: ClusterMessage): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = Buffer.concat([Buffer.from([messageTag]), serialize(message)]);
  } catch (cause) {
    throw new RuntimeError("cannot-travel", `a ${message.kind} message cannot be sent: ${String(cause)}`, { cause });
  }
  if (bytes.length <= messageBytesMax) return bytes;
  const what = `a ${message.kind} message has ${bytes.length} bytes, and may have ${messageBytesMax}`;
  throw new RuntimeError(
    "cannot-travel",
    `${what}: use more partitions, or put what is large into a file or a broadcast`,
  );
}

/** Room for so many bytes of a block and what goes before them: what is read into the room need not be copied. */
export function openChunk(id: number, bytes: number): { readonly frame: Buffer; readonly room: Buffer } {
  const frame = Buffer.allocUnsafe(chunkHeadBytes + bytes);
  frame[0] = chunkTag;
  frame.writeUInt32LE(id, 1);
  return { frame, room: frame.subarray(chunkHeadBytes) };
}

/** What a frame says. Frames come over authenticated links: what V8 reads was written by one of us. */
export function decodeFrame(frame: Uint8Array): Frame {
  if (frame[0] === messageTag) {
    // A copy: V8 hands out views of what it reads, and would keep all frames of a record alive.
    return { kind: "message", message: deserialize(Uint8Array.from(frame.subarray(1))) as ClusterMessage };
  }
  if (frame[0] !== chunkTag || frame.length < chunkHeadBytes) {
    throw new RuntimeError("corrupt-block", `a frame of ${frame.length} bytes is neither a message nor a chunk`);
  }
  const head = new DataView(frame.buffer, frame.byteOffset, chunkHeadBytes);
  return { kind: "chunk", id: head.getUint32(1, true), bytes: frame.subarray(chunkHeadBytes) };
}
