import path from "node:path";
import { struct, t, type Context, type DataFrame, type ShapeOf } from "../../src/index.ts";

const money = t.decimal(15, 2);

const Region = struct({ r_regionkey: t.long, r_name: t.string, r_comment: t.string });
const Nation = struct({ n_nationkey: t.long, n_name: t.string, n_regionkey: t.long, n_comment: t.string });
const Supplier = struct({
  s_suppkey: t.long,
  s_name: t.string,
  s_address: t.string,
  s_nationkey: t.long,
  s_phone: t.string,
  s_acctbal: money,
  s_comment: t.string,
});
const Customer = struct({
  c_custkey: t.long,
  c_name: t.string,
  c_address: t.string,
  c_nationkey: t.long,
  c_phone: t.string,
  c_acctbal: money,
  c_mktsegment: t.string,
  c_comment: t.string,
});
const Part = struct({
  p_partkey: t.long,
  p_name: t.string,
  p_mfgr: t.string,
  p_brand: t.string,
  p_type: t.string,
  p_size: t.int,
  p_container: t.string,
  p_retailprice: money,
  p_comment: t.string,
});
const PartSupp = struct({
  ps_partkey: t.long,
  ps_suppkey: t.long,
  ps_availqty: t.int,
  ps_supplycost: money,
  ps_comment: t.string,
});
const Orders = struct({
  o_orderkey: t.long,
  o_custkey: t.long,
  o_orderstatus: t.string,
  o_totalprice: money,
  o_orderdate: t.date,
  o_orderpriority: t.string,
  o_clerk: t.string,
  o_shippriority: t.int,
  o_comment: t.string,
});
const LineItem = struct({
  l_orderkey: t.long,
  l_partkey: t.long,
  l_suppkey: t.long,
  l_linenumber: t.int,
  l_quantity: money,
  l_extendedprice: money,
  l_discount: money,
  l_tax: money,
  l_returnflag: t.string,
  l_linestatus: t.string,
  l_shipdate: t.date,
  l_commitdate: t.date,
  l_receiptdate: t.date,
  l_shipinstruct: t.string,
  l_shipmode: t.string,
  l_comment: t.string,
});

type Frame<T> = DataFrame<ShapeOf<T>>;

export interface Tables {
  readonly region: Frame<typeof Region>;
  readonly nation: Frame<typeof Nation>;
  readonly supplier: Frame<typeof Supplier>;
  readonly customer: Frame<typeof Customer>;
  readonly part: Frame<typeof Part>;
  readonly partsupp: Frame<typeof PartSupp>;
  readonly orders: Frame<typeof Orders>;
  readonly lineitem: Frame<typeof LineItem>;
}

export const tableNames = [
  "region",
  "nation",
  "supplier",
  "customer",
  "part",
  "partsupp",
  "orders",
  "lineitem",
] as const;

/** The eight tables, each a Parquet file in a directory. */
export function openTables(tutti: Context, directory: string): Tables {
  const file = (name: string): string => path.join(directory, `${name}.parquet`);
  return {
    region: tutti.read.schema(Region).parquet(file("region")),
    nation: tutti.read.schema(Nation).parquet(file("nation")),
    supplier: tutti.read.schema(Supplier).parquet(file("supplier")),
    customer: tutti.read.schema(Customer).parquet(file("customer")),
    part: tutti.read.schema(Part).parquet(file("part")),
    partsupp: tutti.read.schema(PartSupp).parquet(file("partsupp")),
    orders: tutti.read.schema(Orders).parquet(file("orders")),
    lineitem: tutti.read.schema(LineItem).parquet(file("lineitem")),
  };
}
