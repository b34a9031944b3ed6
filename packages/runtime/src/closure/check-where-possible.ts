import type { AnyFunction } from "../core/job.ts";
import { RuntimeError } from "../runtime-error.ts";
import { checkClosures } from "./capture.ts";

/**
 * What could not travel is refused in process too, so that another executor never changes an answer. Where this process has
 * no inspector (`node --permission`), there is no other executor to change it.
 */
export function checkClosuresWherePossible(closures: readonly AnyFunction[]): void {
  try {
    checkClosures(closures);
  } catch (thrown) {
    if (!(thrown instanceof RuntimeError) || thrown.refusal?.reason !== "E_ENGINE") throw thrown;
  }
}
