import { afterAll, expect, test } from "vitest";
import {
  arrayContains,
  avg,
  collectList,
  coalesce,
  col,
  count,
  countDistinct,
  createContext,
  decimal,
  explode,
  filterArray,
  first,
  groupingId,
  interval,
  lag,
  lit,
  max,
  namedStruct,
  posExplode,
  rank,
  reduce,
  rowNumber,
  size,
  struct,
  sum,
  t,
  timestamp,
  transform,
  when,
  window,
  type DataFrame,
} from "../../src/index.ts";

const tutti = createContext();
afterAll(() => tutti.close());

const Sale = struct({
  id: t.int,
  shop: t.string.nullable(),
  item: t.string,
  amount: t.int.nullable(),
  price: t.double.nullable(),
});
const sales = tutti.createDataFrame(
  [
    { id: 1, shop: "a", item: "x", amount: 3, price: 1.5 },
    { id: 2, shop: "a", item: "y", amount: null, price: 2 },
    { id: 3, shop: "b", item: "x", amount: 5, price: null },
    { id: 4, shop: null, item: "x", amount: 7, price: 4 },
    { id: 5, shop: "b", item: "y", amount: 1, price: 1 },
  ],
  Sale,
);
const shops = tutti.createDataFrame(
  [
    { shop: "a", town: "Ulm" },
    { shop: "c", town: "Rom" },
  ],
  struct({ shop: t.string, town: t.string }),
);

const ids = async (
  frame: DataFrame<never> | { select(name: "id"): { collect(): Promise<{ id: number }[]> } },
): Promise<number[]> =>
  (await (frame as { select(name: "id"): { collect(): Promise<{ id: number }[]> } }).select("id").collect()).map(
    (row) => row.id,
  );

test("NULLs sort first upwards and last downwards, and where the caller says", async () => {
  expect(await ids(sales.orderBy("amount"))).toEqual([2, 5, 1, 3, 4]);
  expect(await ids(sales.orderBy((c) => c.amount.desc()))).toEqual([4, 3, 1, 5, 2]);
  expect(await ids(sales.orderBy((c) => c.amount.ascNullsLast()))).toEqual([5, 1, 3, 4, 2]);
  expect(await ids(sales.sort((c) => [c.item, c.id.desc()]))).toEqual([4, 3, 1, 5, 2]);
});

test("columns are added, replaced, renamed and dropped where they stand", async () => {
  const [row] = await sales
    .withColumn("total", (c) => c.amount.times(c.price))
    .withColumns((c) => ({ item: c.item.eq("x"), twice: c.amount.plus(c.amount) }))
    .withColumnRenamed("id", "number")
    .withColumnsRenamed({ shop: "store", twice: "doubled" })
    .drop("price")
    .orderBy("number")
    .collect();
  expect(row).toEqual({ number: 1, store: "a", item: true, amount: 3, total: 4.5, doubled: 6 });
  expect(Object.keys((await shops.toDF("s", "t").first()) ?? {})).toEqual(["s", "t"]);
});

test("joins of every kind have the rows that belong together", async () => {
  const pairs = async (how: "inner" | "left" | "right" | "full"): Promise<unknown[]> =>
    (await sales.select("id", "shop").join(shops, "shop", how).orderBy("id", "shop").collect()).map((row) => [
      row.id,
      row.shop,
      row.town,
    ]);
  const inner = [
    [1, "a", "Ulm"],
    [2, "a", "Ulm"],
  ];
  const unmatched = [
    [3, "b", null],
    [4, null, null],
    [5, "b", null],
  ];
  expect(await pairs("inner")).toEqual(inner);
  expect(await pairs("left")).toEqual([...inner, ...unmatched]);
  expect(await pairs("right")).toEqual([[null, "c", "Rom"], ...inner]);
  expect(await pairs("full")).toEqual([[null, "c", "Rom"], ...inner, ...unmatched]);
  expect(await ids(sales.join(shops, "shop", "semi").orderBy("id"))).toEqual([1, 2]);
  expect(await ids(sales.join(shops, "shop", "anti").orderBy("id"))).toEqual([3, 4, 5]);
  expect(await sales.select("id").crossJoin(shops).count()).toBe(10);
  const named = shops.withColumnRenamed("shop", "place");
  expect(await ids(sales.join(named, (l, r) => l.shop.eq(r.place).and(l.amount.gt(1))))).toEqual([1]);
});

