import { dial } from "@tutti/link";
import { RuntimeError } from "../runtime-error.ts";
import { openChannel } from "./channel.ts";
import { linkOptions, type ClusterSecurity } from "./cluster-link.ts";
import { openCoord, type CoordOptions } from "./coord-place.ts";
import type { MasterQuestion, ToDriver } from "./driver-messages.ts";
import { watchElection } from "./leader-watch.ts";
import type { MasterReport } from "./master-report.ts";

export interface AskOptions extends CoordOptions, ClusterSecurity {
  /** How long to look for a master. Default: 10 000. */
  readonly timeoutMs?: number;
}

/** Asks whoever leads the cluster what it has before it, or to end a job. */
export async function askMaster(options: AskOptions, question: MasterQuestion): Promise<MasterReport> {
  const { timeoutMs = 10_000 } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const place = await openCoord(options, signal);
    try {
      const { address } = await (await watchElection(place, signal)).leader(signal);
      const link = await dial(address, linkOptions("tool", { role: "tool" }, options), signal);
      const answered = Promise.withResolvers<MasterReport>();
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
        link.destroy();
      }
    } finally {
      await place.session.close();
    }
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new RuntimeError("no-master", `no master of ${options.coord} answered within ${timeoutMs} ms`, { cause });
  }
}
