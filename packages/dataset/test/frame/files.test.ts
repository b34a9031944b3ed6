import { mkdtemp, mkdir, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createContext, decimal, struct, t, type Context } from "../../src/index.ts";

let tutti: Context;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "tutti-"));
  tutti = createContext();
});
afterAll(async () => {
  await tutti.close();
  await rm(directory, { recursive: true });
});

const at = (name: string): string => path.join(directory, name);
const Thing = struct({ id: t.int, name: t.string.nullable(), kind: t.string });
const things = () =>
  tutti.createDataFrame(
    [
      { id: 1, name: "x", kind: "a" },
      { id: 2, name: null, kind: "b" },
      { id: 3, name: "z", kind: "a" },
    ],
    Thing,
  );

test("every format that is written is read back the same", async () => {
  const rows = await things().collect();
  for (const format of ["parquet", "csv", "json"] as const) {
    const written = await things().write[format](at(`same-${format}`));
    expect(written.rowCount).toBe(3);
    expect(await tutti.read.schema(Thing)[format](written.directory).orderBy("id").collect()).toEqual(rows);
    await things()
      .write.mode("overwrite")
      [format](at(`same-${format}`), { compression: "gzip" });
    expect(
      await tutti.read
        .schema(Thing)
        [format](at(`same-${format}`))
        .count(),
    ).toBe(3);
  }
  await things().select("kind").write.text(at("same-text"));
  expect(await readFile(at("same-text/part-00000.txt"), "utf8")).toBe("a\nb\na\n");
  expect((await tutti.read.text(at("same-text")).collect()).map((row) => row.value)).toEqual(["a", "b", "a"]);
});

test("a URL of a file is its path as it stands, to write and to read", async () => {
  const output = `file://${at("100% by URL")}`;
  await things().write.parquet(output);
  expect(await readdir(at("100% by URL"))).toContain("_SUCCESS");
  expect(await tutti.read.parquet(`${output}/*.parquet`).count()).toBe(3);
  await expect(tutti.read.csv("s3://bucket/x.csv").collect()).rejects.toThrow(/\[invalid-argument\].*s3:/);
  await expect(things().write.mode("overwrite").json("s3://bucket/x")).rejects.toThrow(/\[invalid-argument\].*s3:/);
});

test("save modes: refuse, ignore, append, overwrite; nothing hidden stays", async () => {
  const output = at("modes");
  await things().write.parquet(output);
  await expect(things().write.parquet(output)).rejects.toThrow(/\[output-exists\]/);
  await things().limit(1).write.mode("ignore").parquet(output);
  expect(await tutti.read.parquet(output).count()).toBe(3);
  await things().limit(1).write.mode("append").parquet(output);
  expect(await tutti.read.parquet(output).count()).toBe(4);
  await things().limit(2).write.mode("overwrite").parquet(output);
  expect(await tutti.read.parquet(output).count()).toBe(2);
  expect((await readdir(directory)).filter((name) => name.startsWith("."))).toEqual([]);
});

test("a frame may overwrite what it reads", async () => {
  await things().write.parquet(at("itself"));
  const read = tutti.read.schema(Thing).parquet(at("itself"));
  await read
    .filter((c) => c.id.gt(1))
    .write.mode("overwrite")
    .parquet(at("itself"));
  expect(await read.count()).toBe(2);
});

test("a failed write leaves nothing, and what was there stays", async () => {
  await things().write.parquet(at("kept"));
  const failing = things().withColumn("id", (c) => c.id.div(c.id.minus(2)));
  await expect(failing.write.mode("overwrite").parquet(at("kept"))).rejects.toThrow(/\[division-by-zero\]/);
  await expect(failing.write.parquet(at("never"))).rejects.toThrow(/\[division-by-zero\]/);
  expect(await tutti.read.parquet(at("kept")).count()).toBe(3);
  expect((await readdir(directory)).filter((name) => name.startsWith(".") || name === "never")).toEqual([]);
});

