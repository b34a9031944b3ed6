import { chunksOfWhole } from "../files/read-file.ts";
import { findFiles } from "./find-files.ts";

/** A whole file as one row. */
export async function readWholeFile(
  path: string,
  as: "text" | "bytes",
): Promise<readonly [string, string | Uint8Array]> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOfWhole(path)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return [path, as === "text" ? bytes.toString("utf8") : Uint8Array.from(bytes)];
}

/** One partition for each file. */
export async function planWholeFiles(pattern: string): Promise<readonly string[]> {
  return (await findFiles(pattern)).map((file) => file.path);
}
