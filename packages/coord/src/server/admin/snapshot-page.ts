import { encodeApacheSnapshot, snapshotFileName } from "../../core/apache/snapshot-file.ts";
import { authenticate } from "../../pipeline/authenticate.ts";
import type { ServerPlace } from "../server-place.ts";
import type { HttpPage } from "./http-port.ts";

/** `Authorization: digest super:password` proves the super user; nobody else may have everything at once. */
function isSuper({ options, pipeline }: ServerPlace, authorization: string): boolean {
  const [, scheme = "", credential = ""] = /^(\S+)\s+(.+)$/.exec(authorization) ?? [];
  const request = { authType: 0, scheme, auth: new TextEncoder().encode(credential) };
  const ids = authenticate(request, [], {
    superDigest: options.superDigest,
    digestOf: (clear) => pipeline.environment.digestOf(clear),
  });
  return ids?.some((id) => id.scheme === "super") === true;
}

/** All nodes and sessions of one moment, as a file that ZooKeeper and `import` read. As ZooKeeper 3.9 asks for it. */
export function snapshotPage(place: ServerPlace, authorization: string | undefined): HttpPage {
  if (authorization === undefined) return { status: 401, type: "text/plain", body: "the super user only\n" };
  if (!isSuper(place, authorization)) return { status: 403, type: "text/plain", body: "the super user only\n" };
  const { machine } = place.pipeline;
  const name = snapshotFileName(machine.lastZxid);
  return {
    type: "application/octet-stream",
    body: encodeApacheSnapshot(machine),
    headers: {
      last_zxid: `0x${machine.lastZxid.toString(16)}`,
      "content-disposition": `attachment; filename="${name}"`,
    },
  };
}
