import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createContextOnWorkers } from "./on-workers.ts";
import { createContext, DatasetError, type Context } from "../../src/index.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "tutti-"));
});
afterAll(() => rm(directory, { recursive: true }));

/** The code and message of what a call throws. */
async function refusal(call: () => unknown): Promise<DatasetError> {
  try {
    await call();
  } catch (thrown) {
    if (thrown instanceof DatasetError) return thrown;
    throw new Error(`not a DatasetError: ${String(thrown)}`, { cause: thrown });
  }
  throw new Error("nothing was thrown");
}

describe.each([
  { executor: "in process", open: () => createContext() },
  { executor: "on two threads", open: () => createContext({ threads: 2 }) },
  { executor: "on three worker processes", open: createContextOnWorkers },
])("$executor", ({ executor, open }) => {
  let tutti: Context;
  beforeAll(async () => {
    tutti = await open();
  });
  afterAll(() => tutti.close());

  test("a missing file is named", async () => {
    const missing = path.join(directory, "missing.txt");
    const textFile = await refusal(() => tutti.textFile(missing).count());
    expect(textFile).toMatchObject({ code: "not-found" });
    expect(textFile.message).toContain(missing);
    expect(await refusal(() => tutti.parquetRows(missing).count())).toMatchObject({ code: "not-found" });
    expect(await refusal(() => tutti.textFile("").count())).toMatchObject({ code: "invalid-argument" });
  });

  test("a place that cannot be reached is refused, to read and to write", async () => {
    for (const place of ["s3://bucket/lines.txt", "hdfs://host:8020/lines.txt", "file://elsewhere/lines.txt"]) {
      const read = await refusal(() => tutti.textFile(place).count());
      expect(read).toMatchObject({ code: "invalid-argument" });
      expect(read.message).toContain(place);
      const write = await refusal(() => tutti.parallelize([1]).saveAsTextFile(place));
      expect(write).toMatchObject({ code: "invalid-argument" });
    }
  });

  test("a file that is not what it should be is unreadable, by its name", async () => {
    const file = path.join(directory, "not.parquet");
    await writeFile(file, "this is no Parquet file, although it is long enough to be one");
    const error = await refusal(() => tutti.parquetRows(file).count());
    expect(error).toMatchObject({ code: "unreadable" });
    expect(error.message).toContain(file);
    const gzip = path.join(directory, "not.gz");
    await writeFile(gzip, "neither is this compressed");
    expect(await refusal(() => tutti.textFile(gzip).count())).toMatchObject({ code: "unreadable" });
  });

  test("a storage level that does not exist is named beside those that do", async () => {
    const error = await refusal(() => tutti.range(0, 1).persist("MEMORY_ONLY_2" as never));
    expect(error).toMatchObject({ code: "invalid-argument" });
    expect(error.message).toMatch(/MEMORY_AND_DISK, .*'MEMORY_ONLY_2'/);
  });

  test("a damaged object file is reported, by the place of its damage", async () => {
    const output = path.join(directory, `objects ${executor}`);
    await tutti.range(0, 1000, { partitionCount: 1 }).saveAsObjectFile(output);
    const part = path.join(output, "part-00000");
    const bytes = await readFile(part);
    for (const damage of [bytes.subarray(0, -1), Buffer.concat([bytes, bytes.subarray(0, 4)]), bytes.with(100, 1)]) {
      await writeFile(part, damage);
      const error = await refusal(() => tutti.objectFile(output).count());
      expect(error).toMatchObject({ code: "unreadable" });
      expect(error.message).toContain("part-00000 is damaged");
    }
  });

  test("an output that exists is refused and left as it was", async () => {
    const output = path.join(directory, `exists ${executor}`);
    await tutti.parallelize(["first"]).saveAsTextFile(output);
    const error = await refusal(() => tutti.parallelize(["second"]).saveAsTextFile(output));
    expect(error).toMatchObject({ code: "output-exists" });
    expect(await tutti.textFile(output).collect()).toEqual(["first"]);
  });

  test("a job that fails while it writes leaves nothing behind", async () => {
    const before = await readdir(directory);
    const rdd = tutti.parallelize([1, 2, 3, 4], { partitionCount: 4 }).map((x) => {
      if (x === 3) throw new Error("no threes");
      return x;
    });
    const error = await refusal(() => rdd.saveAsTextFile(path.join(directory, `never ${executor}`)));
    expect(error).toMatchObject({ code: "task-failed" });
    expect(await readdir(directory)).toEqual(before);
  });

  test("an output that cannot be written is named", async () => {
    const file = path.join(directory, `a file ${executor}`);
    await writeFile(file, "");
    const error = await refusal(() => tutti.parallelize([1]).saveAsTextFile(path.join(file, "below")));
    expect(error).toMatchObject({ code: "write-failed" });
  });

  test("partition counts and element counts that are none are named", async () => {
    for (const partitionCount of [0, -1, 1.5, NaN, 1e9]) {
      const error = await refusal(() => tutti.parallelize([1], { partitionCount }));
      expect(error).toMatchObject({ code: "invalid-argument" });
      expect(error.message).toContain(String(partitionCount));
    }
    expect(await refusal(() => tutti.parallelize([1]).take(-1))).toMatchObject({ code: "invalid-argument" });
  });

  test("what is no function, or does not answer at once, is refused where it is given", async () => {
    const rdd = tutti.parallelize([1]);
    expect((await refusal(() => rdd.map(undefined as never))).message).toContain("map needs a function");
    expect((await refusal(() => rdd.filter((async () => true) as never))).message).toContain("cannot be async");
    expect(await refusal(() => tutti.parallelize(7 as never))).toMatchObject({ code: "invalid-argument" });
  });

  test("a function that throws tells what, where and for which element, with its own error as the cause", async () => {
    const rdd = tutti.parallelize(["a", "b", "c"], { partitionCount: 3 }).map((x) => {
      if (x === "b") throw new TypeError("no b, please");
      return x;
    });
    const error = await refusal(() => rdd.collect());
    expect(error).toMatchObject({ code: "task-failed", cause: { name: "TypeError", message: "no b, please" } });
    expect(error.message).toMatch(/parallelize → map → collect.*partition 1: no b, please, at the element 'b'/);
  });

  test("a function that cannot travel is refused before anything runs, by the name of its variable", async () => {
    let counter = 0;
    const rdd = tutti.parallelize([1, 2]).map((x) => {
      counter += x;
      return x;
    });
    const error = await refusal(() => rdd.collect());
    expect(error).toMatchObject({ code: "cannot-travel" });
    expect(error.message).toContain("counter");
    expect(counter).toBe(0);
  });

  test("a key that is none and an element that is no pair keep their codes", async () => {
    const rows = tutti.parallelize([1, 2]);
    const functions = rows.map((x) => [Symbol.iterator as never, x] as const).reduceByKey((a, b) => a + b);
    expect(await refusal(() => functions.collect())).toMatchObject({ code: "unsupported-key" });
    const numbers = rows as never as typeof functions;
    expect(await refusal(() => numbers.reduceByKey((a, b) => a + b).collect())).toMatchObject({ code: "not-a-pair" });
  });

  test("RDDs that cannot be zipped are told why", async () => {
    const three = tutti.range(0, 9, { partitionCount: 3 });
    const uneven = await refusal(() => three.zip(tutti.range(0, 9, { partitionCount: 2 })).count());
    expect(uneven).toMatchObject({ code: "invalid-argument" });
    expect(uneven.message).toContain("there are 3 and 2");
    const shorter = three.zip(tutti.range(0, 8, { partitionCount: 3 }));
    expect((await refusal(() => shorter.count())).message).toContain("partitions of equal size");
    const longer = three.zip(tutti.range(0, 10, { partitionCount: 3 }));
    expect(await refusal(() => longer.count())).toMatchObject({ code: "invalid-argument" });
  });

  test("reduce of nothing has no answer", async () => {
    const nothing = tutti.parallelize<number>([]);
    expect(await refusal(() => nothing.reduce((a, b) => a + b))).toMatchObject({ code: "empty-collection" });
  });

  test("an aborted signal ends a job before it starts, and while it runs", async () => {
    const rdd = tutti.parallelize([1, 2, 3], { partitionCount: 3 }).map((x) => x);
    expect(await refusal(() => rdd.collect({ signal: AbortSignal.abort() }))).toMatchObject({ code: "canceled" });
    const abort = new AbortController();
    tutti.events.once("taskFinished", () => abort.abort());
    expect(await refusal(() => rdd.collect({ signal: abort.signal }))).toMatchObject({ code: "canceled" });
    expect(await rdd.collect()).toEqual([1, 2, 3]);
  });

  test("a closed context says so, and closing twice is harmless", { timeout: 30_000 }, async () => {
    const closed = await open();
    await closed.close();
    await closed.close();
    expect(await refusal(() => closed.parallelize([1]).collect())).toMatchObject({ code: "executor-closed" });
  });
});

