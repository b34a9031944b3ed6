import { isDeepStrictEqual, inspect } from "node:util";
import type { AnyFunction } from "../../src/core/job.ts";
import { captureClosures } from "../../src/closure/capture.ts";
import { reviveClosures } from "../../src/closure/revive.ts";
import { RuntimeError } from "../../src/runtime-error.ts";
import { closureCases, type ClosureCase } from "./cases.ts";
import { onEarlyCapture } from "./cases-refused.ts";

export interface CaseReport {
  readonly arrived: number;
  readonly refused: number;
  /** One line for each case that went otherwise than the table says. */
  readonly wrong: readonly string[];
}

/** Runs one case; returns what went wrong, or undefined. */
export async function runCase(one: ClosureCase): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    ({ bytes } = captureClosures([madeBy(one)]));
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== "cannot-travel") throw error;
    const reason = error.refusal?.reason ?? "E_ENGINE";
    return one.refused?.includes(reason) === true ? undefined : `refused: ${error.message}`;
  }
  if (one.refused !== undefined) return `not refused, but expected ${one.refused.join(" or ")}`;
  const [revived] = await reviveClosures(bytes);
  const result: unknown = await (revived as () => unknown)();
  if (isDeepStrictEqual(result, one.expected)) return undefined;
  return `${inspect(result)} instead of ${inspect(one.expected)}`;
}

function madeBy(one: ClosureCase): AnyFunction {
  onEarlyCapture((fn) => captureClosures([fn]));
  return one.make() as AnyFunction;
}

/** Runs the whole table, for environments that have no test runner. */
export async function runCases(): Promise<CaseReport> {
  let [arrived, refused] = [0, 0];
  const wrong: string[] = [];
  for (const one of closureCases) {
    const outcome = await runCase(one).catch((error: unknown) => inspect(error));
    if (outcome !== undefined) wrong.push(`${one.group}: ${one.name}: ${outcome}`);
    else if (one.refused === undefined) arrived += 1;
    else refused += 1;
  }
  return { arrived, refused, wrong };
}
