import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startServer, type CoordServer } from "@tutti/coord/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectCluster } from "../../src/cluster/index.ts";
import { runCommand } from "../../src/cluster/cli/run-command.ts";
import type { Executor } from "../../src/index.ts";

interface Ran {
  readonly status: number;
  readonly written: string;
  readonly said: string;
}

async function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ran> {
  let written = "";
  let said = "";
  const { signal } = new AbortController();
  const write = (text: string): void => void (written += text);
  const status = await runCommand(args, { write, say: (line) => (said += `${line}\n`), environment, signal });
  return { status, written, said };
}

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "tutti-command-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("a cluster of commands", () => {
  let server: CoordServer;
  let executor: Executor;
  let coord: string;
  let secretFile: string;
  const controller = new AbortController();
  const running: Promise<number>[] = [];

  beforeAll(async () => {
    server = await startServer({ tickTimeMs: 100 });
    coord = `${server.connectString}/commands`;
    secretFile = path.join(directory, "secret");
    writeFileSync(secretFile, "0123456789abcdef0123456789abcdef", { mode: 0o600 });
    const io = { write: () => undefined, say: () => undefined, signal: controller.signal };
    const environment = { TUTTI_COORD: coord, TUTTI_SECRET_FILE: secretFile };
    for (const args of [["master"], ["worker", "--slots", "2", "--directory", directory]]) {
      running.push(runCommand(args, { ...io, environment }));
    }
    executor = await connectCluster(coord, { secret: Buffer.from("0123456789abcdef0123456789abcdef"), slotsMin: 2 });
  });
  afterAll(async () => {
    await executor.close();
    controller.abort();
    expect(await Promise.all(running)).toEqual([0, 0]);
    await server.close();
  });

  const ask = (...args: string[]): Promise<Ran> => run([...args, "--coord", coord, "--secret-file", secretFile]);

  test("tells of its workers and of jobs that have ended", { timeout: 20_000 }, async () => {
    const module = { specifier: "tasks", url: new URL("../executor/tasks.ts", import.meta.url).href };
    const inputs = [{ kind: "rows", partitions: [[1], [2]] }] as const;
    const stage = { id: 0, name: "echo", exportName: "echo", partitionCount: 2, inputs, module, args: 0, closures: [] };
    await executor.run({ name: "two echoes", stages: [stage] });
    expect((await ask("workers")).written).toMatch(/w0 +127\.0\.0\.1:\d+ +0 of 2 +up/);
    await expect.poll(async () => (await ask("jobs")).written).toMatch(/j1 +two echoes +succeeded/);
    const { written } = await ask("jobs", "--json");
    expect(JSON.parse(written)).toMatchObject([{ job: "j1", name: "two echoes", state: "succeeded" }]);
  });

  test("shows the stages of a job that runs, and kills it", { timeout: 20_000 }, async () => {
    const module = { specifier: "gated", url: new URL("./gated-tasks.ts", import.meta.url).href };
    const inputs = [{ kind: "rows", partitions: [[1], [2], [3]] }] as const;
    const args = { directory, gate: "never" };
    const stage = {
      id: 0,
      name: "waits",
      exportName: "gatedSum",
      partitionCount: 3,
      inputs,
      module,
      args,
      closures: [],
    };
    const started = new Promise((resolve) => executor.events.once("taskStarted", resolve));
    const result = executor.run({ name: "a long one", stages: [stage] });
    const failed = expect(result).rejects.toMatchObject({ code: "canceled" });
    await started;
    const { written } = await ask("job", "j2");
    expect(written).toContain("a long one  running");
    expect(written).toMatch(/0 +waits +0 of 3/);
    expect((await ask("kill", "j2")).status).toBe(0);
    await failed;
    await expect.poll(async () => (await ask("job", "j2")).written).toContain("canceled");
  });

  test("says which job there is not", async () => {
    expect(await ask("job", "j77")).toMatchObject({ status: 2, said: "[invalid-argument] there is no job j77\n" });
  });

  test("does not answer whoever does not know the secret", { timeout: 20_000 }, async () => {
    const { status, said } = await run(["jobs", "--coord", coord]);
    expect(status).toBe(1);
    expect(said).toMatch(/secret/);
  });
});

describe("a command line", () => {
  test.each([
    [["fly"], /there is no command "fly"/],
    [["job"], /job takes the id of a job/],
    [["workers", "w1"], /workers takes no w1/],
    [["worker", "--slots", "many"], /--slots is "many"; it must be a whole number/],
    [["master", "--listen", "here"], /--listen is "here"; it must be host:port/],
    [["master", "--listen", "0.0.0.0:7077"], /give a secret, or listen on 127.0.0.1/],
    [["worker", "--tls-cert", "cert.pem"], /TLS needs --tls-cert, --tls-key and --tls-ca/],
    [["jobs", "--colour"], /--colour/],
  ])("%j is refused with what is wrong", async (args, message) => {
    const { status, said } = await run(args);
    expect(said).toMatch(message);
    expect(status).toBe(2);
  });

  test("a secret that others can read is refused", async () => {
    const file = path.join(directory, "open");
    writeFileSync(file, "0123456789abcdef0123456789abcdef");
    chmodSync(file, 0o644);
    const { status, said } = await run(["jobs"], { TUTTI_SECRET_FILE: file });
    expect(status).toBe(2);
    expect(said).toContain("a secret needs mode 600");
  });

  test("help lists the commands", async () => {
    const { status, written } = await run(["help"]);
    expect(status).toBe(0);
    expect(written).toContain("kill ID");
  });
});
