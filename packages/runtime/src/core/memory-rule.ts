/**
 * How much a process holds of what it may. Each implies those before it:
 *
 * - `spill`: what tasks sort and group goes to files earlier
 * - `pause`: no new tasks
 * - `end`: the task that holds most is ended, before the machine ends somebody
 */
export type MemoryPressure = "none" | "spill" | "pause" | "end";

const spillShare = 0.6;
const pauseShare = 0.8;
const endShare = 0.95;

/** Below it a pause ends: it does not come and go with every sample. */
const resumeShare = 0.75;

export function memoryPressureOf(residentBytes: number, bytesMax: number, before: MemoryPressure): MemoryPressure {
  const share = residentBytes / bytesMax;
  if (share >= endShare) return "end";
  const wasPaused = before === "pause" || before === "end";
  if (share >= pauseShare || (wasPaused && share >= resumeShare)) return "pause";
  return share >= spillShare ? "spill" : "none";
}
