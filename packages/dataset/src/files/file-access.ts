/**
 * What readers and writers need of the place where files are. Nothing else in this package touches files, so that another
 * place (an object store, HDFS) is one more implementation. Names are whole paths; errors are coded: `not-found`,
 * `unreadable`, `write-failed`, `output-exists`.
 */
export interface FileAccess {
  /** Undefined where nothing has the name. */
  look(name: string): Promise<FileStatus | undefined>;
  /** What is directly in a directory, in no order. */
  list(directory: string): Promise<readonly FileEntry[]>;
  /** The names that match a glob, in no order. */
  match(pattern: string): AsyncIterable<string>;
  openRead(name: string): Promise<FileReader>;
  /** What had the name before is gone. */
  openWrite(name: string): Promise<FileWriter>;
  /** With the directories above it; one that exists already is left as it is. */
  makeDirectory(name: string): Promise<void>;
  /** At once for whoever looks. Refuses (`output-exists`) to replace a directory that is not empty. */
  rename(from: string, to: string): Promise<void>;
  /** With all that is in it. Nothing of the name is no error. */
  remove(name: string): Promise<void>;
}

export interface FileStatus {
  readonly kind: FileKind;
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface FileEntry {
  readonly name: string;
  readonly kind: FileKind;
}

/** `other`: pipes, devices and what else holds no rows. */
export type FileKind = "file" | "directory" | "other";

export interface FileReader {
  /** `length` bytes from `position` on; fewer only at the end of the file. */
  read(position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export interface FileWriter {
  append(content: string | Uint8Array): Promise<void>;
  /** What was appended is there when this has resolved. A second time it does nothing. */
  close(): Promise<void>;
}
