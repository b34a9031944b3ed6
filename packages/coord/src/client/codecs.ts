import { CoordError } from "../coord-error.ts";

/** How values become the bytes of a node, and come back. */
export interface DataCodec<Value> {
  encode(value: Value): Uint8Array;
  /** Throws for bytes that are no such value. */
  decode(bytes: Uint8Array): Value;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** UTF-8. */
export const text: DataCodec<string> = {
  encode: (value) => encoder.encode(value),
  decode: (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new CoordError("malformed-record", "the data is not UTF-8", { cause });
    }
  },
};

/**
 * JSON in UTF-8. Without `parse` the value is taken for what the caller says it is.
 *
 * ```ts
 * import { connect, json } from "@tutti/coord";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const limits = json<{ readonly requestsMax: number }>();
 * await session.create("/limits", limits.encode({ requestsMax: 20 }));
 * console.log((await session.getAs("/limits", limits)).requestsMax); // => 20
 * await session.close();
 * await server.close();
 * ```
 */
export function json<Value>(parse: (value: unknown) => Value = (value) => value as Value): DataCodec<Value> {
  return {
    encode: (value) => encoder.encode(JSON.stringify(value)),
    decode: (bytes) => {
      let value: unknown;
      try {
        value = JSON.parse(text.decode(bytes));
      } catch (cause) {
        throw new CoordError("malformed-record", "the data is not JSON", { cause });
      }
      return parse(value);
    },
  };
}
