/**
 * The whole page. It draws what the events say and nothing else, so that it shows a running cluster and the log of one that
 * has ended alike. Kept as text: it runs in browsers, which have neither our types nor our modules.
 */
export const page: string = String.raw`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tutti cluster</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --back: #fbfbf9; --text: #22252a; --soft: #6b7078; --line: #dcdcd6; --card: #fff;
  --good: #2b7a4b; --bad: #b3261e; --busy: #2f6fb3; }
@media (prefers-color-scheme: dark) { :root { --back: #16181b; --text: #e7e7e3; --soft: #9aa0a8; --line: #33373d;
  --card: #1e2125; --good: #6fcf97; --bad: #ff8a80; --busy: #7ab8f5; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.45 system-ui, sans-serif }
header, main { max-width: 72rem; margin: 0 auto; padding: 1rem }
header { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; align-items: baseline; border-bottom: 1px solid var(--line) }
h1 { font-size: 1.15rem; margin: 0 } h2 { font-size: 1rem; margin: 1.6rem 0 .5rem }
.soft { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) } .busy { color: var(--busy) }
.wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 6px }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .35rem .7rem; white-space: nowrap }
th { color: var(--soft); font-weight: 500 } tbody tr { border-top: 1px solid var(--line) } .number { text-align: right }
tr[data-job] { cursor: pointer } tr[aria-selected=true] { background: color-mix(in srgb, var(--busy) 12%, transparent) }
svg text { fill: var(--text); font: 12px system-ui, sans-serif } svg .soft { fill: var(--soft) }
progress { width: 7rem; accent-color: var(--busy) }
#moments { list-style: none; margin: 0; padding: .4rem .7rem; max-height: 14rem; overflow-y: auto }
</style>
<header><h1>Tutti cluster</h1><span id="master"></span><span id="slots" class="soft"></span><span id="link" class="soft"></span></header>
<main>
<h2>Workers</h2><div class="wide"><table id="workers"><thead><tr><th>worker<th>state<th class="number">slots<th class="number">running<th class="number">tasks done<th class="number">failed<th class="number">memory</thead><tbody></tbody></table></div>
<h2>Jobs</h2><div class="wide"><table id="jobs"><thead><tr><th>job<th>name<th>state<th class="number">tasks<th class="number">seconds<th></thead><tbody></tbody></table></div>
<section id="job" hidden>
<h2 id="title"></h2><p id="waits" class="soft"></p>
<div class="wide"><svg id="graph" role="img" aria-label="stages and what they read"></svg></div>
<h2>Tasks by worker</h2><div class="wide"><svg id="timeline" role="img" aria-label="tasks by worker over time"></svg></div>
</section>
<h2>What happened</h2><div class="wide"><ol id="moments"></ol></div>
</main>
<script>
"use strict";
const byId = (id) => document.getElementById(id);
const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const colours = ["#2f6fb3", "#c2701c", "#2b7a4b", "#8a4fb0", "#b3435f", "#3c8c93", "#8a7a1f", "#5b63c4"];
const colourOf = (stage) => colours[stage % colours.length];
const state = { master: undefined, term: 0, workers: new Map(), jobs: new Map(), moments: [], lastMs: 0 };
let selected;
let report = null;

function workerOf(name) {
  if (!state.workers.has(name)) state.workers.set(name, { name, slots: 0, state: "lost", done: 0, failed: 0, running: new Set() });
  return state.workers.get(name);
}
function jobOf(event) {
  if (!state.jobs.has(event.job)) state.jobs.set(event.job, { job: event.job, name: event.name, stages: [], tasks: new Map(), state: "running", startMs: event.ms, endMs: undefined, losses: [] });
  return state.jobs.get(event.job);
}
const moment = (event, text, kind) => state.moments.push({ ms: event.ms, text, kind });

/** One event after the other makes the state; nothing else does. */
function take(event) {
  event.ms = Date.parse(event.at);
  state.lastMs = Math.max(state.lastMs, event.ms);
  switch (event.event) {
    case "elected":
      state.master = event.master; state.term = event.term;
      for (const worker of state.workers.values()) { worker.state = "expected"; worker.running.clear(); }
      moment(event, event.term === 1 ? "master " + event.master + " is elected" : "master " + event.master + " takes over, term " + event.term, event.term === 1 ? "" : "bad");
      break;
    case "deposed": moment(event, "master " + event.master + " leads no more", "bad"); break;
    case "workerJoined": {
      const worker = workerOf(event.worker);
      worker.slots = event.slotCount; worker.state = "up";
      moment(event, "worker " + event.worker + " registers, " + event.slotCount + " slots", "good");
      break;
    }
    case "workerLost": {
      const worker = workerOf(event.worker);
      worker.state = "lost"; worker.running.clear();
      for (const job of state.jobs.values()) if (job.state === "running") job.losses.push({ worker: event.worker, ms: event.ms });
      moment(event, "worker " + event.worker + " is lost: " + event.reason, "bad");
      break;
    }
    case "workerPaused":
      workerOf(event.worker).isPaused = event.isPaused;
      moment(event, "worker " + event.worker + (event.isPaused ? " takes no tasks: it holds " + bytes(event.residentBytes) : " has memory again"), event.isPaused ? "bad" : "good");
      break;
    case "workerExcluded":
      if (!event.stage) workerOf(event.worker).state = "excluded";
      moment(event, "worker " + event.worker + " gets no more tasks" + (event.stage ? " of the stage " + event.stage : "") + " for " + Math.round(event.forMs / 1000) + " s: " + event.reason, "bad");
      break;
    case "workerSpared": moment(event, "worker " + event.worker + " is excluded and used all the same: " + event.reason, "bad"); break;
    case "workerReleased":
      if (!event.stage && workerOf(event.worker).state === "excluded") workerOf(event.worker).state = "up";
      moment(event, "worker " + event.worker + " may have tasks again" + (event.stage ? " of the stage " + event.stage : ""), "good");
      break;
    case "jobStarted": {
      const job = jobOf(event);
      job.name = event.name; job.isDetached = event.isDetached === true; job.outline = event.stages ?? [];
      moment(event, "job " + event.job + " starts: " + event.name, "");
      break;
    }
    case "stageStarted": {
      const job = jobOf(event);
      const before = job.stages[event.stage];
      job.stages[event.stage] = { stage: event.stage, name: event.name, taskCount: event.taskCount, done: before?.done ?? new Set(), state: "running" };
      break;
    }
    case "stageFinished": { const stage = jobOf(event).stages[event.stage]; if (stage) stage.state = "done"; break; }
    case "taskStarted": {
      const job = jobOf(event), key = event.stage + "." + event.partition, id = key + "." + event.attempt + "." + event.worker;
      if (!event.isAdopted || !job.tasks.has(id)) job.tasks.set(id, { stage: event.stage, partition: event.partition, worker: event.worker, startMs: event.ms, endMs: undefined, outcome: "running", overtakes: event.overtakes === true });
      else job.tasks.get(id).isAdopted = true;
      if (event.overtakes && !event.isAdopted) moment(event, "task " + event.job + "." + key + " is slow: a second attempt begins on " + event.worker, "");
      workerOf(event.worker).running.add(event.job + "." + key);
      break;
    }
    case "taskFinished": {
      const job = jobOf(event), key = event.stage + "." + event.partition;
      const task = job.tasks.get(key + "." + event.attempt + "." + event.worker);
      if (task && task.outcome !== "done") { task.endMs = event.ms; task.outcome = "done"; }
      job.stages[event.stage]?.done.add(event.partition);
      const worker = workerOf(event.worker);
      worker.done += 1; worker.running.delete(event.job + "." + key);
      break;
    }
    case "taskStopped": {
      const job = jobOf(event), key = event.stage + "." + event.partition;
      for (const [id, task] of job.tasks) {
        if (!id.startsWith(key + "." + event.attempt + ".") || task.outcome !== "running") continue;
        task.endMs = event.ms; task.outcome = "stopped";
        workerOf(task.worker).running.delete(event.job + "." + key);
      }
      break;
    }
    case "taskFailed": {
      const job = jobOf(event), key = event.stage + "." + event.partition;
      for (const [id, task] of job.tasks) {
        if (!id.startsWith(key + "." + event.attempt + ".") || task.outcome !== "running") continue;
        task.endMs = event.ms; task.outcome = "failed";
        const worker = workerOf(task.worker);
        worker.failed += 1; worker.running.delete(event.job + "." + key);
      }
      moment(event, "task " + event.job + "." + key + " fails: " + event.message, "bad");
      break;
    }
    case "jobFinished": {
      const job = jobOf(event);
      job.state = event.outcome; job.endMs = event.ms;
      for (const worker of state.workers.values()) for (const key of worker.running) if (key.startsWith(event.job + ".")) worker.running.delete(key);
      moment(event, "job " + event.job + " has " + event.outcome, event.outcome === "succeeded" ? "good" : "bad");
      break;
    }
  }
}

const isThere = (worker) => worker.state === "up" || worker.state === "excluded";
/** As planned, and once it has begun as it is: large slices are shared by several tasks. */
const taskCountOf = (job, stage) => job.stages[stage.stage]?.taskCount ?? stage.taskCount;
const tasksOf = (job) => (job.outline ?? []).reduce((sum, stage) => sum + taskCountOf(job, stage), 0);
const doneOf = (job) => job.stages.reduce((sum, stage) => sum + (stage ? stage.done.size : 0), 0);
const seconds = (ms) => (ms / 1000).toFixed(1);
const nowMs = () => isLive ? Math.max(state.lastMs, Date.now()) : state.lastMs;
const toneOf = { up: "good", succeeded: "good", running: "busy", lost: "bad", failed: "bad", excluded: "bad" };
const bytes = (count) => count === undefined ? "" : (count / 1048576).toFixed(0) + " MiB";

function draw() {
  byId("master").textContent = state.master ? "master " + state.master + ", term " + state.term : "no master yet";
  const up = [...state.workers.values()].filter(isThere);
  byId("slots").textContent = up.length + " workers, " + up.reduce((sum, w) => sum + w.slots, 0) + " slots";
  byId("link").textContent = isLive ? "live" : "as of " + (state.lastMs ? new Date(state.lastMs).toISOString() : "the beginning");
  const memoryOf = new Map((report?.workers ?? []).map((worker) => [worker.worker, worker.residentBytes]));
  byId("workers").tBodies[0].innerHTML = [...state.workers.values()].map((w) =>
    '<tr data-worker="' + escaped(w.name) + '"><td>' + escaped(w.name) + '<td class="' + (toneOf[w.state] ?? "soft") + '">' + w.state + '<td class="number">' + w.slots + '<td class="number">' + w.running.size + '<td class="number">' + w.done + '<td class="number">' + w.failed + '<td class="number">' + bytes(isThere(w) ? memoryOf.get(w.name) : undefined)).join("");
  const jobs = [...state.jobs.values()].reverse();
  selected ??= jobs[0]?.job;
  byId("jobs").tBodies[0].innerHTML = jobs.slice(0, 100).map((job) =>
    '<tr data-job="' + job.job + '" tabindex="0" aria-selected="' + (job.job === selected) + '"><td>' + job.job + "<td>" + escaped(job.name) + (job.isDetached ? ' <span class="soft">detached</span>' : "") + '<td class="' + (toneOf[job.state] ?? "soft") + '">' + job.state + '<td class="number">' + doneOf(job) + " of " + tasksOf(job) + '<td class="number">' + seconds((job.endMs ?? nowMs()) - job.startMs) + '<td><progress max="' + Math.max(1, tasksOf(job)) + '" value="' + doneOf(job) + '"></progress>').join("");
  byId("moments").innerHTML = state.moments.slice(-200).reverse().map((one) =>
    '<li class="' + one.kind + '"><span class="soft">' + new Date(one.ms).toISOString().slice(11, 23) + "</span> " + escaped(one.text)).join("");
  const job = state.jobs.get(selected);
  byId("job").hidden = !job;
  if (job) drawJob(job);
}

function drawJob(job) {
  byId("title").textContent = job.job + ": " + job.name;
  byId("waits").textContent = waitsFor(job);
  drawGraph(job);
  drawTimeline(job);
}

/** Why a job that runs has no task at work. */
function waitsFor(job) {
  if (job.state !== "running") return "";
  const up = [...state.workers.values()].filter(isThere);
  if (up.length === 0) return "waits for workers: none is there";
  const atWork = up.some((worker) => [...worker.running].some((key) => key.startsWith(job.job + ".")));
  if (atWork) return "";
  if (up.every((worker) => worker.isPaused)) return "waits for memory: all workers hold too much";
  return up.every((worker) => worker.running.size >= worker.slots) ? "waits for slots: other jobs have them all" : "waits for its next stage";
}

/** Stages from left to right, each right of what it reads. */
function drawGraph(job) {
  const depths = [], rows = [];
  for (const stage of job.outline ?? []) {
    const depth = Math.max(0, ...stage.reads.map((read) => depths[read] + 1));
    depths[stage.stage] = depth;
    rows[depth] = (rows[depth] ?? 0) + 1;
    stage.x = 12 + depth * 240; stage.y = 12 + (rows[depth] - 1) * 64;
  }
  const width = 24 + 240 * rows.length, height = 24 + 64 * Math.max(1, ...rows.map((count) => count ?? 0));
  const edges = (job.outline ?? []).flatMap((stage) => stage.reads.map((read) => {
    const from = job.outline[read];
    return '<path d="M' + (from.x + 200) + " " + (from.y + 24) + "C" + (from.x + 220) + " " + (from.y + 24) + " " + (stage.x - 20) + " " + (stage.y + 24) + " " + stage.x + " " + (stage.y + 24) + '" fill="none" stroke="var(--soft)"/>';
  }));
  const boxes = (job.outline ?? []).map((stage) => {
    const done = job.stages[stage.stage]?.done.size ?? 0, count = taskCountOf(job, stage), share = count ? done / count : 1;
    const name = stage.name.length > 27 ? stage.name.slice(0, 26) + "…" : stage.name;
    return '<g data-stage="' + stage.stage + '"><title>' + escaped(stage.name) + '</title><rect x="' + stage.x + '" y="' + stage.y + '" width="200" height="48" rx="5" fill="var(--back)" stroke="' + colourOf(stage.stage) + '"/><rect x="' + stage.x + '" y="' + (stage.y + 42) + '" width="' + 200 * share + '" height="6" fill="' + colourOf(stage.stage) + '"/><text x="' + (stage.x + 8) + '" y="' + (stage.y + 18) + '">' + escaped(name) + '</text><text class="soft" x="' + (stage.x + 8) + '" y="' + (stage.y + 35) + '">stage ' + stage.stage + ", " + done + " of " + count + "</text></g>";
  });
  const svg = byId("graph");
  svg.setAttribute("width", width); svg.setAttribute("height", height);
  svg.innerHTML = edges.join("") + boxes.join("");
}

/** A row for each slot of each worker; a task takes the first row that is free. */
function drawTimeline(job) {
  const end = job.endMs ?? nowMs(), span = Math.max(1, end - job.startMs), left = 52, width = 1040;
  const x = (ms) => left + ((Math.min(Math.max(ms, job.startMs), end) - job.startMs) / span) * (width - left - 12);
  const rows = [], marks = [], labels = [];
  let y = 8;
  for (const worker of [...new Set([...job.tasks.values()].map((task) => task.worker))].sort()) {
    const lanes = [];
    const loss = job.losses.find((one) => one.worker === worker);
    const own = [...job.tasks.values()].filter((task) => task.worker === worker).sort((a, b) => a.startMs - b.startMs);
    for (const task of own) {
      const until = task.endMs ?? loss?.ms ?? end;
      let lane = lanes.findIndex((free) => free <= task.startMs + span / 100);
      if (lane < 0) lane = lanes.length;
      lanes[lane] = until;
      const outcome = task.outcome === "running" && loss ? "failed" : task.outcome;
      rows.push('<rect data-task="' + task.stage + "." + task.partition + '" data-outcome="' + outcome + '" x="' + x(task.startMs) + '" y="' + (y + lane * 16) + '" width="' + Math.max(1.5, x(until) - x(task.startMs) - 1) + '" height="13" rx="2" fill="' + (outcome === "failed" ? "var(--bad)" : colourOf(task.stage)) + '" opacity="' + (outcome === "running" ? .55 : outcome === "stopped" ? .3 : 1) + '"' + (task.overtakes ? ' data-overtakes stroke="var(--text)" stroke-dasharray="3 2"' : "") + '><title>stage ' + task.stage + ", partition " + task.partition + ", " + (task.overtakes ? "second attempt, " : "") + outcome + ", " + seconds(until - task.startMs) + " s</title></rect>");
    }
    labels.push('<text x="4" y="' + (y + 11) + '">' + escaped(worker) + "</text>");
    if (loss) marks.push('<text class="soft" x="' + Math.min(x(loss.ms) + 4, width - 60) + '" y="' + (y + 11) + '">lost</text><path d="M' + x(loss.ms) + " " + (y - 3) + "v" + (16 * Math.max(1, lanes.length)) + '" stroke="var(--bad)"/>');
    y += 16 * Math.max(1, lanes.length) + 8;
  }
  labels.push('<text class="soft" x="' + left + '" y="' + (y + 12) + '">0 s</text><text class="soft" text-anchor="end" x="' + (width - 12) + '" y="' + (y + 12) + '">' + seconds(span) + " s</text>");
  const svg = byId("timeline");
  svg.setAttribute("width", width); svg.setAttribute("height", y + 20);
  svg.innerHTML = labels.join("") + rows.join("") + marks.join("");
}

function select(row) { if (row) { selected = row.dataset.job; draw(); } }
byId("jobs").addEventListener("click", (event) => select(event.target.closest("tr[data-job]")));
byId("jobs").addEventListener("keydown", (event) => { if (event.key === "Enter") select(event.target.closest("tr[data-job]")); });

let isLive = false, isDue = false;
const schedule = () => { if (!isDue) { isDue = true; setTimeout(() => { isDue = false; draw(); }, 100); } };
const source = new EventSource("stream");
source.onopen = () => { Object.assign(state, { master: undefined, term: 0, workers: new Map(), jobs: new Map(), moments: [], lastMs: 0 }); };
source.onmessage = (message) => { take(JSON.parse(message.data)); schedule(); };
source.onerror = () => { isLive = false; schedule(); };
const ask = async () => {
  report = await fetch("report").then((answer) => answer.json()).catch(() => null);
  isLive = report !== null;
  schedule();
};
source.addEventListener("caughtup", () => void ask());
setInterval(ask, 2000);
setInterval(() => { if (isLive) draw(); }, 1000);
</script>
</html>
`;
