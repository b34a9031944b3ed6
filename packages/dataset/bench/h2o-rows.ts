import { struct, t } from "../src/index.ts";
import { connectEngine, sqlText } from "../src/engine/duckdb.ts";

const groupSize = 100;

export const Rows = struct({
  id1: t.string,
  id2: t.string,
  id3: t.string,
  id4: t.int,
  id5: t.int,
  id6: t.int,
  v1: t.int,
  v2: t.int,
  v3: t.double,
});
/** The table of h2oai's db-benchmark: made by hashes, the same every time. */
export async function writeRows(file: string, rowCount: number): Promise<void> {
  const engine = await connectEngine();
  const [many, few] = [Math.ceil(rowCount / groupSize), groupSize];
  const pick = (salt: number, n: number): string => `(1 + (hash(i, ${salt}) % ${n}))::INTEGER`;
  await engine.run(
    `COPY (SELECT format('id{:03d}', ${pick(1, few)}) AS id1, format('id{:03d}', ${pick(2, few)}) AS id2,
      format('id{:010d}', ${pick(3, many)}) AS id3, ${pick(4, few)} AS id4, ${pick(5, few)} AS id5, ${pick(6, many)} AS id6,
      ${pick(7, 5)} AS v1, ${pick(8, 15)} AS v2, round((hash(i, 9) % 100000000) / 1000000.0, 6)::DOUBLE AS v3
      FROM range(${rowCount}) t(i)) TO ${sqlText(file)} (FORMAT parquet)`,
  );
  engine.closeSync();
}
