import { connectEngine, sqlText } from "../engine/duckdb.ts";
import { fromEngine } from "../engine/engine-error.ts";
import { openFragmentDirectory } from "../files/fragment-directory.ts";
import { parquetOf, writePieces } from "../engine/parquet-pieces.ts";
import { batchesOf } from "../engine/read-chunks.ts";
import { withRoom } from "../engine/with-room.ts";
import { objectBuilder } from "../object-builder.ts";
import type { FrameSplit } from "./frame-split.ts";

/** The rows of a partition of a frame, as objects. */
export async function* readFrameSplit({ schema, timeZone, rows }: FrameSplit): AsyncGenerator<readonly unknown[]> {
  const build = objectBuilder(schema.map(({ name }) => name));
  const directory = await openFragmentDirectory();
  const connection = await connectEngine();
  try {
    await connection.run(`SET TimeZone = ${sqlText(timeZone)}`);
    if (rows.kind === "query")
      await connection.run(`CREATE OR REPLACE TEMP VIEW "${rows.leaf.name}" AS ${rows.leaf.query}`);
    const files =
      rows.kind === "query" ? [] : await writePieces([rows.pieces], { directory: directory.path, name: "rows" });
    if (rows.kind === "pieces" && files.length === 0) return;
    const opened = await withRoom(async (isWide) => {
      const query = rows.kind === "pieces" ? `SELECT * FROM ${parquetOf(files)}` : isWide ? rows.wideQuery : rows.query;
      const result = await connection.stream(query);
      return { result, first: await result.fetchChunk() };
    });
    for await (const { columns, rowCount } of batchesOf(opened, schema, undefined)) yield build(columns, rowCount);
  } catch (thrown) {
    throw fromEngine(thrown);
  } finally {
    connection.closeSync();
    await directory.remove();
  }
}