test("set operations take rows as they are, NULLs being equal", async () => {
  const one = sales.select("shop");
  const values = async (frame: { collect(): Promise<{ shop: string | null }[]> }): Promise<unknown[]> =>
    sorted((await frame.collect()).map((row) => row.shop));
  const sorted = (texts: readonly (string | null)[]): unknown[] =>
    texts.toSorted((a, b) => String(a).localeCompare(String(b)));
  expect(await values(one.union(shops.select("shop")))).toEqual(sorted(["a", "a", "a", "b", "b", "c", null]));
  expect(await values(one.intersect(shops.select("shop")))).toEqual(["a"]);
  expect(await values(one.except(shops.select("shop")))).toEqual(sorted(["b", null]));
  expect(await values(one.exceptAll(shops.select("shop")))).toEqual(sorted(["a", "b", "b", null]));
  expect(await values(one.intersectAll(one))).toEqual(sorted(["a", "a", "b", "b", null]));
  expect(await values(one.distinct())).toEqual(sorted(["a", "b", null]));
  expect(await sales.dropDuplicates("shop", "item").count()).toBe(5);
  expect(await sales.dropDuplicates("item").count()).toBe(2);
  const wide = await shops
    .unionByName(sales.select("shop", "id"), { allowMissingColumns: true })
    .orderBy(col("id"))
    .first();
  expect(wide).toEqual({ shop: "a", town: "Ulm", id: null });
  expect(() => shops.unionByName(sales.select("shop", "id"))).toThrow(/\[schema-mismatch\].*"town"/);
  expect(() => (shops as unknown as DataFrame).union(shops.select("town", "shop") as unknown as DataFrame)).toThrow(
    /unionByName/,
  );
});

test("limit, offset, tail, take and first count rows", async () => {
  const ordered = sales.orderBy("id");
  expect(await ids(ordered.limit(2))).toEqual([1, 2]);
  expect(await ids(ordered.offset(3))).toEqual([4, 5]);
  expect(await ids(ordered.limit(4).offset(1).limit(2))).toEqual([2, 3]);
  expect((await ordered.tail(2)).map((row) => row.id)).toEqual([4, 5]);
  expect((await ordered.take(1)).map((row) => row.id)).toEqual([1]);
  expect((await ordered.first())?.id).toBe(1);
  expect(await sales.filter((c) => c.id.gt(9)).first()).toBeUndefined();
  expect(await sales.filter((c) => c.id.gt(9)).isEmpty()).toBe(true);
});

test("groups, rollups, cubes and sets of groups", async () => {
  const byShop = await sales
    .groupBy("shop")
    .agg((c) => ({ n: count(c.amount), total: sum(c.amount), mean: avg(c.price) }))
    .orderBy("shop")
    .collect();
  expect(byShop).toEqual([
    { shop: null, n: 1n, total: 7n, mean: 4 },
    { shop: "a", n: 1n, total: 3n, mean: 1.75 },
    { shop: "b", n: 2n, total: 6n, mean: 1 },
  ]);
  expect(
    await sales
      .groupBy((c) => c.id.mod(2).as("odd"))
      .count()
      .orderBy("odd")
      .collect(),
  ).toEqual([
    { odd: 0, count: 2n },
    { odd: 1, count: 3n },
  ]);
  expect(
    await sales
      .rollup("shop", "item")
      .agg(() => ({ n: count() }))
      .count(),
  ).toBe(9);
  expect(
    await sales
      .cube("shop", "item")
      .agg(() => ({ n: count() }))
      .count(),
  ).toBe(11);
  const sets = await sales
    .groupingSets([["shop"], ["item"]])
    .agg((c) => ({ n: count(), set: groupingId(c.shop, c.item) }))
    .orderBy("set", "shop", "item")
    .collect();
  expect(sets.map((row) => [row.shop, row.item, row.n, row.set])).toEqual([
    [null, null, 1n, 1n],
    ["a", null, 2n, 1n],
    ["b", null, 2n, 1n],
    [null, "x", 3n, 2n],
    [null, "y", 2n, 2n],
  ]);
  expect(
    await sales.agg((c) => ({ shops: countDistinct(c.shop), some: sum(c.amount).where(c.item.eq("x")) })).first(),
  ).toEqual({ shops: 2n, some: 15n });
  expect(await sales.groupBy("item").sum("amount").orderBy("item").collect()).toEqual([
    { item: "x", "sum(amount)": 15n },
    { item: "y", "sum(amount)": 1n },
  ]);
});

