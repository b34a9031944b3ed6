import type { TaskContext, TaskOutput } from "../../src/index.ts";

const output = (...slices: readonly unknown[][]): TaskOutput => {
  return { slices, rowCount: slices.flat().length, sliceRows: slices.map(({ length }) => length) };
};

/** The rows of all inputs. */
const rowsOf = ({ inputs }: TaskContext): unknown[] => inputs.flatMap((blocks) => [...blocks].flat());

/** All rows of all inputs, and which partition read them. */
export function echo(context: TaskContext): TaskOutput {
  return output([[context.partition, context.inputs.map((blocks) => [...blocks].flat())]]);
}

/** All rows, as they are. */
export function rows(context: TaskContext): TaskOutput {
  return output(rowsOf(context));
}

/** Rows through the stage's first closure. */
export async function mapRows(context: TaskContext): Promise<TaskOutput> {
  const [fn] = context.closures as unknown as readonly ((row: unknown) => unknown)[];
  const rows: unknown[] = [];
  for (const row of rowsOf(context)) {
    await context.checkpoint();
    rows.push(fn?.(row));
  }
  return output(rows);
}

/** Numbers into two slices: even, odd. */
export function splitByParity(context: TaskContext): TaskOutput {
  const rows = rowsOf(context) as number[];
  return output(
    rows.filter((row) => row % 2 === 0),
    rows.filter((row) => row % 2 !== 0),
  );
}

/** What the task was told about itself. */
export function describe({ stageName, partition, attempt, args, partitionArgs }: TaskContext): TaskOutput {
  return output([{ stageName, partition, attempt, args, partitionArgs }]);
}

/** Dies with its thread on the first attempt. */
export function dieOnce({ attempt }: TaskContext): TaskOutput {
  if (attempt === 0) process.exit(1);
  return output([attempt]);
}

/** Ends only when the job is over. Its argument counts how many of it run, on all threads together. */
export async function waitForEnd({ checkpoint, args }: TaskContext): Promise<TaskOutput> {
  const runningCount = args as Int32Array;
  Atomics.add(runningCount, 0, 1);
  try {
    for (;;) {
      await checkpoint();
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    Atomics.sub(runningCount, 0, 1);
  }
}

/** Fills its heap. */
export function hoard(): TaskOutput {
  const hoarded: number[][] = [];
  for (;;) hoarded.push(new Array<number>(10_000).fill(hoarded.length));
}

/** Holds ever more buffers, which no heap limit sees, until somebody ends it. Others end at once. */
export function hoardBuffers({ partition }: TaskContext): TaskOutput {
  const hoarded: Buffer[] = [];
  const nap = new Int32Array(new SharedArrayBuffer(4));
  while (partition === 0 && hoarded.length < 2_000) {
    hoarded.push(Buffer.alloc(4 * 1024 * 1024, 1));
    Atomics.wait(nap, 0, 0, 4);
  }
  return output([hoarded.length]);
}

/** What the task may hold at first, and when the worker has held much for a while. */
export function budgets({ memory }: TaskContext): TaskOutput {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  const before = memory?.bytesMax;
  const held = Array.from({ length: 70 }, () => Buffer.alloc(4 * 1024 * 1024, 1));
  for (let turn = 0; turn < 500 && memory?.bytesMax === before; turn += 1) Atomics.wait(nap, 0, 0, 10);
  return output([before, memory?.bytesMax, held.length]);
}

/** Holds at most so many bytes as it was told to: gives out its rows in pieces, and reads twice what it spilled. */
export function inPieces(context: TaskContext): TaskOutput {
  const { memory } = context;
  const rows = rowsOf(context);
  const reads = rows.map((row) => memory?.spill([row]));
  for (const row of rows) memory?.emit([[row], []]);
  const read = (): unknown[] => reads.flatMap((one) => one?.() ?? []);
  return { slices: [read(), read()], rowCount: rows.length * 3 };
}
