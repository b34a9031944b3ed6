import type { SpeculationOptions } from "../core/scheduler.ts";
import { RuntimeError } from "../runtime-error.ts";

/** When a slow task gets a second attempt on another worker. The first result counts; the other attempt is ended. */
export interface SpeculationSettings {
  /** Which part of its stage must be done. Default: 0.75. */
  readonly quantile?: number;
  /** How many times the median of those done it must take. Default: 2. */
  readonly multiplier?: number;
  /** How long it must take at least. Default: 1 000. */
  readonly minimumMs?: number;
}

/** Throws `invalid-argument` for what is no measure. */
export function speculationOf(settings: SpeculationSettings | false = {}): SpeculationOptions | undefined {
  if (settings === false) return undefined;
  const { quantile = 0.75, multiplier = 2, minimumMs = 1_000 } = settings;
  const isValid = quantile > 0 && quantile <= 1 && multiplier >= 1 && minimumMs >= 10;
  if (isValid) return { quantile, multiplier, minimumMs };
  throw new RuntimeError(
    "invalid-argument",
    `speculation has quantile ${quantile} (above 0, at most 1), multiplier ${multiplier} (at least 1), minimumMs ${minimumMs} (at least 10)`,
  );
}
