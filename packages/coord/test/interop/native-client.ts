import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** `zookeeper` of npm: ZooKeeper's client in C, with a binding. It is built where it is installed, so it is no dependency. */
const version = "7.3.0";
const cache = fileURLToPath(new URL(`../../../../node_modules/.cache/zookeeper-native-${version}/`, import.meta.url));
const installMsMax = 600_000;

type Answer<Value> = (rc: number, error: string, ...values: Value[]) => void;

/** The part of it that the benchmark and the tests call. */
export interface NativeClient {
  readonly client_id: string;
  connect(options: object, onConnect: (error: Error | null) => void): void;
  close(): void;
  a_get(path: string, watch: boolean, done: (rc: number, error: string, stat: object, data: Buffer) => void): void;
  a_set(path: string, data: Buffer, version: number, done: Answer<object>): void;
  a_create(path: string, data: string, flags: number, done: Answer<string>): void;
  aw_get(
    path: string,
    onEvent: (type: number, state: number, path: string) => void,
    done: (rc: number, error: string, stat: object, data: Buffer) => void,
  ): void;
}

export type NativeModule = new (options: object) => NativeClient;

function installed(): boolean {
  return existsSync(path.join(cache, "node_modules/zookeeper/build/Release"));
}

/** Undefined where it is not installed. */
export function loadNativeClient(): NativeModule | undefined {
  return installed() ? (createRequire(cache)("zookeeper") as NativeModule) : undefined;
}

/** Installs it for the next time: npm fetches it, and the machine's compilers build it for the Node.js that runs here. */
export function installNativeClient(): void {
  if (installed()) return;
  mkdirSync(cache, { recursive: true });
  const manifest = { private: true, dependencies: { zookeeper: version }, allowScripts: { zookeeper: true } };
  writeFileSync(path.join(cache, "package.json"), JSON.stringify(manifest));
  const bin = path.dirname(process.execPath);
  const home = path.dirname(bin);
  const hasHeaders = existsSync(path.join(home, "include/node/node.h"));
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund"], {
    cwd: cache,
    timeout: installMsMax,
    stdio: "ignore",
    env: {
      ...process.env,
      PATH: `${bin}${path.delimiter}${process.env["PATH"] ?? ""}`,
      ...(hasHeaders ? { npm_config_nodedir: home } : {}),
    },
  });
  if (status !== 0) rmSync(cache, { recursive: true, force: true });
}

/** A connected one; `connect` of the C client says nothing about failures that it repeats. */
export async function connectNative(
  Native: NativeModule,
  connectString: string,
  timeoutMs: number,
): Promise<NativeClient> {
  const client = new Native({});
  const errorsOnly = 1;
  await new Promise<void>((resolve, reject) => {
    const options = {
      connect: connectString,
      timeout: timeoutMs,
      debug_level: errorsOnly,
      host_order_deterministic: true,
    };
    client.connect(options, (error) => (error === null ? resolve() : reject(error)));
  });
  return client;
}
