import { snapshotFileName } from "../../core/apache/snapshot-file.ts";
import { authenticate } from "../../pipeline/authenticate.ts";
import type { ServerPlace } from "../server-place.ts";
import { drawBackup } from "./draw-backup.ts";
import type { HttpPage, PageRequest } from "./http-port.ts";

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
export async function snapshotPage(
  place: ServerPlace,
  { authorization, signal }: PageRequest,
): Promise<HttpPage | undefined> {
  if (authorization === undefined) return { status: 401, type: "text/plain", body: "the super user only\n" };
  if (!isSuper(place, authorization)) return { status: 403, type: "text/plain", body: "the super user only\n" };
  const backup = await drawBackup(place.pipeline.machine, signal);
  if (backup === undefined) return undefined;
  const { lastZxid, chunks } = backup;
  const name = snapshotFileName(lastZxid);
  return {
    type: "application/octet-stream",
    body: Buffer.concat(chunks),
    headers: {
      last_zxid: `0x${lastZxid.toString(16)}`,
      "content-disposition": `attachment; filename="${name}"`,
    },
  };
}
