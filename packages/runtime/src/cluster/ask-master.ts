import { setTimeout as delay } from "node:timers/promises";
import { dial, LinkError, type LinkErrorCode } from "@tutti/link";
import { RuntimeError } from "../runtime-error.ts";
import { openChannel } from "./channel.ts";
import { linkOptions, type ClusterAddress, type ClusterSecurity } from "./cluster-link.ts";
import { openCoord, type CoordOptions } from "./coord-place.ts";
import type { MasterQuestion, ToDriver } from "./driver-messages.ts";
import { watchElection } from "./leader-watch.ts";
import type { MasterReport } from "./master-report.ts";

export interface AskOptions extends CoordOptions, ClusterSecurity {
  /** How long to look for a master. Default: 10 000. */
  readonly timeoutMs?: number;
}

const askAgainAfterMs = 100;

/** What passes when another master takes over, or the elected one has read its log. */
const passing: ReadonlySet<LinkErrorCode> = new Set(["refused", "connect-failed", "broken", "silent", "closed"]);

/** Asks whoever leads the cluster what it has before it, or to end a job. Asking twice is the same as asking once. */
export async function askMaster(options: AskOptions, question: MasterQuestion): Promise<MasterReport> {
  const { timeoutMs = 10_000 } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  let last: unknown;
  try {
    const place = await openCoord(options, signal);
    try {
      const leaders = await watchElection(place, signal);
      for (;;) {
        const { address, changed } = await leaders.leader(signal);
        try {
          return await askOne(address, AbortSignal.any([signal, changed]), options, question);
        } catch (thrown) {
          last = thrown;
          if (thrown instanceof LinkError && !passing.has(thrown.code)) throw thrown;
        }
        await delay(askAgainAfterMs, undefined, { signal });
      }
    } finally {
      await place.session.close();
    }
  } catch (cause) {
    if (!signal.aborted) throw cause;
    const what = `no master of ${options.coord} answered within ${timeoutMs} ms`;
    throw new RuntimeError("no-master", what, { cause: last ?? cause });
  }
}

async function askOne(
  address: ClusterAddress,
  signal: AbortSignal,
  security: ClusterSecurity,
  question: MasterQuestion,
): Promise<MasterReport> {
  const link = await dial(address, linkOptions("tool", { role: "tool" }, security), signal);
  const answered = Promise.withResolvers<MasterReport>();
  const leave = (): void => link.destroy();
  signal.addEventListener("abort", leave, { once: true });
  const channel = openChannel({
    link,
    directory: undefined,
    onMessage(message) {
      const told = message as ToDriver;
      if (told.kind === "answer") answered.resolve(told.report);
    },
    onDown: answered.reject,
  });
  channel.send({ kind: "ask", id: "1", question });
  try {
    return await answered.promise;
  } finally {
    signal.removeEventListener("abort", leave);
    link.destroy();
  }
}