test("pivot turns values into columns, and unpivot turns them back", async () => {
  const wide = sales
    .groupBy("shop")
    .pivot("item", ["x", "y", "z"])
    .agg((c) => ({ total: sum(c.amount) }));
  expect(await wide.orderBy("shop").collect()).toEqual([
    { shop: null, x: 7n, y: null, z: null },
    { shop: "a", x: 3n, y: null, z: null },
    { shop: "b", x: 5n, y: 1n, z: null },
  ]);
  const long = await wide
    .unpivot(["shop"], ["x", "y"], { variable: "item", value: "total" })
    .filter((c) => c.total.isNotNull())
    .orderBy("shop", "item")
    .collect();
  expect(long).toEqual([
    { shop: null, item: "x", total: 7n },
    { shop: "a", item: "x", total: 3n },
    { shop: "b", item: "x", total: 5n },
    { shop: "b", item: "y", total: 1n },
  ]);
  const counted = await sales
    .groupBy("shop")
    .pivot("item", ["x", "z"])
    .agg(() => ({ n: count() }))
    .orderBy("shop")
    .first();
  expect(counted).toEqual({ shop: null, x: 1n, z: null });
});

test("windows rank, look around and sum up to a row", async () => {
  const byShop = window().partitionBy(col("item"));
  const rows = await sales
    .select(
      "id",
      (c) => rowNumber().over(byShop.orderBy(c.id.asc())).as("n"),
      (c) => rank().over(byShop.orderBy(c.amount.desc())).as("rank"),
      (c) => lag(c.amount, 1, -1).over(byShop.orderBy(c.id.asc())).as("before"),
      (c) => sum(c.amount).over(byShop.orderBy(c.id.asc()).rowsBetween(-1, 0)).as("two"),
    )
    .orderBy("id")
    .collect();
  expect(rows).toEqual([
    { id: 1, n: 1, rank: 3, before: -1, two: 3n },
    { id: 2, n: 1, rank: 2, before: -1, two: null },
    { id: 3, n: 2, rank: 2, before: 3, two: 8n },
    { id: 4, n: 3, rank: 1, before: 5, two: 12n },
    { id: 5, n: 2, rank: 1, before: null, two: 1n },
  ]);
  expect(() => sales.select((c) => rowNumber().over(window().partitionBy(c.item)).as("n"))).toThrow(
    /\[invalid-plan\].*orderBy/,
  );
});

test("subqueries are values, conditions and lists", async () => {
  const most = sales.agg((c) => ({ value: max(c.amount) })).asScalar();
  expect(await ids(sales.filter((c) => c.amount.eq(most)))).toEqual([4]);
  expect(await ids(sales.filter((c) => c.shop.isIn(shops.select("shop"))).orderBy("id"))).toEqual([1, 2]);
  const ofShop = sales.select("shop", "amount");
  const best = sales.filter((c) =>
    c.amount.eq(
      ofShop
        .filter((o) => o.shop.eq(c.shop.outer()))
        .agg((o) => ({ m: max(o.amount) }))
        .asScalar(),
    ),
  );
  expect(await ids(best.orderBy("id"))).toEqual([1, 3]);
  await expect(sales.filter((c) => c.amount.eq(sales.select("amount").asScalar())).collect()).rejects.toThrow(
    /more than one row/,
  );
});

test("gaps are dropped, filled and replaced", async () => {
  expect(await ids(sales.na.drop().orderBy("id"))).toEqual([1, 5]);
  expect(await ids(sales.na.drop({ columns: ["shop", "amount"], how: "all" }).orderBy("id"))).toEqual([1, 2, 3, 4, 5]);
  expect(await ids(sales.na.drop({ presentMin: 5 }).orderBy("id"))).toEqual([1, 5]);
  const filled = await sales.na.fill(0).na.fill({ shop: "none" }).orderBy("id").collect();
  expect(filled.map((row) => [row.shop, row.amount, row.price])).toEqual([
    ["a", 3, 1.5],
    ["a", 0, 2],
    ["b", 5, 0],
    ["none", 7, 4],
    ["b", 1, 1],
  ]);
  const replaced = await sales.na
    .replace(new Map([["x", "X"]]))
    .orderBy("id")
    .first();
  expect(replaced?.item).toBe("X");
});

