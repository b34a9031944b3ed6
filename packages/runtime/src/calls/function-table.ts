import type { CapturedBroadcast } from "../broadcast/broadcast.ts";
import { captureClosures, type CapturedClosures } from "../closure/capture.ts";
import type { ModuleReference } from "../closure/graph.ts";
import type { AnyFunction } from "../core/job.ts";
import type { CallLane } from "./call-lane.ts";

/** Functions that workers keep. Beyond them the oldest is sent again when it is used again. */
const keptFunctionsMax = 1000;

/** A function as workers get it. */
export interface SentFunction {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly broadcasts: readonly CapturedBroadcast[];
  /** What it imports. */
  readonly modules: readonly ModuleReference[];
  /** Captured once for all its calls: it closes over nothing that could change. */
  readonly isConstant: boolean;
}

/** Captures functions for calls, those that close over nothing once. `forgetKeys` tells the workers. */
export function createFunctionTable(
  forgetKeys: (keys: readonly string[]) => void,
): Pick<CallLane<SentFunction>, "prepare" | "forget"> {
  /** Weak, so that it forgets a function with the program. */
  const constants = new WeakMap<AnyFunction, SentFunction>();
  /** By content: functions made in a loop are many, and the same. In the order of use. */
  const kept = new Map<string, SentFunction>();
  let functionCount = 0;

  const keep = ({ bytes, modules }: CapturedClosures): SentFunction => {
    const content = Buffer.from(bytes).toString("latin1");
    const present = kept.get(content);
    if (present !== undefined) return present;
    const made: SentFunction = { key: `constant ${functionCount++}`, bytes, modules, broadcasts: [], isConstant: true };
    kept.set(content, made);
    const [oldest] = kept;
    if (kept.size > keptFunctionsMax && oldest !== undefined) {
      kept.delete(oldest[0]);
      forgetKeys([oldest[1].key]);
    }
    return made;
  };

  return {
    prepare(fn) {
      const known = constants.get(fn);
      if (known !== undefined) return known;
      const captured = captureClosures([fn]);
      if (!captured.isConstant) return { key: `function ${functionCount++}`, ...captured };
      const made = keep(captured);
      constants.set(fn, made);
      return made;
    },
    forget({ key, isConstant }) {
      if (!isConstant) forgetKeys([key]);
    },
  };
}
