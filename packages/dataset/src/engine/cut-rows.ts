import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Schema } from "../plan/data-type.ts";
import { sqlText } from "./duckdb.ts";
import { exchangeColumns } from "./exchange-columns.ts";
import { openFragmentDirectory } from "../files/fragment-directory.ts";
import { exchangeFormat, readPieces, type Piece } from "./parquet-pieces.ts";

type Cutting = (query: string, connection: DuckDBConnection) => Promise<Piece[][]>;

/** The rows of a query that only the driver can run, as some files of about the same number of rows. */
export function cutRows(schema: Schema, count: number): Cutting {
  return async (query, connection) => {
    const directory = await openFragmentDirectory();
    const file = path.join(directory.path, "leaf.parquet");
    try {
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE tutti_leaf AS SELECT ${exchangeColumns(schema)} FROM (${query})`,
      );
      const [[rows = 0n] = []] = (
        await connection.runAndReadAll("SELECT count(*) FROM tutti_leaf")
      ).getRowsJS() as bigint[][];
      const parts = Math.max(1, Math.min(count, Number(rows)));
      const pieces: Piece[][] = [];
      for (let part = 0; part < parts; part += 1) {
        const [from, to] = [part, part + 1].map((at) => (BigInt(at) * rows) / BigInt(parts));
        await connection.run(
          `COPY (SELECT * FROM tutti_leaf WHERE rowid >= ${from} AND rowid < ${to}) TO ${sqlText(file)} (${exchangeFormat})`,
        );
        pieces.push(await readPieces(file));
      }
      return pieces;
    } finally {
      await directory.remove();
    }
  };
}
