import type { NodeId } from "../core/entry.ts";

/** The facts of a run in order: always as one number, as lines where they are asked for. */
export interface Trace {
  readonly hash: number;
  readonly lines: string[];
  /** `detail` is asked for only where lines are kept; `salt` is what of it goes into the number. */
  readonly record: (node: NodeId, kind: string, detail: () => string, salt: number) => void;
  /** A line that is not part of the number: what was done, not what came of it. */
  readonly note: (node: NodeId, kind: string, detail: string) => void;
}

const linesMax = 4000;

/** Begins one. `now` is the virtual time; lines are kept, the last few thousand, where `isKept` says so. */
export function createTrace(now: () => number, isKept: boolean): Trace {
  let hash = 0x811c_9dc5;
  const lines: string[] = [];
  const keep = (node: NodeId, kind: string, detail: string): void => {
    lines.push(`${now().toFixed(2).padStart(9)} ${node} ${kind.padEnd(8)} ${detail}`);
    if (lines.length > linesMax) lines.splice(0, linesMax / 2);
  };
  return {
    get hash() {
      return hash;
    },
    lines,
    note: (node, kind, detail) => {
      if (isKept) keep(node, kind, detail);
    },
    record: (node, kind, detail, salt) => {
      const mixed = Math.imul(hash ^ (now() * 1000), 0x0100_0193) ^ (node * 31 + kind.length * 7 + salt);
      hash = Math.imul(mixed, 0x0100_0193) >>> 0;
      if (isKept) keep(node, kind, detail());
    },
  };
}
