// Our client beside node-zookeeper-client, the pure JavaScript client that people use, in this process, against one
// server of ours in another: requests on their way 1, 64 and 1024 at a time.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import zookeeper from "node-zookeeper-client";
import { connect } from "../src/index.ts";

const serverModule = fileURLToPath(new URL("serve-in-memory.ts", import.meta.url));
const payload = new Uint8Array(100).fill(7);
const buffer = Buffer.from(payload);

type Operation = "get" | "set";
type Call = (operation: Operation, path: string) => Promise<unknown>;

const cells = [
  { window: 1, count: 4000 },
  { window: 64, count: 30_000 },
  { window: 1024, count: 30_000 },
] as const;

async function runWindow(call: Call, operation: Operation, { window, count }: (typeof cells)[number]): Promise<number> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call(operation, `/bench${left % 100}`);
    }
  };
  await Promise.all(Array.from({ length: window }, () => worker()));
  return count;
}

/** The other client calls back; a promise around each call is how it is used today. */
async function openOther(connectString: string): Promise<{ readonly call: Call; readonly close: () => void }> {
  const client = zookeeper.createClient(connectString);
  client.connect();
  await once(client, "connected");
  const call: Call = (operation, path) =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null, result?: unknown): void => {
        if (error) reject(error);
        else resolve(result);
      };
      if (operation === "get") client.getData(path, done);
      else client.setData(path, buffer, -1, done);
    });
  return { call, close: () => client.close() };
}

export const benchmark: Benchmark = {
  name: "client",
  open: async () => {
    const server = spawn(process.execPath, ["--conditions=@tutti/source", serverModule], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(server.stdout, "data")) as [Uint8Array];
    const connectString = String(line).trim();
    const session = await connect(connectString, { sessionTimeoutMs: 30_000 });
    const other = await openOther(connectString);
    for (let index = 0; index < 100; index += 1) await session.createOrSet(`/bench${index}`, payload);
    const ours: Call = (operation, path) => (operation === "get" ? session.get(path) : session.set(path, payload));
    const cases: BenchmarkCase[] = cells.flatMap((cell) =>
      (["get", "set"] as const).map((operation) => ({
        name: `${operation}, ${cell.window} on the way`,
        unit: "requests",
        unitCount: cell.count,
        reference: "node-zookeeper-client",
        runOurs: () => runWindow(ours, operation, cell),
        runReference: () => runWindow(other.call, operation, cell),
        targetRatioMax: 1,
      })),
    );
    return {
      cases,
      close: async () => {
        other.close();
        await session.close();
        server.kill();
        await once(server, "exit");
      },
    };
  },
};