test("a function that never ends loses its thread, not the program", async () => {
  const tutti = createContext({ threads: 1 });
  const endless = tutti.parallelize([1]).map((x) => {
    for (;;) if (x !== 1) return x;
  });
  expect(await refusal(() => endless.collect({ timeoutMs: 50 }))).toMatchObject({ code: "timeout" });
  expect(await tutti.parallelize([1, 2]).count()).toBe(2);
  await tutti.close();
});

test("a thread that dies is replaced, and a task that kills every thread fails the job", async () => {
  const tutti = createContext({ threads: 2 });
  const deadly = tutti.parallelize([1, 2, 3], { partitionCount: 3 }).map((x) => (x === 2 ? process.exit(1) : x));
  const error = await refusal(() => deadly.collect());
  expect(error).toMatchObject({ code: "worker-lost" });
  expect(error.message).toContain("4 attempts");
  expect(await tutti.parallelize([1, 2, 3]).count()).toBe(3);
  await tutti.close();
});

test("contexts refuse options that contradict each other or make no sense", async () => {
  expect(await refusal(() => createContext({ threads: 0 }))).toMatchObject({ code: "invalid-argument" });
  expect(await refusal(() => createContext({ memoryBytesMax: 1 }))).toMatchObject({ code: "invalid-argument" });
});
