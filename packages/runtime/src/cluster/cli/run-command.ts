import { RuntimeError } from "../../runtime-error.ts";
import { askMaster } from "../ask-master.ts";
import { defaultListen } from "../cluster-link.ts";
import { connectCluster } from "../connect-cluster.ts";
import type { MasterQuestion } from "../driver-messages.ts";
import { readLines } from "../event-log.ts";
import { startMaster } from "../master.ts";
import type { MasterReport } from "../master-report.ts";
import { startWebServer } from "../web/web-server.ts";
import { startWorker, type ClusterWorker } from "../worker.ts";
import { readArguments, type Arguments } from "./read-arguments.ts";
import { showJob, showJobs, showWorkers } from "./show-report.ts";

const help: string = `usage: tutti COMMAND [--coord host:port,host:port/folder] ...

  master [--listen host:port] [--event-log FILE] [--web host:port]   leads the cluster, or stands by to
  worker [--listen host:port] [--slots N] [--directory DIR]          runs tasks
  jobs        jobs that run, and the last that have ended
  job ID      the stages of one
  workers     who runs tasks
  kill ID     ends a job
  result ID   prints the rows of a job that outlives its driver, a line of JSON each; waits where it runs
  forget ID   lets such a result go
  history FILE --web host:port    shows the event log of a cluster that has ended

  --coord       the coordination service and the cluster's folder in it; default TUTTI_COORD, else 127.0.0.1:2181/tutti
  --secret-file a file of at least 32 bytes, mode 600, that all processes of the cluster know; default TUTTI_SECRET_FILE
  --tls-cert, --tls-key, --tls-ca   PEM files: TLS on every link, with certificates on both sides
  --advertise   host:port under which others reach this process, where that is not the address it listens on
  --blob-directory  of a master: what all masters share, for large jobs and results that outlive their drivers
  --compression zstd|none  of a worker: how rows between stages are packed; default zstd where it listens to other machines
  --no-closures  of a worker: it runs what installed modules export, and no functions of drivers
  --session-timeout-ms  how long a process may be unreachable before others take its part; default 10000
  --json        prints the answer as JSON

A master and a worker run until SIGTERM or SIGINT; a worker takes no more tasks then, and goes when nobody needs what it has,
after a minute at the latest. A second signal ends it at once. Who can reach them, and knows the secret if there is one, runs code in
them. Exit status: 0 done, 1 it failed, 2 wrong command line.
`;

const namesWanted: Readonly<Record<string, string>> = {
  job: "the id of a job",
  kill: "the id of a job",
  result: "the id of a job",
  forget: "the id of a job",
  history: "the file of an event log",
};

