interface Line {
  readonly event: string;
  readonly outcome?: string;
  readonly rowCount?: number;
  readonly fetchedBytes?: number;
  readonly term?: number;
  readonly slotCount?: number;
  readonly worker?: string;
  readonly isAdopted?: boolean;
}

/** Counts over the events, in Prometheus' text format. The sets of labels are closed. */
export function metricsOf(lines: readonly string[]): string {
  const jobs = { succeeded: 0, failed: 0 };
  const tasks = { started: 0, adopted: 0, finished: 0, failed: 0, stopped: 0 };
  const workers = new Map<string, number>();
  let lostCount = 0;
  let fetchedBytes = 0;
  let term = 0;
  for (const text of lines) {
    const line = JSON.parse(text) as Line;
    switch (line.event) {
      case "elected":
        term = line.term ?? term;
        // The next master hears of them from themselves.
        workers.clear();
        break;
      case "workerJoined":
        workers.set(line.worker ?? "", line.slotCount ?? 0);
        break;
      case "workerLost":
        workers.delete(line.worker ?? "");
        lostCount += 1;
        break;
      case "taskStarted":
        tasks[line.isAdopted === true ? "adopted" : "started"] += 1;
        break;
      case "taskFinished":
        tasks.finished += 1;
        fetchedBytes += line.fetchedBytes ?? 0;
        break;
      case "taskFailed":
        tasks.failed += 1;
        break;
      case "taskStopped":
        tasks.stopped += 1;
        break;
      case "jobFinished":
        jobs[line.outcome === "succeeded" ? "succeeded" : "failed"] += 1;
        break;
      default:
        break;
    }
  }
  const slotCount = [...workers.values()].reduce((sum, count) => sum + count, 0);
  return [
    ...metric("tutti_jobs_finished_total", "counter", "Jobs that have ended", labelled("outcome", jobs)),
    ...metric("tutti_tasks_total", "counter", "Attempts of tasks", labelled("state", tasks)),
    ...metric("tutti_fetched_bytes_total", "counter", "Bytes that tasks read from other workers", [["", fetchedBytes]]),
    ...metric("tutti_workers_lost_total", "counter", "Workers that were given up", [["", lostCount]]),
    ...metric("tutti_workers", "gauge", "Workers that are there", [["", workers.size]]),
    ...metric("tutti_slots", "gauge", "Tasks that may run at once", [["", slotCount]]),
    ...metric("tutti_term", "gauge", "How many times a master was elected", [["", term]]),
    "",
  ].join("\n");
}

function labelled(label: string, counts: Readonly<Record<string, number>>): (readonly [string, number])[] {
  return Object.entries(counts).map(([value, count]) => [`{${label}="${value}"}`, count] as const);
}

function metric(name: string, type: string, help: string, values: readonly (readonly [string, number])[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...values.map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}
