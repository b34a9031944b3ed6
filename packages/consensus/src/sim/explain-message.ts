import type { ReplicaMessage } from "../core/messages.ts";
import { formatZxid } from "../core/zxid.ts";

/** For traces: without what users say. */
export function explainMessage(message: ReplicaMessage): string {
  return JSON.stringify(message, (key, value: unknown) => {
    if (typeof value === "bigint") return formatZxid(value);
    return key === "payload" || key === "chunk" ? undefined : value;
  });
}