test("statistics of a frame", async () => {
  const [row] = await sales.summary("count", "50%", "max").collect();
  expect(row).toEqual({ summary: "count", id: "5", shop: "4", item: "5", amount: "4", price: "4" });
  expect(await sales.stat.approxQuantile("amount", [0, 1])).toEqual([1, 7]);
  expect(await sales.stat.corr("id", "id")).toBeCloseTo(1);
  const table = await sales.stat.crosstab("shop", "item");
  expect(await table.orderBy(col("shop_item")).collect()).toEqual([
    { shop_item: "a", x: 1n, y: 1n },
    { shop_item: "b", x: 1n, y: 1n },
    { shop_item: "null", x: 1n, y: 0n },
  ]);
  expect(await sales.stat.freqItems(["item"], 0.5)).toEqual({ item: ["x"] });
});

test("samples are the same for a seed, and the parts of a split are disjoint and whole", async () => {
  const many = tutti.rangeFrame(0, 10_000);
  expect(await many.sample(0.1, 7).collect()).toEqual(await many.sample(0.1, 7).collect());
  const parts = await Promise.all(many.randomSplit([1, 3], 5).map((part) => part.collect()));
  const [small = [], large = []] = parts;
  expect(small.length / 10_000).toBeCloseTo(0.25, 1);
  expect(new Set([...small, ...large].map((row) => row.id)).size).toBe(10_000);
  const strata = sales.stat.sampleBy("item", new Map([["x", 1]]), 3);
  expect(await ids(strata.orderBy("id"))).toEqual([1, 3, 4]);
});

test("arrays, structs and maps come and go whole", async () => {
  const nested = sales
    .groupBy("item")
    .agg((c) => ({ ids: collectList(c.id) }))
    .orderBy("item");
  const sorted = nested.select(
    "item",
    (c) => size(c.ids).as("n"),
    (c) => arrayContains(c.ids, 4).as("has"),
  );
  expect(await sorted.collect()).toEqual([
    { item: "x", n: 3, has: true },
    { item: "y", n: 2, has: false },
  ]);
  const made = tutti.createDataFrame([{ id: 1, list: [1, 2, 3], map: new Map([["k", 5]]), point: { x: 1, y: "z" } }]);
  expect(await made.collect()).toEqual([{ id: 1, list: [1, 2, 3], map: new Map([["k", 5]]), point: { x: 1, y: "z" } }]);
  expect(
    await made
      .select(
        (c) => transform(c.list, (x) => x.times(2)).as("twice"),
        (c) => filterArray(c.list, (x) => x.gt(1)).as("some"),
        (c) => reduce(c.list, lit(0.0).cast(t.double), (a, x) => a.plus(x)).as("sum"),
        (c) => c.point.field("y").as("y"),
        (c) => c.list.item(0).as("first"),
        (c) => c.map.item("k").as("k"),
        (c) => namedStruct({ a: c.id, b: lit("q") }).as("made"),
      )
      .first(),
  ).toEqual({ twice: [2, 4, 6], some: [2, 3], sum: 6, y: "z", first: 1, k: 5, made: { a: 1, b: "q" } });
  expect(await made.select("id", (c) => explode(c.list).as("one")).collect()).toEqual(
    [1, 2, 3].map((one) => ({ id: 1, one })),
  );
  expect(await (made.select((c) => posExplode(c.list)) as unknown as DataFrame).first()).toEqual({ pos: 0, col: 1 });
  const inside = made.select((c) =>
    transform(c.list, (x) => reduce(c.list, lit(0.0).cast(t.double), (a, y) => a.plus(y.times(x)))).as("v"),
  );
  expect(await inside.first()).toEqual({ v: [6, 12, 18] });
});

