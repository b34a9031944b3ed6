import { permissions } from "../protocol/opcodes.ts";
import type { Acl } from "../protocol/records.ts";

/** Access control lists for the usual cases. */
export const acls: Readonly<Record<"open" | "readOnly" | "creatorOnly", readonly Acl[]>> = {
  /** Everybody may do everything. The default. */
  open: [{ perms: permissions.all, scheme: "world", id: "anyone" }],
  /** Everybody may read, nobody may change. */
  readOnly: [{ perms: permissions.read, scheme: "world", id: "anyone" }],
  /** Whoever this session has authenticated as may do everything. */
  creatorOnly: [{ perms: permissions.all, scheme: "auth", id: "" }],
};
