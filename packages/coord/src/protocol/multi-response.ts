import { CoordError } from "../coord-error.ts";
import { buffer, type Codec, int, record, text, vector } from "./codec.ts";
import { multiEnd, multiHeaderCodec } from "./multi-request.ts";
import { opcodes, requestTypeOf } from "./opcodes.ts";
import { type Stat, statCodec } from "./records.ts";

interface ResultBodies {
  create: { readonly path: string };
  /** Containers and TTL nodes are answered as create2, too. */
  create2: { readonly path: string; readonly stat: Stat };
  delete: object;
  setData: { readonly stat: Stat };
  check: object;
  getData: { readonly data: Uint8Array | null; readonly stat: Stat };
  getChildren: { readonly children: readonly string[] };
}

type SuccessResult = { [K in keyof ResultBodies]: { readonly type: K } & ResultBodies[K] }[keyof ResultBodies];

/** Outcome of one operation of a multi or multiRead. */
export type MultiResult = SuccessResult | { readonly type: "error"; readonly err: number };

export interface MultiResponse {
  readonly results: readonly MultiResult[];
}

const errorOpcode = -1;

const codecs: { readonly [K in keyof ResultBodies]: Codec<ResultBodies[K]> } = {
  create: record<ResultBodies["create"]>({ path: text }),
  create2: record<ResultBodies["create2"]>({ path: text, stat: statCodec }),
  delete: record<object>({}),
  setData: record<ResultBodies["setData"]>({ stat: statCodec }),
  check: record<object>({}),
  getData: record<ResultBodies["getData"]>({ data: buffer, stat: statCodec }),
  getChildren: record<ResultBodies["getChildren"]>({ children: vector(text) }),
};

export const multiResponseCodec: Codec<MultiResponse> = {
  bytesMin: multiHeaderCodec.bytesMin,
  write: (writer, { results }) => {
    for (const result of results) {
      if (result.type === "error") {
        multiHeaderCodec.write(writer, { type: errorOpcode, done: false, err: result.err });
        int.write(writer, result.err);
        continue;
      }
      multiHeaderCodec.write(writer, { type: opcodes[result.type], done: false, err: 0 });
      (codecs[result.type] as Codec<object>).write(writer, result);
    }
    multiHeaderCodec.write(writer, multiEnd);
  },
  read: (reader) => {
    const results: MultiResult[] = [];
    for (;;) {
      const header = multiHeaderCodec.read(reader);
      if (header.done) return { results };
      if (header.type === errorOpcode) {
        results.push({ type: "error", err: int.read(reader) });
        continue;
      }
      const type = requestTypeOf(header.type);
      if (type === undefined || !Object.hasOwn(codecs, type)) {
        throw new CoordError("malformed-record", `a multi response has no result of type ${header.type}`);
      }
      const body = (codecs[type as keyof ResultBodies] as Codec<object>).read(reader);
      results.push({ type, ...body } as MultiResult);
    }
  },
};
