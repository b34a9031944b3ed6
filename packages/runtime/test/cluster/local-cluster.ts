import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "@tutti/coord";
import { startServer } from "@tutti/coord/server";
import { askMaster } from "../../src/cluster/ask-master.ts";
import type { MasterReport } from "../../src/cluster/master-report.ts";
import {
  connectCluster,
  startMaster,
  startWorker,
  type ClusterDriver,
  type ClusterMaster,
  type MasterOptions,
  type WorkerSettings,
} from "../../src/cluster/index.ts";

/** A cluster in this process, where nobody is killed: it is there in a tenth of the time. */
export interface LocalCluster {
  readonly coord: string;
  readonly directory: string;
  readonly open: (gate: string) => void;
  /** Names of gated tasks that began. */
  readonly began: () => string[];
  readonly report: () => Promise<MasterReport>;
  /** What masters keep of jobs that outlive their drivers. */
  readonly blobs: () => Promise<readonly string[]>;
  readonly events: () => readonly Readonly<Record<string, unknown>>[];
  readonly startWorker: (settings?: WorkerSettings) => Promise<void>;
  /** Another master takes the place of the one that leads. */
  readonly replaceMaster: () => Promise<void>;
  /** Another driver. */
  readonly comeBack: () => Promise<ClusterDriver>;
  readonly close: () => Promise<void>;
}

export interface LocalOptions {
  readonly master?: Partial<MasterOptions>;
  readonly worker?: WorkerSettings;
  /** Default: 2. */
  readonly workerCount?: number;
}

export async function startLocalCluster(options: LocalOptions = {}): Promise<LocalCluster> {
  const { workerCount = 2 } = options;
  const directory = mkdtempSync(path.join(tmpdir(), "tutti-local-"));
  const server = await startServer({ tickTimeMs: 100 });
  const common = { coord: `${server.connectString}/local`, sessionTimeoutMs: 1_000 };
  const eventLog = path.join(directory, "events.jsonl");
  const openMaster = (): Promise<ClusterMaster> =>
    startMaster({ ...common, eventLog, speculation: false, ...options.master });
  let master = await openMaster();
  const closes = [() => master.close()];
  const start = async (settings: WorkerSettings = {}): Promise<void> => {
    const worker = await startWorker({ ...common, slotCount: 1, directory, ...options.worker, ...settings });
    closes.unshift(() => worker.close());
  };
  for (let count = 0; count < workerCount; count += 1) await start();
  return {
    coord: common.coord,
    directory,
    open: (gate) => writeFileSync(path.join(directory, `gate-${gate}`), ""),
    began: () => {
      const file = path.join(directory, "began");
      const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
      return lines.map((line) => line.split(" ")[0] ?? "").toSorted();
    },
    report: () => askMaster(common, { kind: "report" }),
    async blobs() {
      const session = await connect(server);
      const names = await session.children("/local/blobs");
      await session.close();
      return names;
    },
    events: () =>
      readFileSync(eventLog, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    startWorker: start,
    async replaceMaster() {
      const next = await openMaster();
      await master.close();
      master = next;
    },
    async comeBack() {
      const driver = await connectCluster(common.coord, { sessionTimeoutMs: 1_000, slotsMin: workerCount });
      closes.unshift(() => driver.close());
      return driver;
    },
    async close() {
      for (const close of closes) await close();
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
