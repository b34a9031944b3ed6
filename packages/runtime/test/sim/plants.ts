import { readFileSync } from "node:fs";
import { loadOtherTexts, replaceOnce } from "@tutti/testkit";

/** A mistake on purpose: another text in a shipped file, as it is loaded, or a log that anybody may write. */
export type Plant = SourcePlant | { readonly kind: "unfenced"; readonly name: string; readonly foundBy: number };

interface SourcePlant {
  readonly kind: "source";
  readonly name: string;
  /** A seed under which it was seen: the first one when it was looked for last. */
  readonly foundBy: number;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const planted = (foundBy: number, name: string, file: string, [from, to]: readonly [string, string]): SourcePlant => {
  return { kind: "source", name, foundBy, file, from, to };
};
const lane = "cluster/cluster-lane.ts";
const term = "cluster/master-term.ts";
const pool = "cluster/worker-pool.ts";
const handle = "cluster/worker-handle.ts";
const desk = "cluster/driver-desk.ts";
const scheduler = "core/scheduler.ts";
const kept = "cluster/kept-outputs.ts";
const detached = "cluster/detached-jobs.ts";

/** The last eight, and more, were in the code until the simulator found them. */
export const plants: readonly Plant[] = [
  { kind: "unfenced", name: "a deposed master writes on", foundBy: 54 },
  planted(1, "used before it is logged", lane, ["await beforeDone?.(answer.id);", "void beforeDone?.(answer.id);"]),
  planted(7, "two masters name attempts alike", "cluster/run-logged-job.ts", ["`${log.state.termCount}-`", '""']),
  planted(146, "a worker that was given up may come back", pool, ["known === undefined && lostNames.has(id)", "false"]),
  planted(3, "a slot of an inherited task is never free", handle, [
    "worker.busySlotCount -= 1;\n      if (answer.kind",
    "if (answer.kind",
  ]),
  planted(7, "lost outputs are not made again", scheduler, ['state.partitions[output.partition] = "lost";', ""]),
  planted(1, "a standby takes up nothing", lane, [
    "if (chosen === undefined || asked === undefined)",
    "if (Number(task.attempt) >= 0 || chosen === undefined || asked === undefined)",
  ]),
  planted(10, "ended before the driver has it", term, ['if (outcome() === "succeeded") void', "if (false) void"]),
  planted(8, "a message lost with its link is waited for", handle, [
    'answer.reject(new RuntimeError("worker-lost", `the link',
    'void (new RuntimeError("worker-lost", `the link',
  ]),
  planted(7, "a lost worker's tasks are waited for", handle, [
    "for (const answer of asked.values()) answer.reject(reason);",
    "",
  ]),
  planted(1, "the end of a job is not in the state", "core/master-state.ts", [
    "job.end = end;\n          job.done.clear();",
    "job.done.clear();",
  ]),
  planted(1, "outputs of ended jobs stay", lane, ["pool.dropStages(stages", "void (stages"]),
  planted(608, "blocks that cannot be fetched are asked for again", lane, [
    'tellGone?.((block) => block.kind === "held" && names.has(nameOf(block)));',
    "",
  ]),
  planted(1, "the end before the results", desk, [
    "const to = channel;\n",
    'const to = channel;\n      to?.send({ kind: "jobEnded", request, end });\n',
  ]),
  planted(1, "the driver does not say that it has the end", "cluster/master-desk.ts", [
    'send({ kind: "received", request });',
    "",
  ]),
  planted(73, "jobs that nobody asks for stay open", term, [
    "this.#endUnwanted(told.driver, { openRequests: new Set(told.openRequests), givenUp: undefined });",
    "",
  ]),
  planted(8, "a link that was left takes the lease along", term, [
    "if (desk.detach(channel)) this",
    "desk.detach(channel);\n        this",
  ]),
  planted(455, "names of attempts are used twice", term, ["&& !this.#taken.has(one.job)", ""]),
  planted(8, "a late registration counts", pool, ["registration.linkNumber < known.linkNumber", "false"]),
  planted(149, "a late greeting of a driver counts", desk, ["if (linkNumber < newestLink) return false;", ""]),
  planted(19, "the end of a term reaches the workers", term, ["() => void this.close(), {", "() => undefined, {"]),
  planted(107, "what was kept is kept although parts are lost", "executor/run-job.ts", [
    "whole.length < partitionCount",
    "partitionCount < 0",
  ]),
  planted(199, "what a failed job would have kept stays", lane, [
    "!keptStages.has(stage.id)",
    "stage.keepAs === undefined",
  ]),
  planted(2, "what was kept and is released stays", kept, ["pool.dropStages(stageKeysOf(tasks));", ""]),
  planted(691, "what a job keeps is looked for while it runs again", kept, [
    "&& !tasks.some((id) => running.has(jobOf(id)))",
    "&& running.size > 0",
  ]),
  planted(3, "a job that outlives its driver ends with it", term, [
    "filter(({ body }) => body === undefined)",
    "slice()",
  ]),
  planted(3, "a job without a driver is nobody's after a takeover", detached, [
    "if (logged.end === undefined && logged.body !== undefined) void",
    "if (logged.job === undefined && logged.body !== undefined) void",
  ]),
  planted(388, "a result is named before it is kept", detached, [
    "await this.#put(blobs, name, encoded",
    "void this.#put(blobs, name, encoded",
  ]),
  planted(663, "a job is named before it is kept", detached, [
    "await this.#put(blobs, body, bytes",
    "void this.#put(blobs, body, bytes",
  ]),
  planted(5, "a job that is handed over twice is two", detached, ["if (this.#starting.has(request)) return;", ""]),
  planted(208, "what a dead master left stays", detached, ["void this.#sweep();", ""]),
  planted(5, "jobs that have ended stay whole", detached, ["await blobs.remove(body.name)", "await Promise.resolve()"]),
  planted(2, "both attempts at a task count", scheduler, ["return one.isGivenUp ? undefined : one;", "return one;"]),
  planted(171, "a second attempt begins although what it reads is gone", scheduler, [
    "states.filter((one) => isReady(one, states))",
    "states",
  ]),
  planted(1, "a task is overtaken whose output is on its way", scheduler, ["one.isEnding = true;", ""]),
  planted(3, "a worker where tasks break gets more of them", pool, [
    "if (own === 0) return false;",
    "if (own >= 0) return false;",
  ]),
  planted(339, "an attempt that failed stands before one that is done", handle, [
    ".filter((id) => inheritedDone.has(id) || inheritedRunning.has(id))",
    ".filter((id) => id !== undefined)",
  ]),
  planted(585, "tasks begin although their job is over", "cluster/run-logged-job.ts", ["lane.stopAll();", ""]),
  planted(1, "each share of a slice reads all of it", "executor/run-job.ts", [
    "all.slice(divided.cuts[share], divided.cuts[share + 1])",
    "all.slice()",
  ]),
  planted(3, "exclusions end with the term", term, ["exclusions: exclusionsIn(log.state),", "exclusions: [],"]),
  planted(49, "the last worker is excluded too", pool, ["return isOther;", "return true;"]),
  planted(2238, "a master that leads no more says what is not there", detached, [
    "return await log.confirm().then(",
    "return await Promise.resolve().then(",
  ]),
];

export function plantByName(name: string): Plant {
  const found = plants.find((plant) => plant.name === name);
  if (found === undefined) throw new RangeError(`${name} is none of ${plants.map((plant) => plant.name).join(", ")}`);
  return found;
}

const sources = new URL("../../src/", import.meta.url);

/** The text of a file with the mistake in it. Throws where the place is not there, or not only once. */
export function textWith({ file, from, to }: SourcePlant): string {
  return replaceOnce(readFileSync(new URL(file, sources), "utf8"), from, to);
}

/** From now on the file is loaded with the mistake in it. */
export function plantIn(plant: SourcePlant): void {
  const planted = new URL(plant.file, sources).href;
  loadOtherTexts((url) => (url === planted ? textWith(plant) : undefined));
}
