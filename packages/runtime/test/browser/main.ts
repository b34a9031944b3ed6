// The masters' page in a real browser: a worker is killed under a job, one whose disk is gone is excluded, and a task of a job that
// outlives its driver is overtaken. What the page shows is what the event log says. `main.ts [folder for screenshots]`. Needs chromium.
import { strict as assert } from "node:assert";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { JobGraph } from "../../src/index.ts";
import { startMembers, type MemberEvent } from "../cluster/member-processes.ts";
import { openBrowser } from "./browser.ts";

const [folder] = process.argv.slice(2);
const cluster = await startMembers({
  workerCount: 3,
  slotCount: 2,
  web: true,
  master: { speculation: { quantile: 0.5, minimumMs: 700 } },
});
const browser = await openBrowser();

const module = { specifier: "gated-tasks", url: new URL("../cluster/gated-tasks.ts", import.meta.url).href };
const rows = Array.from({ length: 12 }, (_, part) => Array.from({ length: 50 }, (__, index) => part * 50 + index));
const shared = { module, closures: [] };
const job: JobGraph = {
  name: "sums of numbers by parity",
  stages: [
    {
      ...shared,
      id: 0,
      name: "parallelize → cut by parity",
      exportName: "gatedSplit",
      partitionCount: 12,
      inputs: [{ kind: "rows", partitions: rows }],
      args: { directory: cluster.directory, holdMs: 300 },
    },
    {
      ...shared,
      id: 1,
      name: "slices → sum",
      exportName: "gatedSum",
      partitionCount: 2,
      inputs: [{ kind: "slice", from: { stage: 0 }, sliceCount: 2 }],
      args: { directory: cluster.directory, gate: "sum", holdMs: 400 },
    },
  ],
};

/** The last of its tasks does not end but by a second attempt. */
const [cut, sum] = job.stages;
const slowJob: JobGraph = {
  name: "sums, one of which hangs",
  stages: [
    { ...cut!, args: { directory: cluster.directory, gate: "never", slowPartition: 11 } },
    { ...sum!, args: cut!.args },
  ],
};

/** Each task needs a disk. */
const rowsOnDisk: JobGraph = {
  name: "rows as they are",
  stages: [
    {
      ...shared,
      module: { specifier: "tasks", url: new URL("../executor/tasks.ts", import.meta.url).href },
      id: 0,
      name: "parallelize",
      exportName: "rows",
      partitionCount: 12,
      inputs: [{ kind: "rows", partitions: rows }],
      args: undefined,
    },
  ],
};

interface Shown {
  readonly workers: readonly (readonly string[])[];
  readonly jobs: readonly (readonly string[])[];
  /** Of the job that is selected. */
  readonly tasks: readonly ShownTask[];
}

type ShownTask = readonly [task: string, outcome: string, overtakes: boolean];

const shownOf = async (name: string): Promise<Shown> => {
  await browser.evaluate(`document.querySelector('tr[data-job="${name}"]').click()`);
  return await browser.evaluate(`({
    workers: [...document.querySelectorAll("#workers tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent)),
    jobs: [...document.querySelectorAll("#jobs tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent)),
    tasks: [...document.querySelectorAll("#timeline rect")].map(
      (task) => [task.dataset.task, task.dataset.outcome, "overtakes" in task.dataset]),
  })`);
};

const stateIs = (state: string): Promise<void> =>
  browser.until(
    `[...document.querySelectorAll("#workers tbody tr")].some((row) => row.cells[1].textContent === "${state}")`,
  );

/** Its directory goes: whatever is written there fails. */
async function addBadWorker(): Promise<void> {
  const directory = path.join(cluster.directory, "bad");
  mkdirSync(directory);
  // More room than the others have: it gets tasks first.
  await cluster.startWorker({ directory, slotCount: 4 }).said(/^registered/);
  for (const name of readdirSync(directory)) rmSync(path.join(directory, name), { recursive: true });
}

