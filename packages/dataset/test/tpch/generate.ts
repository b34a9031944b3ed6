import path from "node:path";
import { connectEngine, sqlText } from "../../src/engine/duckdb.ts";

const list = (words: string): string => `[${words.split("|").map(sqlText).join(", ")}]`;

const nations =
  "ALGERIA:0|ARGENTINA:1|BRAZIL:1|CANADA:1|EGYPT:4|ETHIOPIA:0|FRANCE:3|GERMANY:3|INDIA:2|INDONESIA:2|IRAN:4|IRAQ:4|JAPAN:2|JORDAN:4|KENYA:0|MOROCCO:0|MOZAMBIQUE:0|PERU:1|CHINA:2|ROMANIA:3|SAUDI ARABIA:4|VIETNAM:2|RUSSIA:3|UNITED KINGDOM:3|UNITED STATES:1";

/** Numbers of rows at scale 1, in TPC-H's proportions. */
const tableSql = (scale: number): Readonly<Record<string, string>> => {
  const rows = (count: number): number => Math.max(1, Math.round(count * scale));
  const [parts, suppliers, customers, orders] = [rows(200_000), rows(10_000), rows(150_000), rows(1_500_000)];
  return {
    region: `select i as r_regionkey, ${list("AFRICA|AMERICA|ASIA|EUROPE|MIDDLE EAST")}[i + 1] as r_name, 'none' as r_comment from range(5) t(i)`,
    nation: `select i as n_nationkey, split_part(${list(nations)}[i + 1], ':', 1) as n_name,
      split_part(${list(nations)}[i + 1], ':', 2)::bigint as n_regionkey, 'none' as n_comment from range(25) t(i)`,
    supplier: `select i + 1 as s_suppkey, 'Supplier#' || lpad((i + 1)::varchar, 9, '0') as s_name, 'street ' || i as s_address,
      i % 25 as s_nationkey, (i % 25 + 10) || '-555-' || i as s_phone,
      ((pick(i, 2, 1099900) - 99900) / 100)::decimal(15, 2) as s_acctbal,
      case when i % 40 = 7 then 'the Customer has Complaints' else 'fine' end as s_comment from range(${suppliers}) t(i)`,
    customer: `select i + 1 as c_custkey, 'Customer#' || lpad((i + 1)::varchar, 9, '0') as c_name, 'lane ' || i as c_address,
      pick(i, 3, 25) as c_nationkey, (pick(i, 3, 25) + 10) || '-555-' || i as c_phone,
      ((pick(i, 4, 1099900) - 99900) / 100)::decimal(15, 2) as c_acctbal,
      ${list("AUTOMOBILE|BUILDING|FURNITURE|MACHINERY|HOUSEHOLD")}[pick(i, 5, 5) + 1] as c_mktsegment, 'none' as c_comment
      from range(${customers}) t(i)`,
    part: `select i + 1 as p_partkey,
      ${list("almond|blue|forest|green|ivory|lemon")}[pick(i, 6, 6) + 1] || ' ' || ${list("azure|green|khaki|navy|plum")}[pick(i, 7, 5) + 1] as p_name,
      'Manufacturer#' || (pick(i, 8, 5) + 1) as p_mfgr, 'Brand#' || (pick(i, 8, 5) + 1) || (pick(i, 9, 5) + 1) as p_brand,
      ${list("STANDARD|SMALL|MEDIUM|LARGE|ECONOMY|PROMO")}[pick(i, 10, 6) + 1] || ' ' || ${list("ANODIZED|BURNISHED|PLATED|POLISHED|BRUSHED")}[pick(i, 11, 5) + 1] || ' ' || ${list("TIN|NICKEL|BRASS|STEEL|COPPER")}[pick(i, 12, 5) + 1] as p_type,
      (pick(i, 13, 50) + 1)::integer as p_size,
      ${list("SM|LG|MED|JUMBO|WRAP")}[pick(i, 14, 5) + 1] || ' ' || ${list("CASE|BOX|BAG|JAR|PKG|PACK|CAN|DRUM")}[pick(i, 15, 8) + 1] as p_container,
      (900 + (i % 1000) / 10)::decimal(15, 2) as p_retailprice, 'none' as p_comment from range(${parts}) t(i)`,
    partsupp: `select i + 1 as ps_partkey, (i + j * ${Math.max(1, Math.floor(suppliers / 4))}) % ${suppliers} + 1 as ps_suppkey,
      (pick(i, 20 + j, 9999) + 1)::integer as ps_availqty, ((pick(i, 30 + j, 99900) + 100) / 100)::decimal(15, 2) as ps_supplycost,
      'none' as ps_comment from range(${parts}) t(i), range(4) s(j)`,
    orders: `select i * 4 + 1 as o_orderkey, pick(i, 40, ${customers} * 2 // 3) + 1 as o_custkey,
      ${list("F|O|P")}[pick(i, 41, 3) + 1] as o_orderstatus, ((pick(i, 42, 40000000) + 90000) / 100)::decimal(15, 2) as o_totalprice,
      date '1992-01-01' + pick(i, 43, 2406)::integer as o_orderdate,
      ${list("1-URGENT|2-HIGH|3-MEDIUM|4-NOT SPECIFIED|5-LOW")}[pick(i, 44, 5) + 1] as o_orderpriority, 'Clerk' as o_clerk,
      0 as o_shippriority, case when i % 50 = 3 then 'special packages requests' else 'plain' end as o_comment
      from range(${orders}) t(i)`,
    lineitem: `with l as (
        select i, j, i * 100 + j as n, pick(i * 100 + j, 50, ${parts}) as p,
          date '1992-01-01' + pick(i, 43, 2406)::integer as ordered
        from range(${orders}) t(i), range(7) s(j) where j <= pick(i, 51, 7) or i % 997 = 1)
      select i * 4 + 1 as l_orderkey, p + 1 as l_partkey,
      (p + pick(n, 52, 4) * ${Math.max(1, Math.floor(suppliers / 4))}) % ${suppliers} + 1 as l_suppkey, (j + 1)::integer as l_linenumber,
      (case when i % 997 = 1 then 48 else pick(n, 53, 50) + 1 end)::decimal(15, 2) as l_quantity,
      ((pick(n, 54, 9000000) + 90000) / 100)::decimal(15, 2) as l_extendedprice, (pick(n, 55, 11) / 100)::decimal(15, 2) as l_discount,
      (pick(n, 56, 9) / 100)::decimal(15, 2) as l_tax, ${list("R|A|N")}[pick(n, 57, 3) + 1] as l_returnflag,
      ${list("O|F")}[pick(n, 58, 2) + 1] as l_linestatus, ordered + (pick(n, 59, 121) + 1)::integer as l_shipdate,
      ordered + (pick(n, 60, 61) + 30)::integer as l_commitdate, ordered + (pick(n, 59, 121) + pick(n, 61, 30) + 2)::integer as l_receiptdate,
      ${list("DELIVER IN PERSON|COLLECT COD|NONE|TAKE BACK RETURN")}[pick(n, 62, 4) + 1] as l_shipinstruct,
      ${list("REG AIR|AIR|RAIL|SHIP|TRUCK|MAIL|FOB|AIR REG")}[pick(n, 63, 8) + 1] as l_shipmode, 'none' as l_comment from l`,
  };
};

/** Writes the eight tables with TPC-H's shapes and made-up values: any scale, no other program, the same every time. */
export async function generateTables(directory: string, scale: number): Promise<void> {
  const engine = await connectEngine();
  try {
    await engine.run(
      "create or replace temp macro pick(i, salt, n) as (hash(i::bigint, salt::bigint) % n::ubigint)::bigint",
    );
    for (const [name, query] of Object.entries(tableSql(scale))) {
      await engine.run(`copy (${query}) to ${sqlText(path.join(directory, `${name}.parquet`))} (format parquet)`);
    }
  } finally {
    engine.closeSync();
  }
}
