import { memoryPressureOf, type MemoryPressure } from "../core/memory-rule.ts";

/** How often memory is looked at. What a task takes in between is what the last 5 % are for. */
const sampleAfterMs = 100;

/** Memory of a thread that was ended goes back little by little. */
const endAgainAfterMs = 1_000;

export interface MemoryWatchParts {
  /** What the process may hold. */
  readonly bytesMax: number;
  /** No new tasks are wanted, or they are again. */
  readonly onPause: (isPaused: boolean, residentBytes: number) => void;
  /** Ends the task that holds most. */
  readonly endLargest: (residentBytes: number) => Promise<void>;
  /** How many tasks run. */
  readonly runningCount: () => number;
  /** Ends threads that do nothing: what their heaps hold is garbage. */
  readonly endIdle: () => void;
}

/** Looks at the resident size of this process, from a thread that runs no tasks. */
export interface MemoryWatch {
  /** One word that tasks see: 1 where they shall hold less. */
  readonly isTight: Int32Array<SharedArrayBuffer>;
  readonly isPaused: boolean;
  close(): void;
}

export function watchMemory(parts: MemoryWatchParts): MemoryWatch {
  const { bytesMax, onPause, endLargest, runningCount, endIdle } = parts;
  const isTight = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let pressure: MemoryPressure = "none";
  let isPaused = false;
  let endedAtMs = -Infinity;

  const look = (): void => {
    const residentBytes = process.memoryUsage.rss();
    pressure = memoryPressureOf(residentBytes, bytesMax, pressure);
    Atomics.store(isTight, 0, pressure === "none" ? 0 : 1);
    const isHigh = pressure === "pause" || pressure === "end";
    if (isHigh && runningCount() === 0) endIdle();
    // Where nothing runs nothing will be given back: to wait for it would be to wait for ever.
    const pauses = isHigh && runningCount() > 0;
    if (pauses !== isPaused) {
      isPaused = pauses;
      onPause(isPaused, residentBytes);
    }
    if (pressure !== "end" || performance.now() < endedAtMs + endAgainAfterMs) return;
    endedAtMs = performance.now();
    void endLargest(residentBytes);
  };

  const timer = setInterval(look, sampleAfterMs);
  timer.unref();
  return {
    isTight,
    get isPaused() {
      return isPaused;
    },
    close: () => clearInterval(timer),
  };
}
