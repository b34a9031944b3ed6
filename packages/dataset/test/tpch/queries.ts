import {
  avg,
  count,
  countDistinct,
  decimal,
  exists,
  lit,
  max,
  min,
  not,
  substring,
  sum,
  when,
  year,
  type Column,
  type DataFrame,
  type Decimal,
} from "../../src/index.ts";
import type { Tables } from "./tables.ts";

const day = (text: string): Date => new Date(`${text}T00:00:00Z`);

/** Price less discount. */
const revenueOf = (c: {
  readonly l_extendedprice: Column<Decimal>;
  readonly l_discount: Column<Decimal>;
}): Column<Decimal> => c.l_extendedprice.times(lit(1).minus(c.l_discount));

/** A frame of one row and one column, as a value. */
const scalar = <V>(frame: DataFrame<{ readonly value: V }>): Column<V | null> => frame.asScalar();

type Query = (tables: Tables) => { collect(): Promise<Record<string, unknown>[]>; explain(): Promise<string> };

/** The 22 queries of TPC-H, with the values that its specification proposes for validation. */
export const queries: readonly Query[] = [
  ({ lineitem }) =>
    lineitem
      .filter((c) => c.l_shipdate.le(day("1998-09-02")))
      .groupBy("l_returnflag", "l_linestatus")
      .agg((c) => ({
        sum_qty: sum(c.l_quantity),
        sum_base_price: sum(c.l_extendedprice),
        sum_disc_price: sum(revenueOf(c)),
        sum_charge: sum(revenueOf(c).times(lit(1).plus(c.l_tax))),
        avg_qty: avg(c.l_quantity),
        avg_price: avg(c.l_extendedprice),
        avg_disc: avg(c.l_discount),
        count_order: count(),
      }))
      .orderBy("l_returnflag", "l_linestatus"),

  ({ part, supplier, partsupp, nation, region }) => {
    const offers = partsupp
      .join(supplier, (l, r) => l.ps_suppkey.eq(r.s_suppkey))
      .join(nation, (l, r) => l.s_nationkey.eq(r.n_nationkey))
      .join(
        region.filter((c) => c.r_name.eq("EUROPE")),
        (l, r) => l.n_regionkey.eq(r.r_regionkey),
      );
    return part
      .filter((c) => c.p_size.eq(15).and(c.p_type.like("%BRASS")))
      .join(offers, (l, r) => l.p_partkey.eq(r.ps_partkey))
      .filter((c) => {
        const same = offers.filter((o) => o.ps_partkey.eq(c.p_partkey.outer()));
        return c.ps_supplycost.eq(scalar(same.agg((o) => ({ value: min(o.ps_supplycost) }))));
      })
      .select("s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone", "s_comment")
      .orderBy((c) => [c.s_acctbal.desc(), c.n_name, c.s_name, c.p_partkey])
      .limit(100);
  },

  ({ customer, orders, lineitem }) =>
    customer
      .filter((c) => c.c_mktsegment.eq("BUILDING"))
      .join(
        orders.filter((c) => c.o_orderdate.lt(day("1995-03-15"))),
        (l, r) => l.c_custkey.eq(r.o_custkey),
      )
      .join(
        lineitem.filter((c) => c.l_shipdate.gt(day("1995-03-15"))),
        (l, r) => l.o_orderkey.eq(r.l_orderkey),
      )
      .groupBy("l_orderkey", "o_orderdate", "o_shippriority")
      .agg((c) => ({ revenue: sum(revenueOf(c)) }))
      .select("l_orderkey", "revenue", "o_orderdate", "o_shippriority")
      .orderBy((c) => [c.revenue.desc(), c.o_orderdate])
      .limit(10),

  ({ orders, lineitem }) =>
    orders
      .filter((c) => c.o_orderdate.ge(day("1993-07-01")).and(c.o_orderdate.lt(day("1993-10-01"))))
      .filter((c) =>
        exists(lineitem.filter((l) => l.l_orderkey.eq(c.o_orderkey.outer()).and(l.l_commitdate.lt(l.l_receiptdate)))),
      )
      .groupBy("o_orderpriority")
      .agg(() => ({ order_count: count() }))
      .orderBy("o_orderpriority"),

  ({ customer, orders, lineitem, supplier, nation, region }) =>
    customer
      .join(
        orders.filter((c) => c.o_orderdate.ge(day("1994-01-01")).and(c.o_orderdate.lt(day("1995-01-01")))),
        (l, r) => l.c_custkey.eq(r.o_custkey),
      )
      .join(lineitem, (l, r) => l.o_orderkey.eq(r.l_orderkey))
      .join(supplier, (l, r) => l.l_suppkey.eq(r.s_suppkey).and(l.c_nationkey.eq(r.s_nationkey)))
      .join(nation, (l, r) => l.s_nationkey.eq(r.n_nationkey))
      .join(
        region.filter((c) => c.r_name.eq("ASIA")),
        (l, r) => l.n_regionkey.eq(r.r_regionkey),
      )
      .groupBy("n_name")
      .agg((c) => ({ revenue: sum(revenueOf(c)) }))
      .orderBy((c) => c.revenue.desc()),

  ({ lineitem }) =>
    lineitem
      .filter((c) =>
        c.l_shipdate
          .ge(day("1994-01-01"))
          .and(c.l_shipdate.lt(day("1995-01-01")))
          .and(c.l_discount.between(decimal("0.05"), decimal("0.07")))
          .and(c.l_quantity.lt(24)),
      )
      .agg((c) => ({ revenue: sum(c.l_extendedprice.times(c.l_discount)) })),

  ({ supplier, lineitem, orders, customer, nation }) => {
    const pair = nation.filter((c) => c.n_name.isIn(["FRANCE", "GERMANY"])).select("n_nationkey", "n_name");
    const from = pair.select(
      (c) => c.n_nationkey.as("supp_key"),
      (c) => c.n_name.as("supp_nation"),
    );
    const to = pair.select(
      (c) => c.n_nationkey.as("cust_key"),
      (c) => c.n_name.as("cust_nation"),
    );
    return supplier
      .join(from, (l, r) => l.s_nationkey.eq(r.supp_key))
      .join(
        lineitem.filter((c) => c.l_shipdate.between(day("1995-01-01"), day("1996-12-31"))),
        (l, r) => l.s_suppkey.eq(r.l_suppkey),
      )
      .join(orders, (l, r) => l.l_orderkey.eq(r.o_orderkey))
      .join(customer, (l, r) => l.o_custkey.eq(r.c_custkey))
      .join(to, (l, r) => l.c_nationkey.eq(r.cust_key).and(l.supp_nation.ne(r.cust_nation)))
      .select(
        "supp_nation",
        "cust_nation",
        (c) => year(c.l_shipdate).as("l_year"),
        (c) => revenueOf(c).as("volume"),
      )
      .groupBy("supp_nation", "cust_nation", "l_year")
      .agg((c) => ({ revenue: sum(c.volume) }))
      .orderBy("supp_nation", "cust_nation", "l_year");
  },

  ({ part, supplier, lineitem, orders, customer, nation, region }) => {
    const sellers = nation.select(
      (c) => c.n_nationkey.as("supp_key"),
      (c) => c.n_name.as("nation"),
    );
    return part
      .filter((c) => c.p_type.eq("ECONOMY ANODIZED STEEL"))
      .join(lineitem, (l, r) => l.p_partkey.eq(r.l_partkey))
      .join(supplier, (l, r) => l.l_suppkey.eq(r.s_suppkey))
      .join(
        orders.filter((c) => c.o_orderdate.between(day("1995-01-01"), day("1996-12-31"))),
        (l, r) => l.l_orderkey.eq(r.o_orderkey),
      )
      .join(customer, (l, r) => l.o_custkey.eq(r.c_custkey))
      .join(nation.select("n_nationkey", "n_regionkey"), (l, r) => l.c_nationkey.eq(r.n_nationkey))
      .join(
        region.filter((c) => c.r_name.eq("AMERICA")),
        (l, r) => l.n_regionkey.eq(r.r_regionkey),
      )
      .join(sellers, (l, r) => l.s_nationkey.eq(r.supp_key))
      .select(
        (c) => year(c.o_orderdate).as("o_year"),
        (c) => revenueOf(c).as("volume"),
        "nation",
      )
      .groupBy("o_year")
      .agg((c) => ({
        mkt_share: sum(when(c.nation.eq("BRAZIL"), c.volume).otherwise(decimal("0"))).div(sum(c.volume)),
      }))
      .orderBy("o_year");
  },

  ({ part, supplier, lineitem, partsupp, orders, nation }) =>
    part
      .filter((c) => c.p_name.like("%green%"))
      .join(lineitem, (l, r) => l.p_partkey.eq(r.l_partkey))
      .join(supplier, (l, r) => l.l_suppkey.eq(r.s_suppkey))
      .join(partsupp, (l, r) => l.l_suppkey.eq(r.ps_suppkey).and(l.l_partkey.eq(r.ps_partkey)))
      .join(orders, (l, r) => l.l_orderkey.eq(r.o_orderkey))
      .join(nation, (l, r) => l.s_nationkey.eq(r.n_nationkey))
      .select(
        (c) => c.n_name.as("nation"),
        (c) => year(c.o_orderdate).as("o_year"),
        (c) => revenueOf(c).minus(c.ps_supplycost.times(c.l_quantity)).as("amount"),
      )
      .groupBy("nation", "o_year")
      .agg((c) => ({ sum_profit: sum(c.amount) }))
      .orderBy((c) => [c.nation, c.o_year.desc()]),

  ({ customer, orders, lineitem, nation }) =>
    customer
      .join(
        orders.filter((c) => c.o_orderdate.ge(day("1993-10-01")).and(c.o_orderdate.lt(day("1994-01-01")))),
        (l, r) => l.c_custkey.eq(r.o_custkey),
      )
      .join(
        lineitem.filter((c) => c.l_returnflag.eq("R")),
        (l, r) => l.o_orderkey.eq(r.l_orderkey),
      )
      .join(nation, (l, r) => l.c_nationkey.eq(r.n_nationkey))
      .groupBy("c_custkey", "c_name", "c_acctbal", "c_phone", "n_name", "c_address", "c_comment")
      .agg((c) => ({ revenue: sum(revenueOf(c)) }))
      .select("c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment")
      .orderBy((c) => c.revenue.desc())
      .limit(20),

  ({ partsupp, supplier, nation }) => {
    const german = partsupp
      .join(supplier, (l, r) => l.ps_suppkey.eq(r.s_suppkey))
      .join(
        nation.filter((c) => c.n_name.eq("GERMANY")),
        (l, r) => l.s_nationkey.eq(r.n_nationkey),
      )
      .select("ps_partkey", (c) => c.ps_supplycost.times(c.ps_availqty).as("worth"));
    const least = german.agg((c) => ({ value: sum(c.worth).times(decimal("0.0001")) }));
    return german
      .groupBy("ps_partkey")
      .agg((c) => ({ value: sum(c.worth) }))
      .filter((c) => c.value.gt(scalar(least)))
      .orderBy((c) => c.value.desc());
  },

  ({ orders, lineitem }) => {
    const isUrgent = (c: { readonly o_orderpriority: Column<string> }): Column<boolean> =>
      c.o_orderpriority.isIn(["1-URGENT", "2-HIGH"]);
    return orders
      .join(
        lineitem.filter((c) =>
          c.l_shipmode
            .isIn(["MAIL", "SHIP"])
            .and(c.l_commitdate.lt(c.l_receiptdate))
            .and(c.l_shipdate.lt(c.l_commitdate))
            .and(c.l_receiptdate.ge(day("1994-01-01")))
            .and(c.l_receiptdate.lt(day("1995-01-01"))),
        ),
        (l, r) => l.o_orderkey.eq(r.l_orderkey),
      )
      .groupBy("l_shipmode")
      .agg((c) => ({
        high_line_count: sum(when(isUrgent(c), 1).otherwise(0)),
        low_line_count: sum(when(isUrgent(c), 0).otherwise(1)),
      }))
      .orderBy("l_shipmode");
  },

  ({ customer, orders }) =>
    customer
      .join(
        orders.filter((c) => not(c.o_comment.like("%special%requests%"))),
        (l, r) => l.c_custkey.eq(r.o_custkey),
        "left",
      )
      .groupBy("c_custkey")
      .agg((c) => ({ c_count: count(c.o_orderkey) }))
      .groupBy("c_count")
      .agg(() => ({ custdist: count() }))
      .orderBy((c) => [c.custdist.desc(), c.c_count.desc()]),

  ({ lineitem, part }) =>
    lineitem
      .filter((c) => c.l_shipdate.ge(day("1995-09-01")).and(c.l_shipdate.lt(day("1995-10-01"))))
      .join(part, (l, r) => l.l_partkey.eq(r.p_partkey))
      .agg((c) => ({
        promo_revenue: sum(when(c.p_type.like("PROMO%"), revenueOf(c)).otherwise(decimal("0")))
          .times(decimal("100.00"))
          .div(sum(revenueOf(c))),
      })),

  ({ supplier, lineitem }) => {
    const revenue = lineitem
      .filter((c) => c.l_shipdate.ge(day("1996-01-01")).and(c.l_shipdate.lt(day("1996-04-01"))))
      .groupBy("l_suppkey")
      .agg((c) => ({ total_revenue: sum(revenueOf(c)) }));
    return supplier
      .join(revenue, (l, r) => l.s_suppkey.eq(r.l_suppkey))
      .filter((c) => c.total_revenue.eq(scalar(revenue.agg((r) => ({ value: max(r.total_revenue) })))))
      .select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue")
      .orderBy("s_suppkey");
  },

  ({ partsupp, part, supplier }) =>
    partsupp
      .join(
        part.filter((c) =>
          c.p_brand
            .ne("Brand#45")
            .and(not(c.p_type.like("MEDIUM POLISHED%")))
            .and(c.p_size.isIn([49, 14, 23, 45, 19, 3, 36, 9])),
        ),
        (l, r) => l.ps_partkey.eq(r.p_partkey),
      )
      .filter((c) =>
        not(c.ps_suppkey.isIn(supplier.filter((s) => s.s_comment.like("%Customer%Complaints%")).select("s_suppkey"))),
      )
      .groupBy("p_brand", "p_type", "p_size")
      .agg((c) => ({ supplier_cnt: countDistinct(c.ps_suppkey) }))
      .orderBy((c) => [c.supplier_cnt.desc(), c.p_brand, c.p_type, c.p_size]),

  ({ lineitem, part }) =>
    lineitem
      .join(
        part.filter((c) => c.p_brand.eq("Brand#23").and(c.p_container.eq("MED BOX"))),
        (l, r) => l.l_partkey.eq(r.p_partkey),
      )
      .filter((c) => {
        const same = lineitem.filter((l) => l.l_partkey.eq(c.p_partkey.outer()));
        return c.l_quantity.lt(scalar(same.agg((l) => ({ value: avg(l.l_quantity).times(decimal("0.2")) }))));
      })
      .agg((c) => ({ avg_yearly: sum(c.l_extendedprice).div(decimal("7.0")) })),

  ({ customer, orders, lineitem }) => {
    const large = lineitem
      .groupBy("l_orderkey")
      .agg((c) => ({ quantity: sum(c.l_quantity) }))
      .filter((c) => c.quantity.gt(300))
      .select("l_orderkey");
    return customer
      .join(
        orders.filter((c) => c.o_orderkey.isIn(large)),
        (l, r) => l.c_custkey.eq(r.o_custkey),
      )
      .join(lineitem, (l, r) => l.o_orderkey.eq(r.l_orderkey))
      .groupBy("c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice")
      .agg((c) => ({ quantity: sum(c.l_quantity) }))
      .orderBy((c) => [c.o_totalprice.desc(), c.o_orderdate])
      .limit(100);
  },

  ({ lineitem, part }) =>
    lineitem
      .filter((c) => c.l_shipmode.isIn(["AIR", "AIR REG"]).and(c.l_shipinstruct.eq("DELIVER IN PERSON")))
      .join(part, (l, r) => l.l_partkey.eq(r.p_partkey))
      .filter((c) => {
        const fits = (
          brand: string,
          boxes: string,
          [least, most, size]: readonly [number, number, number],
        ): Column<boolean> =>
          c.p_brand
            .eq(brand)
            .and(c.p_container.isIn([...containers].filter((box) => box.startsWith(boxes))))
            .and(c.l_quantity.between(BigInt(least), BigInt(most)))
            .and(c.p_size.between(1, size));
        return fits("Brand#12", "SM", [1, 11, 5])
          .or(fits("Brand#23", "MED", [10, 20, 10]))
          .or(fits("Brand#34", "LG", [20, 30, 15]));
      })
      .agg((c) => ({ revenue: sum(revenueOf(c)) })),

  ({ supplier, nation, partsupp, part, lineitem }) => {
    const shipped = lineitem.filter((c) => c.l_shipdate.ge(day("1994-01-01")).and(c.l_shipdate.lt(day("1995-01-01"))));
    const excess = partsupp
      .filter((c) => c.ps_partkey.isIn(part.filter((p) => p.p_name.like("forest%")).select("p_partkey")))
      .filter((c) => {
        const same = shipped.filter((l) =>
          l.l_partkey.eq(c.ps_partkey.outer()).and(l.l_suppkey.eq(c.ps_suppkey.outer())),
        );
        return c.ps_availqty.gt(scalar(same.agg((l) => ({ value: sum(l.l_quantity).times(decimal("0.5")) }))));
      })
      .select("ps_suppkey");
    return supplier
      .filter((c) => c.s_suppkey.isIn(excess))
      .join(
        nation.filter((c) => c.n_name.eq("CANADA")),
        (l, r) => l.s_nationkey.eq(r.n_nationkey),
      )
      .select("s_name", "s_address")
      .orderBy("s_name");
  },

  ({ supplier, lineitem, orders, nation }) => {
    const late = lineitem.filter((c) => c.l_receiptdate.gt(c.l_commitdate));
    return supplier
      .join(late, (l, r) => l.s_suppkey.eq(r.l_suppkey))
      .join(
        orders.filter((c) => c.o_orderstatus.eq("F")),
        (l, r) => l.l_orderkey.eq(r.o_orderkey),
      )
      .join(
        nation.filter((c) => c.n_name.eq("SAUDI ARABIA")),
        (l, r) => l.s_nationkey.eq(r.n_nationkey),
      )
      .filter((c) =>
        exists(lineitem.filter((o) => o.l_orderkey.eq(c.l_orderkey.outer()).and(o.l_suppkey.ne(c.l_suppkey.outer())))),
      )
      .filter((c) =>
        not(exists(late.filter((o) => o.l_orderkey.eq(c.l_orderkey.outer()).and(o.l_suppkey.ne(c.l_suppkey.outer()))))),
      )
      .groupBy("s_name")
      .agg(() => ({ numwait: count() }))
      .orderBy((c) => [c.numwait.desc(), c.s_name])
      .limit(100);
  },

  ({ customer, orders }) => {
    const codes = customer
      .withColumn("cntrycode", (c) => substring(c.c_phone, 1, 2))
      .filter((c) => c.cntrycode.isIn(["13", "31", "23", "29", "30", "18", "17"]));
    const mean = codes.filter((c) => c.c_acctbal.gt(decimal("0.00"))).agg((c) => ({ value: avg(c.c_acctbal) }));
    return codes
      .filter((c) => c.c_acctbal.gt(scalar(mean)))
      .join(orders, (l, r) => l.c_custkey.eq(r.o_custkey), "anti")
      .groupBy("cntrycode")
      .agg((c) => ({ numcust: count(), totacctbal: sum(c.c_acctbal) }))
      .orderBy("cntrycode");
  },
];

/** The boxes of query 19. */
const containers: ReadonlySet<string> = new Set([
  "SM CASE",
  "SM BOX",
  "SM PACK",
  "SM PKG",
  "MED BAG",
  "MED BOX",
  "MED PKG",
  "MED PACK",
  "LG CASE",
  "LG BOX",
  "LG PACK",
  "LG PKG",
]);