test("partitioned directories are columns again, and a filter opens no other file", async () => {
  await things().write.partitionBy("kind").parquet(at("parts"));
  expect((await readdir(at("parts"))).sort()).toEqual(["_SUCCESS", "kind=a", "kind=b"]);
  await writeFile(at("parts/kind=b/broken.parquet"), "PAR1 no parquet PAR1");
  const read = tutti.read.schema(Thing).parquet(at("parts"));
  expect(
    (
      await read
        .filter((c) => c.kind.eq("a"))
        .orderBy("id")
        .collect()
    ).map((row) => row.id),
  ).toEqual([1, 3]);
  await expect(read.filter((c) => c.kind.eq("b")).collect()).rejects.toThrow(/\[unreadable\]/);
});

test("files that are not there, or not what they should be, are refused by name", async () => {
  await expect(tutti.read.parquet(at("nowhere")).collect()).rejects.toThrow(/\[not-found\].*nowhere/);
  await things().write.parquet(at("cut"));
  await truncate(at("cut/part-00000.parquet"), 40);
  await expect(tutti.read.parquet(at("cut")).collect()).rejects.toThrow(/\[unreadable\].*cut/s);
  await writeFile(at("bad.json"), '{"a":1}\n{"a":');
  await expect(tutti.read.json(at("bad.json")).collect()).rejects.toThrow(/\[(unreadable|invalid-cast)\]/);
  await mkdir(at("empty"));
  expect(await tutti.read.schema(Thing).parquet(at("empty")).collect()).toEqual([]);
  await expect(tutti.read.parquet(at("empty")).collect()).rejects.toThrow(/\[not-found\]/);
});

test("a declared schema is checked: types are cast, NULL and misfits refused by column", async () => {
  await tutti.createDataFrame([{ id: 1n, name: null, kind: "a" }]).write.parquet(at("loose"));
  expect(await tutti.read.schema(Thing).parquet(at("loose")).collect()).toEqual([{ id: 1, name: null, kind: "a" }]);
  const NonNull = struct({ name: t.string });
  await expect(tutti.read.schema(NonNull).parquet(at("loose")).collect()).rejects.toThrow(
    /\[schema-mismatch\].*"name".*without NULL/,
  );
  const Wrong = struct({ nam: t.string });
  await expect(tutti.read.schema(Wrong).parquet(at("loose")).collect()).rejects.toThrow(
    /\[schema-mismatch\].*did you mean "name"/,
  );
  await tutti.createDataFrame([{ id: 2n ** 40n }]).write.parquet(at("large"));
  await expect(
    tutti.read
      .schema(struct({ id: t.int }))
      .parquet(at("large"))
      .collect(),
  ).rejects.toThrow(/\[overflow\]/);
  expect(
    await tutti.read
      .parquet(at("loose"))
      .as(struct({ id: t.decimal(10, 1), kind: t.string }))
      .collect(),
  ).toEqual([{ id: decimal("1.0"), kind: "a" }]);
});

test("a malformed row of CSV is an error, NULL, or left out, as the caller says", async () => {
  await writeFile(at("rows.csv"), "id,name\n1,x\nzwei,y\n3,z\n");
  const Row = struct({ id: t.int.nullable(), name: t.string.nullable() });
  const read = (mode?: "permissive" | "dropMalformed") =>
    tutti.read.schema(Row).csv(at("rows.csv"), mode === undefined ? {} : { mode });
  await expect(read().collect()).rejects.toThrow(/\[invalid-cast\].*zwei/);
  expect((await read("permissive").collect()).map((row) => row.id)).toEqual([1, null, 3]);
  expect((await read("dropMalformed").collect()).map((row) => row.id)).toEqual([1, 3]);
  expect(await tutti.read.csv(at("rows.csv"), { inferSchema: false }).first()).toEqual({ id: "1", name: "x" });
  await writeFile(at("plain.csv"), "1;x\n2;y\n");
  expect(await tutti.read.schema(Row).csv(at("plain.csv"), { header: false, separator: ";" }).collect()).toEqual([
    { id: 1, name: "x" },
    { id: 2, name: "y" },
  ]);
  expect(() => tutti.read.csv("x", { heder: true } as never)).toThrow(/\[invalid-argument\].*heder/);
});
