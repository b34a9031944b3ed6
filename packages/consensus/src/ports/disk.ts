/**
 * A directory of files, as the log needs it: a disk and not a log, so that the log's own bytes run in tests under
 * every fault a disk can have. Paths are plain names without directories.
 *
 * Contract: a write is durable only after `sync` of its file resolved, a new or renamed name only after `syncDirectory`
 * resolved. Any rejection is final; the log never tries a failed sync again, since the kernel may have dropped the
 * pages it failed to write.
 */
export interface Disk {
  list(): Promise<readonly string[]>;
  /** The whole file, or undefined when there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Opens a file for writing at any offset; creates it when there is none. */
  open(name: string): Promise<DiskFile>;
  /** Replaces `target` atomically. */
  rename(source: string, target: string): Promise<void>;
  remove(name: string): Promise<void>;
  syncDirectory(): Promise<void>;
}

/** An open file of a {@link Disk}. */
export interface DiskFile {
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Everything written to this file so far is durable when it resolves. */
  sync(): Promise<void>;
  /**
   * Where the system can do both at once: these bytes are durable when it resolves, and what was written before is as durable
   * as it was.
   */
  writeDurably?(bytes: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}
