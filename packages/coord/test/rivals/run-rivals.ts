import { createPrng, mixSeed } from "@tutti/stdx";
import { openTarget } from "../interop/target.ts";
import { fight, type FightReport } from "./fight.ts";
import type { Work } from "./messages.ts";
import { share, type ShareReport } from "./share.ts";

export interface RivalsOptions {
  readonly work: Work;
  /** In all lanes together. */
  readonly roundCount: number;
  /** Groups that have nothing to do with each other, at the same time. */
  readonly laneCount: number;
  readonly seed: number;
}

/** Two to five ticks of the servers that the tests start: a session ends soon after its client fell silent. */
const sessionTimeoutMs = 250;

export type RivalsReport = FightReport | ShareReport;

/** Runs all lanes against one target. */
export async function runRivals({
  work,
  roundCount,
  laneCount,
  seed,
}: RivalsOptions): Promise<readonly RivalsReport[]> {
  const target = await openTarget();
  try {
    return await Promise.all(
      Array.from({ length: laneCount }, (_, lane): Promise<RivalsReport> => {
        const common = {
          target,
          path: `/${work}-${lane}`,
          roundCount: Math.ceil(roundCount / laneCount),
          sessionTimeoutMs,
          prng: createPrng(mixSeed(seed, lane)),
        };
        return work === "lock" || work === "leadership" ? fight({ ...common, work }) : share({ ...common, work });
      }),
    );
  } finally {
    await target.close();
  }
}
