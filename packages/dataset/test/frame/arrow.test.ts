import { tableFromIPC, tableToIPC } from "apache-arrow";
import { afterAll, expect, test } from "vitest";
import { createContext, decimal, interval, struct, t, timestamp } from "../../src/index.ts";

const tutti = createContext();
afterAll(() => tutti.close());

const Everything = struct({
  b: t.boolean.nullable(),
  i8: t.byte,
  i16: t.short,
  i32: t.int.nullable(),
  i64: t.long,
  f32: t.float,
  f64: t.double.nullable(),
  s: t.string.nullable(),
  x: t.binary,
  d: t.date,
  ts: t.timestamp.nullable(),
  ntz: t.timestampNtz,
  dec: t.decimal(38, 4),
  list: t.array(t.int.nullable()).nullable(),
  st: t.struct({ a: t.string, b: t.decimal(5, 1) }),
  m: t.map(t.string, t.long),
  iv: t.interval,
});

const full = {
  b: true,
  i8: -8,
  i16: 1600,
  i32: -5,
  i64: 2n ** 62n,
  f32: 1.5,
  f64: 0.1,
  s: "größe 🎻",
  x: Uint8Array.of(0, 255),
  d: new Date("2024-02-29"),
  ts: timestamp("2024-05-06T07:08:09.123456Z"),
  ntz: timestamp(-1n),
  dec: decimal("-123456789012345678901234567890.1234"),
  list: [1, null, 3],
  st: { a: "inner", b: decimal("9.5") },
  m: new Map([["k", 7n]]),
  iv: interval({ months: 1, days: -2, seconds: 3.000004 }),
};
const empty = { ...full, b: null, i32: null, f64: null, s: null, ts: null, list: null };

test("every type arrives in Arrow whole, and goes over its wire format", async () => {
  const made = await tutti.createDataFrame([full, empty, full], Everything).toArrow();
  const table = tableFromIPC(tableToIPC(made));
  expect(table.numRows).toBe(3);
  const column = (name: string): unknown[] => [...(table.getChild(name) ?? [])];
  expect(column("b")).toEqual([true, null, true]);
  expect(column("i8")).toEqual([-8, -8, -8]);
  expect(column("i16")[0]).toBe(1600);
  expect(column("i32")).toEqual([-5, null, -5]);
  expect(column("i64")[0]).toBe(2n ** 62n);
  expect(column("f32")[0]).toBe(1.5);
  expect(column("f64")).toEqual([0.1, null, 0.1]);
  expect(column("s")).toEqual(["größe 🎻", null, "größe 🎻"]);
  expect(column("x")[0]).toEqual(Uint8Array.of(0, 255));
  expect(new Date(column("d")[0] as number)).toEqual(new Date("2024-02-29"));
  expect(table.getChild("ts")?.data[0]?.values[0]).toBe(full.ts.epochMicros);
  expect(column("ts")[1]).toBeNull();
  expect(table.getChild("ntz")?.data[0]?.values[2]).toBe(-1n);
  const words = Uint32Array.from(table.getChild("dec")?.data[0]?.values as Uint32Array);
  const [low = 0n, high = 0n] = new BigInt64Array(words.buffer, words.byteOffset, 2);
  expect((high << 64n) | BigInt.asUintN(64, low)).toBe(full.dec.unscaled);
  expect(column("list").map((one) => (one === null ? null : [...(one as Iterable<unknown>)]))).toEqual([
    [1, null, 3],
    null,
    [1, null, 3],
  ]);
  expect((column("st")[0] as { readonly a: string }).a).toBe("inner");
  expect(Object.fromEntries(column("m")[0] as Iterable<readonly [string, bigint]>)).toEqual({ k: 7n });
});

test("a table of Arrow has a record batch for each chunk, and the schema where there is no row", async () => {
  const many = await tutti.rangeFrame(0, 10_000).toArrow();
  expect(many.numRows).toBe(10_000);
  expect(many.batches.length).toBeGreaterThan(1);
  expect(many.getChild("id")?.get(9_999)).toBe(9_999n);
  const none = await tutti.rangeFrame(0, 0).toArrow();
  expect(none.numRows).toBe(0);
  expect(String(none.schema.fields[0]?.type)).toBe("Int64");
});

test("JSON comes in pieces that are one array", async () => {
  const pieces: string[] = [];
  for await (const piece of tutti.rangeFrame(0, 5000).jsonPieces()) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(2);
  expect(JSON.parse(pieces.join(""))).toHaveLength(5000);
  expect(await tutti.rangeFrame(0, 2).toJSON()).toBe('[{"id":0},{"id":1}]');
  expect(await tutti.rangeFrame(0, 0).toJSON()).toBe("[]");
});
