import { DatasetError, type DatasetErrorCode } from "../dataset-error.ts";

/** Turns what the engine threw into one of our errors: by the code that our own guards put in, else by its words. */
export function fromEngine(thrown: unknown): DatasetError {
  if (thrown instanceof DatasetError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const guarded = /tutti:([a-z-]+):([\s\S]*)$/.exec(message);
  if (guarded !== null) {
    return new DatasetError(guarded[1] as DatasetErrorCode, firstLines(guarded[2] ?? ""), { cause: thrown });
  }
  const [, code = "query-failed", text] = rules.find(([pattern]) => pattern.test(message)) ?? [];
  return new DatasetError(code, text ?? firstLines(message), { cause: thrown });
}

/** The engine's words, our code, and our words where its own would lead astray. */
const rules: readonly (readonly [RegExp, DatasetErrorCode, string?])[] = [
  [/^INTERRUPT/i, "canceled"],
  [/more than one row returned by a subquery/i, "invalid-value", "a frame used as a value has more than one row"],
  [/^Out of Memory/i, "out-of-memory"],
  [
    /^(Out of Range Error|Conversion Error)[\s\S]*(overflow|out of range|can't be cast because the value|does not fit|could not be cast to DECIMAL|Could not cast value)/i,
    "overflow",
  ],
  [/Could not parse string/i, "invalid-cast"],
  [/Map keys? (must|can)/i, "invalid-value"],
  [/^Conversion Error/i, "invalid-cast"],
  [/^Out of Range Error/i, "overflow"],
  [/^IO Error[\s\S]*(Could not write|No space left on device|Read-only file system)/i, "write-failed"],
  [/^IO Error: (No files found|Cannot open file.*No such file)/i, "not-found"],
  [
    /^(Invalid Input Error|IO Error|Invalid Error|Serialization Error)[\s\S]*(parquet|csv|json|file|read|zstd|gzip|snappy)/i,
    "unreadable",
  ],
  [/^IO Error/i, "unreadable"],
];

/** The engine adds the SQL text, which holds our names and not the user's. */
function firstLines(message: string): string {
  return (message.split(/\n\s*\nLINE \d+:/)[0] ?? message).trim();
}
