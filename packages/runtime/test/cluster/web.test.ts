import { afterEach, describe, expect, test } from "vitest";
import { metricsOf } from "../../src/cluster/web/metrics.ts";
import { startWebServer, type WebServer } from "../../src/cluster/web/web-server.ts";

const event = (name: string, told: object): string =>
  JSON.stringify({ v: 1, at: "2026-11-23T12:00:00.000Z", event: name, master: "m", ...told });

const lines = [
  event("elected", { term: 1 }),
  event("workerJoined", { worker: "w0", slotCount: 2 }),
  event("workerJoined", { worker: "w1", slotCount: 1 }),
  event("taskStarted", { job: "j1", stage: 0, partition: 0, attempt: 0, worker: "w0", isAdopted: false }),
  event("taskFinished", { job: "j1", stage: 0, partition: 0, attempt: 0, worker: "w0", rowCount: 5, fetchedBytes: 7 }),
  event("workerLost", { worker: "w1", reason: "killed" }),
  event("jobFinished", { job: "j1", outcome: "succeeded" }),
];

let server: WebServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serve(report: unknown = { master: "m" }): Promise<{ url: string; tell: (line: string) => void }> {
  const listeners = new Set<(line: string) => void>();
  server = await startWebServer(
    { host: "127.0.0.1", port: 0 },
    {
      lines: () => lines,
      follow(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      report: () => report,
    },
  );
  return {
    url: `http://127.0.0.1:${server.address.port}`,
    tell: (line) => {
      for (const listener of listeners) listener(line);
    },
  };
}

describe("the page of a master", () => {
  test("comes whole in one answer, and asks nobody else", async () => {
    const { url } = await serve();
    const answer = await fetch(url);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'self'");
    const text = await answer.text();
    expect(text).toContain("<title>Tutti cluster</title>");
    expect(text).not.toMatch(/https?:\/\//);
  });

  test("is told all events and then each as it comes", async () => {
    const { url, tell } = await serve();
    const { body } = await fetch(`${url}/stream`);
    let read = "";
    for await (const chunk of body ?? []) {
      read += Buffer.from(chunk).toString("utf8");
      if (read.includes("caughtup") && !read.includes("late")) tell(event("late", {}));
      if (read.includes('"late"')) break;
    }
    expect(read.match(/^data: \{/gm)).toHaveLength(lines.length + 1);
  });

  test("refuses to write, and to be seen by other machines", async () => {
    const { url } = await serve();
    expect((await fetch(url, { method: "POST" })).status).toBe(405);
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
    const open = startWebServer(
      { host: "0.0.0.0", port: 0 },
      { lines: () => [], follow: () => () => {}, report: () => 0 },
    );
    await expect(open).rejects.toMatchObject({ code: "invalid-argument" });
  });

  test("gives the events as they are, and what only a running master knows", async () => {
    const { url } = await serve();
    expect((await (await fetch(`${url}/events`)).text()).trim().split("\n")).toEqual(lines);
    expect(await (await fetch(`${url}/report`)).json()).toEqual({ master: "m" });
  });
});

test("metrics count what the events tell", () => {
  const metrics = metricsOf(lines);
  for (const line of [
    'tutti_jobs_finished_total{outcome="succeeded"} 1',
    'tutti_tasks_total{state="started"} 1',
    'tutti_tasks_total{state="finished"} 1',
    "tutti_fetched_bytes_total 7",
    "tutti_workers_lost_total 1",
    "tutti_workers 1",
    "tutti_slots 2",
    "tutti_term 1",
  ]) {
    expect(metrics.split("\n")).toContain(line);
  }
});