/** Where a command writes, and what ends it. */
export interface CommandIo {
  readonly write: (text: string) => void;
  readonly say: (line: string) => void;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Runs a command line. Gives the exit status. */
export async function runCommand([command = "", ...rest]: readonly string[], io: CommandIo): Promise<number> {
  try {
    const given = readArguments(rest, io.environment);
    if (command === "help" || command === "--help" || given.isHelp) {
      io.write(help);
      return 0;
    }
    return await run(command, given, io);
  } catch (thrown) {
    io.say(thrown instanceof Error ? thrown.message : String(thrown));
    return thrown instanceof RuntimeError && thrown.code === "invalid-argument" ? 2 : 1;
  }
}

async function run(command: string, given: Arguments, io: CommandIo): Promise<number> {
  const [id, ...more] = given.names;
  const wanted = namesWanted[command];
  if (more.length > 0 || (id !== undefined) !== (wanted !== undefined)) {
    const what = wanted !== undefined ? `${command} takes ${wanted}` : `${command} takes no ${id ?? "name"}`;
    throw new RuntimeError("invalid-argument", `${what}; tutti help lists the commands`);
  }
  switch (command) {
    case "master":
      return await untilAborted(await startMaster({ ...defined(given), onEvent: io.say }), io);
    case "worker":
      return await untilDrained(await startWorker({ ...defined(given), onEvent: io.say }), io);
    case "history":
      return await untilAborted(await showHistory(id ?? "", given, io), io);
    case "result":
      return await printResult(id ?? "", given, io);
    case "jobs":
    case "workers":
    case "job":
    case "forget":
    case "kill": {
      const asks = command === "kill" || command === "forget";
      const question: MasterQuestion = asks ? { kind: command, job: id ?? "" } : { kind: "report" };
      return answer(command, id, await askMaster(defined(given), question), { given, io });
    }
    default:
      throw new RuntimeError(
        "invalid-argument",
        `there is no command ${JSON.stringify(command)}; tutti help lists them`,
      );
  }
}

function answer(
  command: "jobs" | "workers" | "job" | "kill" | "forget",
  id: string | undefined,
  report: MasterReport,
  { given, io }: { readonly given: Arguments; readonly io: CommandIo },
): number {
  const job = report.jobs.find((one) => one.job === id);
  if (id !== undefined && job === undefined) throw new RuntimeError("invalid-argument", `there is no job ${id}`);
  const shown = job ?? (command === "workers" ? report.workers : report.jobs);
  if (given.isJson) io.write(`${JSON.stringify(shown, undefined, 2)}\n`);
  else if (command === "workers") io.write(showWorkers(report));
  else if (job === undefined) io.write(showJobs(report, Date.now()));
  else io.write(showJob(job, Date.now()));
  return 0;
}

/** Rows as JSON; what JSON does not know is text. */
async function printResult(id: string, given: Arguments, { write, say, signal }: CommandIo): Promise<number> {
  const { coord, ...rest } = defined(given);
  const driver = await connectCluster(coord, { ...rest, slotsMin: 0 });
  try {
    const { partitions } = await driver.attach(id, { signal });
    for (const row of partitions.flat()) write(`${jsonOf(row)}\n`);
    say(`${partitions.flat().length} rows`);
    return 0;
  } finally {
    await driver.close();
  }
}

function jsonOf(row: unknown): string {
  const text = JSON.stringify(row, (_, value: unknown) => {
    if (typeof value === "bigint") return String(value);
    return value instanceof Map || value instanceof Set ? [...value] : value;
  }) as string | undefined;
  return text ?? "null";
}

async function showHistory(file: string, { web }: Arguments, { say }: CommandIo): Promise<{ close(): Promise<void> }> {
  const lines = readLines(file);
  const source = { lines: () => lines, follow: () => () => undefined, report: () => undefined };
  const server = await startWebServer(web ?? defaultListen, source);
  say(`shows ${lines.length} events at http://${server.address.host}:${server.address.port}`);
  return server;
}

/** What it runs and holds is not thrown away, unless it takes too long. */
async function untilDrained(worker: ClusterWorker, io: CommandIo): Promise<number> {
  return await untilAborted({ close: () => worker.drain() }, io);
}

async function untilAborted(member: { close(): Promise<void> }, { signal }: CommandIo): Promise<number> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await member.close();
  return 0;
}

/** Without what was not given: defaults belong to those who have them. */
function defined(given: Arguments): { coord: string } & Partial<Omit<MemberArguments, "coord">> {
  const { coord, secret, tls, allowClosures, listen, advertise, web, slotCount, directory } = given;
  const { blobDirectory, compression, eventLog, sessionTimeoutMs } = given;
  const member = { listen, advertise, web, slotCount, directory, blobDirectory, compression, eventLog, allowClosures };
  const all = { coord, secret, tls, sessionTimeoutMs, ...member };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as { coord: string };
}

type MemberArguments = {
  [
    K in
      | "coord"
      | "secret"
      | "tls"
      | "allowClosures"
      | "listen"
      | "advertise"
      | "web"
      | "slotCount"
      | "directory"
      | "blobDirectory"
      | "compression"
      | "eventLog"
      | "sessionTimeoutMs"
  ]: NonNullable<Arguments[K]>;
};
