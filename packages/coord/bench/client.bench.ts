// Our client beside the two that people use, `node-zookeeper-client` in JavaScript and `zookeeper` in C, in this process,
// against one server of ours in another: requests on their way 1, 64 and 1024 at a time.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import zookeeper from "node-zookeeper-client";
import { connect } from "../src/index.ts";
import { connectNative, installNativeClient, loadNativeClient } from "../test/interop/native-client.ts";

const serverModule = fileURLToPath(new URL("serve-in-memory.ts", import.meta.url));
const payload = new Uint8Array(100).fill(7);
const buffer = Buffer.from(payload);
const sessionTimeoutMs = 30_000;

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

interface OtherClient {
  readonly name: string;
  readonly call: Call;
  readonly close: () => void;
}

/** The others call back; a promise around each call is how they are used today. */
async function openJavaScript(connectString: string): Promise<OtherClient> {
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
  return { name: "node-zookeeper-client", call, close: () => client.close() };
}

async function openNative(connectString: string): Promise<OtherClient | undefined> {
  installNativeClient();
  const Native = loadNativeClient();
  if (Native === undefined) {
    console.error(
      "zookeeper of npm is not compared: it could not be installed here, which takes a C compiler and cmake",
    );
    return undefined;
  }
  const client = await connectNative(Native, connectString, sessionTimeoutMs);
  const call: Call = (operation, path) =>
    new Promise((resolve, reject) => {
      const done = (rc: number, error: string): void => {
        if (rc === 0) resolve(undefined);
        else reject(new Error(error));
      };
      if (operation === "get") client.a_get(path, false, done);
      else client.a_set(path, buffer, -1, done);
    });
  return { name: "zookeeper (native)", call, close: () => client.close() };
}

export const benchmark: Benchmark = {
  name: "client",
  open: async () => {
    const server = spawn(process.execPath, ["--conditions=@tutti/source", serverModule], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(server.stdout, "data")) as [Uint8Array];
    const connectString = String(line).trim();
    const session = await connect(connectString, { sessionTimeoutMs });
    const others = [await openJavaScript(connectString), await openNative(connectString)].filter(
      (other) => other !== undefined,
    );
    for (let index = 0; index < 100; index += 1) await session.createOrSet(`/bench${index}`, payload);
    const ours: Call = (operation, path) => (operation === "get" ? session.get(path) : session.set(path, payload));
    const cases: BenchmarkCase[] = others.flatMap((other) =>
      cells.flatMap((cell) =>
        (["get", "set"] as const).map((operation) => ({
          name: `${operation}, ${cell.window} on the way`,
          unit: "requests",
          unitCount: cell.count,
          reference: other.name,
          runOurs: () => runWindow(ours, operation, cell),
          runReference: () => runWindow(other.call, operation, cell),
          targetRatioMax: 1,
        })),
      ),
    );
    return {
      cases,
      close: async () => {
        for (const other of others) other.close();
        await session.close();
        server.kill();
        await once(server, "exit");
      },
    };
  },
};
