import { deserialize, serialize } from "node:v8";
import { RuntimeError } from "../runtime-error.ts";
import type { ClosureGraph } from "./graph.ts";
import { refuse } from "./refusal.ts";

// "TC", the version of graph.ts, the length of the writer's Node.js version, that version, and the graph by v8.serialize.
const magic = [0x54, 0x43] as const;
const graphVersion = 2;
const headerBytes = 4;

/** The second byte of what `v8.serialize` writes is the version of V8's own format; a reader reads its own and older. */
const v8FormatOffset = 1;
const ownV8Format: number = serialize(0)[v8FormatOffset] ?? 0;

export function encodeGraph(graph: ClosureGraph): Uint8Array {
  const writer = Buffer.from(process.version, "latin1");
  return Buffer.concat([Buffer.from([...magic, graphVersion, writer.length]), writer, serialize(graph)]);
}

/** Reads what `encodeGraph` wrote here or in another process, or says which Node.js wrote it and why it is unreadable. */
export function decodeGraph(bytes: Uint8Array): ClosureGraph {
  if (bytes[0] !== magic[0] || bytes[1] !== magic[1]) {
    throw new RuntimeError("invalid-argument", `These ${bytes.length} bytes are no captured closure`);
  }
  const payloadOffset = headerBytes + (bytes[3] ?? 0);
  const writer = Buffer.from(bytes.subarray(headerBytes, payloadOffset)).toString("latin1");
  const payload = bytes.subarray(payloadOffset);
  const v8Format = payload[v8FormatOffset] ?? 0;
  if (bytes[2] !== graphVersion || v8Format > ownV8Format) {
    const formats = `its format is ${bytes[2]}.${v8Format}, and ${graphVersion}.${ownV8Format} can be read here`;
    throw refuse(
      "E_ENGINE",
      "closure",
      `A closure written by Node.js ${writer} reached ${process.version}: ${formats}`,
    );
  }
  return deserialize(payload) as ClosureGraph;
}
