import type { Zxid } from "../core/zxid.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import { crc32 } from "./crc32.ts";
import {
  encodeChunk,
  encodeSnapshotEnd,
  encodeSnapshotHead,
  snapshotName,
  type SnapshotHead,
} from "./snapshot-file.ts";

/** Between two syncs: the disk is not kept busy for long at once, since the log waits for it meanwhile. */
const syncBytesMax = 8 * 1024 * 1024;

/** A snapshot on its way to the disk, under a name that counts for nothing. */
export class SnapshotWriter {
  readonly position: Zxid;
  readonly #disk: Disk;
  readonly #file: DiskFile;
  #offset = 0;
  #crc = 0;
  #unsyncedBytes = 0;
  #isFinished = false;

  private constructor(disk: Disk, file: DiskFile, position: Zxid) {
    this.#disk = disk;
    this.#file = file;
    this.position = position;
  }

  static async open(disk: Disk, node: number, head: SnapshotHead): Promise<SnapshotWriter> {
    const writer = new SnapshotWriter(disk, await disk.open(temporaryName(head.position)), head.position);
    await writer.#write(encodeSnapshotHead(node, head));
    return writer;
  }

  append(chunk: Uint8Array): Promise<void> {
    return this.#write(encodeChunk(chunk));
  }

  /** Whole and durable, still under its temporary name. */
  async finish(): Promise<void> {
    await this.#write(encodeSnapshotEnd(this.#crc));
    await this.#file.sync();
    await this.#file.close();
    this.#isFinished = true;
  }

  async abandon(): Promise<void> {
    if (!this.#isFinished) await this.#file.close();
    await this.#disk.remove(temporaryName(this.position));
  }

  /** From now on it counts. */
  async publish(): Promise<void> {
    await this.#disk.rename(temporaryName(this.position), snapshotName(this.position));
    await this.#disk.syncDirectory();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#crc = crc32(bytes, this.#crc);
    await this.#file.write(bytes, this.#offset);
    this.#offset += bytes.length;
    this.#unsyncedBytes += bytes.length;
    if (this.#unsyncedBytes < syncBytesMax) return;
    this.#unsyncedBytes = 0;
    await this.#file.sync();
  }
}

function temporaryName(position: Zxid): string {
  return `${snapshotName(position)}.tmp`;
}
