// The masters' page in a real browser, with a job that runs and a worker that is killed: what it shows is what the event log
// says. `main.ts [folder for screenshots]`. Needs chromium.
import { strict as assert } from "node:assert";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { JobGraph } from "../../src/index.ts";
import { startMembers } from "../cluster/member-processes.ts";
import { openBrowser } from "./browser.ts";

const [folder] = process.argv.slice(2);
const cluster = await startMembers({ workerCount: 3, slotCount: 2, web: true });
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

interface Shown {
  readonly workers: readonly (readonly string[])[];
  readonly jobs: readonly (readonly string[])[];
  readonly tasks: readonly (readonly [task: string, outcome: string])[];
}

const shownNow = (): Promise<Shown> =>
  browser.evaluate(`({
    workers: [...document.querySelectorAll("#workers tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent)),
    jobs: [...document.querySelectorAll("#jobs tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent)),
    tasks: [...document.querySelectorAll("#timeline rect")].map((task) => [task.dataset.task, task.dataset.outcome]),
  })`);

try {
  const address = (await cluster.masters[0]?.said(/shows the cluster at/))?.replace(/.* at /, "") ?? "";
  await browser.open(address);
  await browser.until(`document.querySelectorAll("#workers tbody tr").length === 3`);
  const result = cluster.executor.run(job);
  await browser.until(`document.querySelectorAll('#timeline rect[data-outcome="done"]').length >= 12`);
  cluster.workers[1]?.process.kill("SIGKILL");
  await browser.until(
    `[...document.querySelectorAll("#workers tbody tr")].some((row) => row.cells[1].textContent === "lost")`,
  );
  writeFileSync(path.join(cluster.directory, "gate-sum"), "");
  await result;
  await browser.until(`document.querySelector("#jobs tbody tr").cells[2].textContent === "succeeded"`);

  const events = await cluster.events();
  const shown = await shownNow();
  const finished = events.filter(({ event }) => event === "taskFinished");
  for (const [name, state, , , done] of shown.workers) {
    const isLost = events.some(({ event, worker }) => event === "workerLost" && worker === name);
    assert.equal(state, isLost ? "lost" : "up", `the state of ${name}`);
    assert.equal(Number(done), finished.filter(({ worker }) => worker === name).length, `the tasks of ${name}`);
  }
  assert.equal(shown.workers.length, events.filter(({ event }) => event === "workerJoined").length);
  assert.deepEqual(shown.jobs[0]?.slice(0, 4), ["j1", job.name, "succeeded", "14 of 14"]);
  const started = events
    .filter(({ event }) => event === "taskStarted")
    .map(({ stage, partition }) => `${String(stage)}.${String(partition)}`);
  assert.deepEqual(shown.tasks.map(([task]) => task).toSorted(), started.toSorted());
  assert.equal(shown.tasks.filter(([, outcome]) => outcome === "done").length, finished.length);
  console.log(`${started.length} attempts, ${finished.length} ends, 3 workers, one of them lost: shown as logged`);

  if (folder !== undefined) {
    assert.ok(existsSync(folder), `${folder} is no folder`);
    for (const theme of ["light", "dark"] as const) {
      writeFileSync(
        path.join(folder, `cluster-${theme}.png`),
        await browser.screenshot({ theme, width: 1120, height: 1080 }),
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