test("dates, timestamps, decimals and intervals keep every digit", async () => {
  const at = timestamp("2001-02-03T04:05:06.000007Z");
  const frame = tutti.createDataFrame(
    [{ day: new Date("2001-01-31T00:00:00Z"), plain: "2001-01-31", at, money: decimal("12.30"), big: 2 ** 40 }],
    struct({ day: t.date, plain: t.plainDate, at: t.timestamp, money: t.decimal(20, 2), big: t.long.asNumber() }),
  );
  const [row] = await frame
    .withColumn("later", (c) => c.day.plus(interval({ months: 1 })))
    .withColumn("earlier", (c) => c.at.minus(interval({ hours: 4, seconds: 0.000001 })))
    .withColumn("tomorrow", (c) => c.day.plus(1))
    .collect();
  expect(row?.day).toEqual(new Date("2001-01-31T00:00:00Z"));
  expect(row?.later).toEqual(new Date("2001-02-28T00:00:00Z"));
  expect(String(row?.earlier)).toBe("2001-02-03T00:05:06.000006Z");
  expect(row?.tomorrow).toEqual(new Date("2001-02-01T00:00:00Z"));
  expect(row?.plain).toBe("2001-01-31");
  expect(String(row?.at)).toBe("2001-02-03T04:05:06.000007Z");
  expect(String(row?.money)).toBe("12.30");
  expect(row?.big).toBe(2 ** 40);
  expect(await frame.select("at", "money", "big").toJSON()).toBe(
    '[{"at":"2001-02-03T04:05:06.000007Z","money":"12.30","big":1099511627776}]',
  );
});

test("columns come as typed arrays where they are numbers without NULL", async () => {
  const { id, amount } = await sales.orderBy("id").select("id", "amount").toColumns();
  expect(id).toEqual(Int32Array.of(1, 2, 3, 4, 5));
  expect(amount).toEqual([3, null, 5, 7, 1]);
});

test("a frame goes to an RDD and back", async () => {
  const rdd = await sales.select("id", "item").toRdd();
  expect(await rdd.map((row) => row.id * 2).sum()).toBe(30);
  const back = await tutti.rddToFrame(
    rdd.filter((row) => row.id > 3),
    struct({ id: t.int, item: t.string }),
  );
  expect(await back.orderBy("id").collect()).toEqual([
    { id: 4, item: "x" },
    { id: 5, item: "y" },
  ]);
});

test("views are named, found whatever their case, and dropped", async () => {
  sales.createOrReplaceTempView("Sales");
  expect(await tutti.sql`select count(*) as n from sales`.first()).toEqual({ n: 5n });
  expect(await tutti.table("SALES").count()).toBe(5);
  expect(tutti.catalog.listTables()).toEqual(["Sales"]);
  expect(tutti.catalog.dropTempView("sales")).toBe(true);
  expect(() => tutti.table("sales")).toThrow(/\[unknown-table\]/);
});

test("a cached frame is computed once, and again after it was released", async () => {
  const chance = tutti.rangeFrame(0, 100).select(
    (c) => c.id,
    (c) => coalesce(first(c.id).over(window()), 0n).as("f"),
  );
  const kept = tutti.sql`select id, random() as r from ${chance}`.cache();
  const one = await kept.collect();
  expect(await kept.collect()).toEqual(one);
  expect(await kept.count()).toBe(100);
  await kept.unpersist();
  expect(await kept.collect()).not.toEqual(one);
});

test("when has branches and an end", async () => {
  const kinds = sales.select("id", (c) =>
    when(c.amount.gt(4), "many").when(c.amount.isNull(), "none").otherwise("few").as("kind"),
  );
  expect((await kinds.orderBy("id").collect()).map((row) => row.kind)).toEqual(["few", "none", "many", "many", "few"]);
});

test("iteration may be left at any time, and asked ahead", async () => {
  const many = tutti.rangeFrame(0, 1_000_000);
  const seen: bigint[] = [];
  for await (const row of many) {
    seen.push(row.id);
    if (seen.length === 3000) break;
  }
  expect(seen.at(-1)).toBe(2999n);
  const iterator = many.toLocalIterator();
  const ahead = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
  expect(ahead.map(({ value }) => (value as { id: bigint }).id)).toEqual([0n, 1n, 2n]);
  await iterator.return?.();
});
