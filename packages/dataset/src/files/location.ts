import { DatasetError } from "../dataset-error.ts";
import { shorten } from "../shorten.ts";
import type { FileAccess } from "./file-access.ts";
import { localFiles } from "./local-files.ts";

/** Where files are, and the name that they have there. */
export interface Location {
  readonly files: FileAccess;
  readonly path: string;
}

/**
 * Where a name leads that a caller gave. `file:///data/x` is the path `/data/x`, taken as it is written, as in Spark:
 * nothing in it is an escape.
 */
export function locate(name: string): Location {
  if (typeof name !== "string" || name === "") {
    throw new DatasetError("invalid-argument", `a path must be a text that is not empty; it is ${shorten(name)}`);
  }
  const [, scheme, path = ""] = /^([a-z][a-z0-9+.-]+):\/\/(.*)$/is.exec(name) ?? [];
  if (scheme === undefined) return { files: localFiles, path: name };
  if (scheme.toLowerCase() === "file" && path.startsWith("/")) return { files: localFiles, path };
  throw new DatasetError(
    "invalid-argument",
    `${shorten(name)} names a place that cannot be reached: paths of this machine, and what is mounted on it, can`,
  );
}
