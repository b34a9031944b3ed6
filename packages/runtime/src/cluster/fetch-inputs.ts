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

/** From so many workers at once. Spark: `spark.reducer.maxReqsInFlight` and its kin. */
const fetchesMax = 8;

/** What one worker holds, and where it goes. */
interface Portion {
  readonly blocks: readonly HeldBlock[];
  readonly offset: number;
  readonly bytes: number;
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
  const { places, portions } = placesOf(inputs, source.worker);
  const fetched = portions.length === 0 ? nothing : await fetchPortions(portions, source, intoPath);
  const stored = (block: ClusterBlock): StoredBlock => {
    if (block.kind === "inline") return shared(block.bytes);
    const offset = places.get(block);
    const { bytes, crc32, codec } = block;
    if (offset !== undefined) return { path: intoPath, offset, bytes, crc32, codec };
    const own = path.join(source.directory, path.basename(block.file));
    return { path: own, offset: block.offset, bytes, crc32, codec };
  };
  return { inputs: inputs.map((blocks) => blocks.map(stored)), ...fetched };
}

const nothing: Omit<FetchedInputs, "inputs"> = { fetchedBytes: 0, lost: [] };

/** Where in the file what others hold shall lie: the blocks of each worker one after another. */
function placesOf(
  inputs: readonly (readonly ClusterBlock[])[],
  own: string,
): { readonly places: ReadonlyMap<HeldBlock, number>; readonly portions: readonly Portion[] } {
  const held = inputs.flat().filter((block) => block.kind === "held");
  const foreign = Map.groupBy(
    held.filter((block) => block.worker !== own),
    (block) => block.worker,
  );
  const places = new Map<HeldBlock, number>();
  let end = 0;
  const portions = [...foreign.values()].map((blocks): Portion => {
    const offset = end;
    for (const block of blocks) {
      places.set(block, end);
      end += block.bytes;
    }
    return { blocks, offset, bytes: end - offset };
  });
  return { places, portions };
}

async function fetchPortions(
  portions: readonly Portion[],
  { fetch }: BlockSource,
  intoPath: string,
): Promise<Omit<FetchedInputs, "inputs">> {
  const lost: HeldBlock[] = [];
  let fetchedBytes = 0;
  let file: number | undefined;
  /** Of the file's: whoever calls `take` could not know what it means. */
  let failure: unknown;
  const fetchOne = async (into: number, { blocks, offset, bytes }: Portion): Promise<void> => {
    const [first] = blocks;
    if (first === undefined) return;
    let comeBytes = 0;
    const take = (chunk: Uint8Array): void => {
      const at = offset + comeBytes;
      comeBytes += chunk.length;
      // More than was asked for would lie where others' bytes are.
      if (comeBytes > bytes || failure !== undefined) return;
      try {
        for (let done = 0; done < chunk.length;) done += writeSync(into, chunk, done, chunk.length - done, at + done);
      } catch (thrown) {
        failure = thrown;
      }
    };
    const problem = await fetch(first, blocks, take, false);
    fetchedBytes += Math.min(comeBytes, bytes);
    if (problem === undefined && comeBytes === bytes) return;
    const place = problem?.range;
    lost.push(...(place === undefined ? blocks : blocks.slice(place, place + 1)));
  };
  try {
    const into = (file = openSync(intoPath, "w"));
    const waiting = portions.values();
    const fetchMany = async (): Promise<void> => {
      for (const portion of waiting) await fetchOne(into, portion);
    };
    await Promise.all(Array.from({ length: Math.min(fetchesMax, portions.length) }, fetchMany));
    if (failure !== undefined) throw failure;
  } catch (thrown) {
    throw new RuntimeError("spill-failed", `${intoPath} cannot be written: ${String(thrown)}`, { cause: thrown });
  } finally {
    if (file !== undefined) closeSync(file);
  }
  return { fetchedBytes, lost };
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
