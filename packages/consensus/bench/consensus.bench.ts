// Three processes over TCP with files, 256-byte entries, every commit durable on a quorum; this process is the leader.
// The reference is this machine's disk alone: as many entries, as many of them per fdatasync as are outstanding.
import { freePorts, type Benchmark, type BenchmarkCase } from "@tutti/testkit";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createFileDisk, createTcpTransport, openReplica, type MemberAddress, type Replica } from "../src/index.ts";
import { type ProtocolName, protocols } from "../test/real/protocols.ts";

const entryBytes = 256;
const host = "127.0.0.1";
const script = fileURLToPath(new URL("../test/real/member-process.ts", import.meta.url));
const cases = [
  { outstanding: 1, count: 2000 },
  { outstanding: 64, count: 20_000 },
  { outstanding: 1024, count: 60_000 },
] as const;

async function startOther(orders: object): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--conditions=@tutti/source", script, JSON.stringify(orders)], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`a member ended with ${code}`)));
  });
  child.removeAllListeners("exit");
  return child;
}

/** Entries of one client of the log, `outstanding` of them on their way at any time. */
class Load {
  applied = 0;
  #wake: (() => void) | undefined;
  #goal = Number.POSITIVE_INFINITY;

  /** Called by the machine. */
  readonly onApply = (): Uint8Array => {
    this.applied += 1;
    this.#onApplied?.();
    if (this.applied >= this.#goal) this.#wake?.();
    return new Uint8Array(0);
  };
  #onApplied: (() => void) | undefined;

  async run(replica: Replica, outstanding: number, count: number): Promise<number> {
    const entry = new Uint8Array(entryBytes).fill(7);
    let sent = 0;
    const send = (): void => {
      if (sent >= count) return;
      sent += 1;
      if (!replica.submit(entry)) throw new Error("the leader lost its quorum");
    };
    this.#goal = this.applied + count;
    const done = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#onApplied = send;
    for (let index = 0; index < outstanding; index += 1) send();
    await done;
    this.#onApplied = undefined;
    return count;
  }
}

/** The disk alone: batches of entries into a file that has its length already. */
async function syncAlone(directory: string, outstanding: number, count: number): Promise<number> {
  const file = await createFileDisk(directory).open("alone");
  const batch = new Uint8Array(outstanding * entryBytes).fill(7);
  await file.write(new Uint8Array(64 * 1024 * 1024), 0);
  await file.sync();
  for (let done = 0; done < count; done += outstanding) {
    await file.write(batch, (done * entryBytes) % (32 * 1024 * 1024));
    await file.sync();
  }
  await file.close();
  return count;
}

interface MeasuredEnsemble {
  readonly cases: readonly BenchmarkCase[];
  close(): Promise<void>;
}

const attemptsMax = 20;

/** Three members of one protocol, of which this process leads: opened anew until the first election makes it so. */
async function openEnsemble(protocol: ProtocolName, directory: string): Promise<MeasuredEnsemble> {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const own = join(directory, `${protocol}-${attempt}`);
    await mkdir(own);
    const ensemble = await openOnce(protocol, own);
    if (ensemble.isLeading) return ensemble;
    await ensemble.close();
  }
  throw new Error(`${attemptsMax} elections made another process lead`);
}

async function openOnce(
  protocol: ProtocolName,
  directory: string,
): Promise<MeasuredEnsemble & { readonly isLeading: boolean }> {
  const [first = 0, second = 0, own = 0] = await freePorts(3);
  const ports: Record<number, number> = { 1: first, 2: second, 3: own };
  const others = [1, 2].map((id) => startOther({ id, directory: join(directory, String(id)), ports, protocol }));
  const load = new Load();
  const transport = await createTcpTransport({
    id: 3,
    listen: { host, port: own },
    addressOf: (member): MemberAddress => ({ host, port: ports[member] ?? 0 }),
  });
  const replica = await openReplica({
    id: 3,
    members: [1, 2, 3],
    protocol: protocols[protocol](),
    machine: { apply: load.onApply, snapshot: () => [], restore: () => undefined },
    storage: createFileDisk(join(directory, "3")),
    transport,
  });
  const children = await Promise.all(others);
  await replica.propose(new Uint8Array(1));
  return {
    isLeading: replica.status().role === "leading",
    cases: cases.map(({ outstanding, count }): BenchmarkCase => {
      return {
        name: `${protocol} commits, ${outstanding} outstanding`,
        unit: "entries",
        unitCount: count,
        reference: "disk alone, one fdatasync for so many",
        runOurs: () => load.run(replica, outstanding, count),
        runReference: () => syncAlone(directory, outstanding, count),
      };
    }),
    close: async () => {
      await replica.close();
      for (const child of children) child.kill("SIGKILL");
    },
  };
}

export const benchmark: Benchmark = {
  name: "consensus",
  open: async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
    const ensembles: MeasuredEnsemble[] = [];
    for (const protocol of ["zab", "paxos", "slot-paxos"] as const) {
      ensembles.push(await openEnsemble(protocol, directory));
    }
    return {
      cases: ensembles.flatMap((ensemble) => ensemble.cases),
      close: async () => {
        for (const ensemble of ensembles) await ensemble.close();
        await rm(directory, { recursive: true, force: true });
      },
    };
  },
};
