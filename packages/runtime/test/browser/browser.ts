import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** A page in a headless Chromium, driven over its own protocol. */
export interface BrowserPage {
  open(url: string): Promise<void>;
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until the expression is true. */
  until(expression: string, timeoutMs?: number): Promise<void>;
  screenshot(look: {
    readonly theme: "light" | "dark";
    readonly width: number;
    readonly height: number;
  }): Promise<Buffer>;
  close(): Promise<void>;
}

/** Starts the system's Chromium, Debian's package for example. */
export async function openBrowser(program: string = "chromium"): Promise<BrowserPage> {
  const profile = await mkdtemp(path.join(tmpdir(), "tutti-browser-"));
  const args = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
  ];
  const child = spawn(program, [...args, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${program} ended: ${said}`)));
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
      const [, found] = /DevTools listening on (ws:\/\/\S+)/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  const targets = (await (await fetch(`http://${new URL(endpoint).host}/json`)).json()) as Target[];
  const url = targets.find(({ type }) => type === "page")?.webSocketDebuggerUrl;
  if (url === undefined) throw new Error("the browser has no page");
  const call = await connect(url);
  await call("Page.enable");

  const evaluate = async <T>(expression: string): Promise<T> => {
    const answer = await call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (answer["exceptionDetails"] !== undefined) throw new Error(JSON.stringify(answer["exceptionDetails"]));
    return (answer["result"] as { readonly value: T }).value;
  };
  return {
    async open(to) {
      await call("Page.navigate", { url: to });
    },
    evaluate,
    async until(expression, timeoutMs = 15_000) {
      const deadline = performance.now() + timeoutMs;
      while (!(await evaluate<boolean>(expression))) {
        if (performance.now() > deadline) throw new Error(`the page does not come to ${expression}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async screenshot({ theme, width, height }) {
      const features = [{ name: "prefers-color-scheme", value: theme }];
      await call("Emulation.setEmulatedMedia", { features });
      await call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
      const { data } = await call("Page.captureScreenshot", { format: "png" });
      return Buffer.from(String(data), "base64");
    },
    async close() {
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
      await rm(profile, { recursive: true, force: true });
    },
  };
}

interface Target {
  readonly type: string;
  readonly webSocketDebuggerUrl: string;
}

type Call = (method: string, params?: object) => Promise<Record<string, unknown>>;

async function connect(url: string): Promise<Call> {
  const socket = new WebSocket(url);
  await once(socket, "open");
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  let count = 0;
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(String(data)) as {
      id?: number;
      result?: Record<string, unknown>;
      error?: unknown;
    };
    const one = id === undefined ? undefined : waiting.get(id);
    if (error === undefined) one?.resolve(result ?? {});
    else one?.reject(new Error(JSON.stringify(error)));
  });
  return (method, params = {}) => {
    const id = (count += 1);
    const answer = Promise.withResolvers<Record<string, unknown>>();
    waiting.set(id, answer);
    socket.send(JSON.stringify({ id, method, params }));
    return answer.promise;
  };
}