function checkWorkers(shown: Shown, events: readonly MemberEvent[]): void {
  const isTold = (event: string, worker: string | undefined): boolean =>
    events.some((one) => one.event === event && one["worker"] === worker && one["stage"] === undefined);
  const finished = events.filter(({ event }) => event === "taskFinished");
  for (const [name, state, , , done] of shown.workers) {
    const expected = isTold("workerLost", name) ? "lost" : isTold("workerExcluded", name) ? "excluded" : "up";
    assert.equal(state, expected, `the state of ${name}`);
    assert.equal(Number(done), finished.filter(({ worker }) => worker === name).length, `the tasks of ${name}`);
  }
  assert.equal(shown.workers.length, events.filter(({ event }) => event === "workerJoined").length);
  const states = new Set(shown.workers.map(([, state]) => state));
  assert.deepEqual(states, new Set(["lost", "up", "excluded"]));
}

/** The attempts of a job, each with its end. */
function checkTasks({ tasks }: Shown, ofJob: readonly MemberEvent[]): void {
  const named = (event: string): MemberEvent[] => ofJob.filter((one) => one.event === event);
  const textOf = ({ stage, partition }: MemberEvent): string => `${String(stage)}.${String(partition)}`;
  assert.deepEqual(tasks.map(([task]) => task).toSorted(), named("taskStarted").map(textOf).toSorted());
  const withOutcome = (wanted: string): number => tasks.filter(([, outcome]) => outcome === wanted).length;
  assert.equal(withOutcome("done"), named("taskFinished").length);
  assert.equal(withOutcome("stopped"), named("taskStopped").length);
  const overtaking = tasks.filter(([, , overtakes]) => overtakes).length;
  assert.equal(overtaking, named("taskStarted").filter(({ overtakes }) => overtakes === true).length);
}

try {
  const address = (await cluster.masters[0]?.said(/shows the cluster at/))?.replace(/.* at /, "") ?? "";
  await browser.open(address);
  await browser.until(`document.querySelectorAll("#workers tbody tr").length === 3`);
  const result = cluster.executor.run(job);
  await browser.until(`document.querySelectorAll('#timeline rect[data-outcome="done"]').length >= 12`);
  cluster.workers[1]?.process.kill("SIGKILL");
  await stateIs("lost");
  writeFileSync(path.join(cluster.directory, "gate-sum"), "");
  await result;
  const detached = await cluster.executor.startDetached(slowJob);
  await cluster.executor.attach(detached);
  await addBadWorker();
  for (let run = 0; run < 2; run += 1) await cluster.executor.run(rowsOnDisk);
  await stateIs("excluded");
  await browser.until(`document.querySelector("#jobs tbody tr").cells[2].textContent === "succeeded"`);

  const events = await cluster.events();
  const names = [...new Set(events.flatMap((one) => (one.event === "jobStarted" ? [String(one["job"])] : [])))];
  for (const name of names)
    checkTasks(
      await shownOf(name),
      events.filter((one) => one["job"] === name),
    );
  const shown = await shownOf("j1");
  checkWorkers(shown, events);
  assert.deepEqual(
    shown.jobs.map((cells) => cells.slice(0, 4)),
    [
      ["j4", rowsOnDisk.name, "succeeded", "12 of 12"],
      ["j3", rowsOnDisk.name, "succeeded", "12 of 12"],
      [detached, `${slowJob.name} detached`, "succeeded", "14 of 14"],
      ["j1", job.name, "succeeded", "14 of 14"],
    ],
  );
  const count = (event: string): number => events.filter((one) => one.event === event).length;
  assert.ok(count("taskStopped") > 0, "nothing was overtaken");
  console.log(
    `4 jobs, ${count("taskStarted")} attempts, ${count("taskFinished")} ends, ${count("taskStopped")} overtaken, 4 workers, one lost and one excluded: shown as logged`,
  );

  if (folder !== undefined) {
    assert.ok(existsSync(folder), `${folder} is no folder`);
    for (const theme of ["light", "dark"] as const) {
      writeFileSync(
        path.join(folder, `cluster-${theme}.png`),
        await browser.screenshot({ theme, width: 1120, height: 1260 }),
      );
    }
    writeFileSync(
      path.join(folder, "cluster-phone.png"),
      await browser.screenshot({ theme: "light", width: 390, height: 844 }),
    );
    console.log(`screenshots in ${folder}`);
  }
} finally {
  await browser.close();
  await cluster.close();
}
