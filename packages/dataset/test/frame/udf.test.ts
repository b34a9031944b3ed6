import { afterAll, expect, test } from "vitest";
import { createContext, lit, struct, t, udf } from "../../src/index.ts";

const tutti = createContext();
afterAll(() => tutti.close());

const rows = Array.from({ length: 5000 }, (_, index) => ({
  id: index,
  word: index % 4 === 0 ? null : `Word ${index % 7}`,
}));
const frame = tutti.createDataFrame(rows, struct({ id: t.int, word: t.string.nullable() }));

test("a function in JavaScript sees plain values and never NULL, over dictionaries too", async () => {
  const slug = udf([t.string], t.string, (text) => text.toLowerCase().replace(" ", "-"));
  const made = await frame
    .select("id", (c) => slug(c.word).as("slug"))
    .orderBy("id")
    .collect();
  expect(made).toEqual(rows.map(({ id, word }) => ({ id, slug: word === null ? null : `word-${id % 7}` })));
  expect(await frame.filter((c) => slug(c.word).eq("word-3")).count()).toBe(
    rows.filter(({ word }) => word === "Word 3").length,
  );
});

test("values of every type go in and come out as rows have them", async () => {
  const later = udf([t.date, t.long], t.date, (day, days) => new Date(day.getTime() + Number(days) * 86_400_000));
  const twice = udf([t.array(t.int)], t.array(t.int), (list) => [...list, ...list] as never);
  const one = tutti.createDataFrame(
    [{ day: new Date(0), n: 3n, list: [1, 2] }],
    struct({ day: t.date, n: t.long, list: t.array(t.int) }),
  );
  expect(
    await one
      .select(
        (c) => later(c.day, c.n).as("day"),
        (c) => twice(c.list).as("list"),
      )
      .collect(),
  ).toEqual([{ day: new Date("1970-01-04T00:00:00Z"), list: [1, 2, 1, 2] }]);
});

test("what a function throws ends the query, and a wrong argument is refused before", async () => {
  const fail = udf([t.int], t.int, (value) => {
    if (value === 4321) throw new Error(`no ${value}`);
    return value;
  });
  await expect(frame.select((c) => fail(c.id).as("x")).collect()).rejects.toThrow(/\[task-failed\].*no 4321/);
  const wrong = udf([t.int], t.int, () => 1.5);
  await expect(frame.select((c) => wrong(c.id).as("x")).collect()).rejects.toThrow(/\[type-mismatch\].*1.5.*int/);
  // @ts-expect-error a text is no number
  expect(() => frame.select((c) => fail(c.word).as("x"))).toThrow(/\[type-mismatch\].*argument 1/);
  expect(await frame.limit(1).select(fail(5).as("five"), lit(1).as("one")).collect()).toEqual([{ five: 5, one: 1 }]);
});
