import { closeSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import type { StoredBlock } from "../executor/stored-block.ts";
import { RuntimeError } from "../runtime-error.ts";
import { chunksOf } from "./channel.ts";
import type { ClusterBlock, FetchProblem, FileRange, HeldBlock } from "./messages.ts";

/** How a worker gets at blocks of others. */
export interface BlockSource {
  readonly worker: string;
  /** Where this worker holds its files. */
  readonly directory: string;
  /** Fetches ranges from another worker. */
  readonly fetch: (
    from: HeldBlock,
    ranges: readonly FileRange[],
    take: (bytes: Uint8Array) => void,
    /** Whether the other worker compares checksums. */
    isChecked: boolean,
  ) => Promise<FetchProblem | undefined>;
}

export interface FetchedInputs {
  readonly inputs: readonly (readonly StoredBlock[])[];
  readonly fetchedBytes: number;
  /** What could not be had. */
  readonly lost: readonly HeldBlock[];
}

/**
 * Brings the blocks of a task to this worker: what others hold comes into one file, each worker asked once. Checksums are compared
 * by the task that reads the blocks; see {@link damagedBlocks}.
 */
export async function fetchInputs(
  inputs: readonly (readonly ClusterBlock[])[],
  source: BlockSource,
  intoPath: string,
): Promise<FetchedInputs> {
  const foreign = Map.groupBy(
    inputs
      .flat()
      .filter((block) => block.kind === "held")
      .filter((block) => block.worker !== source.worker),
    (block) => block.worker,
  );
  const places = new Map<HeldBlock, number>();
  const lost: HeldBlock[] = [];
  const file = foreign.size === 0 ? undefined : openSync(intoPath, "w");
  let length = 0;
  try {
    for (const blocks of foreign.values()) {
      const [first] = blocks;
      if (first === undefined || file === undefined) continue;
      const startedAt = length;
      const take = (bytes: Uint8Array): void => {
        for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
        length += bytes.length;
      };
      let offset = startedAt;
      for (const block of blocks) {
        places.set(block, offset);
        offset += block.bytes;
      }
      const problem = await source.fetch(first, blocks, take, false);
      if (problem === undefined && length === offset) continue;
      const place = problem?.range;
      lost.push(...(place === undefined ? blocks : blocks.slice(place, place + 1)));
    }
  } catch (thrown) {
    throw new RuntimeError("spill-failed", `${intoPath} cannot be written: ${String(thrown)}`, { cause: thrown });
  } finally {
    if (file !== undefined) closeSync(file);
  }
  const stored = (block: ClusterBlock): StoredBlock => {
    if (block.kind === "inline") return shared(block.bytes);
    const offset = places.get(block);
    const { bytes, crc32, codec } = block;
    if (offset !== undefined) return { path: intoPath, offset, bytes, crc32, codec };
    const own = path.join(source.directory, path.basename(block.file));
    return { path: own, offset: block.offset, bytes, crc32, codec };
  };
  return { inputs: inputs.map((blocks) => blocks.map(stored)), fetchedBytes: length, lost };
}

/** Blocks that cannot be read where they are held, here or with another worker: found when a task could not read one. */
export async function damagedBlocks(
  inputs: readonly (readonly ClusterBlock[])[],
  { worker, directory, fetch }: BlockSource,
): Promise<HeldBlock[]> {
  const held = inputs.flat().filter((block) => block.kind === "held");
  const damaged: HeldBlock[] = [];
  for (const block of held) {
    if (block.worker === worker && !(await isReadable(directory, block))) damaged.push(block);
  }
  const foreign = Map.groupBy(
    held.filter((block) => block.worker !== worker),
    (block) => block.worker,
  );
  for (const blocks of foreign.values()) {
    const [first] = blocks;
    const problem = first === undefined ? undefined : await fetch(first, blocks, () => undefined, true);
    if (problem === undefined) continue;
    damaged.push(...(problem.range === undefined ? blocks : blocks.slice(problem.range, problem.range + 1)));
  }
  return damaged;
}

async function isReadable(directory: string, block: HeldBlock): Promise<boolean> {
  const chunks = chunksOf(directory, block);
  try {
    while ((await chunks.next()).done !== true);
    return true;
  } catch {
    // Whatever is wrong with it: another worker makes it again.
    return false;
  }
}

function shared(bytes: Uint8Array): StoredBlock {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
