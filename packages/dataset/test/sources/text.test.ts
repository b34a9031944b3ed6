import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createContext } from "../../src/index.ts";
import { planTextSplits, readTextLines } from "../../src/sources/text.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "tutti-"));
});
afterAll(() => rm(directory, { recursive: true }));

const linesOf = (text: string): string[] => {
  const lines = text.split(/\r?\n/);
  return text.endsWith("\n") || text === "" ? lines.slice(0, -1) : lines;
};

test("however a file is cut, its lines are read once each, in order, and whole", async () => {
  const piece = fc.constantFrom("a", "ä", "🎻", "\n", "\r\n", "word", " ");
  let count = 0;
  const property = fc.asyncProperty(
    fc.array(piece, { maxLength: 40 }),
    fc.integer({ min: 1, max: 30 }),
    async (pieces, parts) => {
      const text = pieces.join("");
      const file = path.join(directory, `lines-${(count += 1)}.txt`);
      await writeFile(file, text);
      const read: string[] = [];
      for (const split of await planTextSplits(file, parts)) {
        for await (const batch of readTextLines(split)) read.push(...batch);
      }
      expect(read).toEqual(linesOf(text));
    },
  );
  await fc.assert(property, { numRuns: 200 });
});

test("lines that are longer than a chunk, and files of many chunks, are read whole", async () => {
  const lines = Array.from({ length: 2000 }, (_, index) => "xyz".repeat(index % 997) + index);
  lines.splice(1000, 0, "long".repeat(200_000));
  const file = path.join(directory, "large.txt");
  await writeFile(file, lines.join("\n"));
  const tutti = createContext();
  expect(await tutti.textFile(file, { partitionCount: 7 }).collect()).toEqual(lines);
  await tutti.close();
});

test("invalid UTF-8 is replaced", async () => {
  const file = path.join(directory, "invalid.txt");
  await writeFile(file, Uint8Array.from([0x61, 0xff, 0x0a, 0x62]));
  const tutti = createContext();
  expect(await tutti.textFile(file).collect()).toEqual(["a\ufffd", "b"]);
  await tutti.close();
});

test("compressed files, directories and globs are read, hidden files are not", async () => {
  const folder = path.join(directory, "many");
  await mkdir(folder);
  await writeFile(path.join(folder, "a.txt"), "one\ntwo\n");
  await writeFile(path.join(folder, "b.txt.gz"), gzipSync("three\n"));
  await writeFile(path.join(folder, "c.txt.zst"), zstdCompressSync("four"));
  await writeFile(path.join(folder, "_SUCCESS"), "hidden\n");
  await writeFile(path.join(folder, ".d.txt"), "hidden\n");
  const tutti = createContext();
  expect(await tutti.textFile(folder).collect()).toEqual(["one", "two", "three", "four"]);
  expect(await tutti.textFile(path.join(folder, "*.txt")).collect()).toEqual(["one", "two"]);
  await tutti.close();
});

test("whole files come with their path, as text or as bytes, a partition for each", async () => {
  const folder = path.join(directory, "whole");
  await mkdir(folder);
  await writeFile(path.join(folder, "a.txt"), "one\r\ntwo\n");
  await writeFile(path.join(folder, "b.bin"), Uint8Array.of(0, 255));
  for (const tutti of [createContext(), createContext({ threads: 2 })]) {
    const texts = tutti.wholeTextFiles(path.join(folder, "*.txt"));
    expect(await texts.collect()).toEqual([[path.join(folder, "a.txt"), "one\r\ntwo\n"]]);
    const bytes = tutti.binaryFiles(folder);
    expect(await bytes.getNumPartitions()).toBe(2);
    expect(await bytes.lookup(path.join(folder, "b.bin"))).toEqual([Uint8Array.of(0, 255)]);
    await tutti.close();
  }
});

test("saveAsTextFile writes part files and _SUCCESS, which textFile reads back", async () => {
  const output = path.join(directory, "output");
  const tutti = createContext({ threads: 2 });
  const rows = ["text", 1, -0, 2n, null, [1, 2n], { a: 1, big: 12345678901234567890n }];
  const saved = await tutti.parallelize(rows, { partitionCount: 3 }).saveAsTextFile(output);
  expect(saved).toMatchObject({ directory: output, partCount: 3, rowCount: rows.length });
  expect((await readdir(output)).sort()).toEqual(["_SUCCESS", "part-00000", "part-00001", "part-00002"]);
  const lines = ["text", "1", "0", "2", "null", "[1,2]", '{"a":1,"big":12345678901234567890}'];
  expect(await tutti.textFile(output).collect()).toEqual(lines);
  expect(await readFile(path.join(output, "part-00000"), "utf8")).toBe("text\n1\n");
  await tutti.close();
});
