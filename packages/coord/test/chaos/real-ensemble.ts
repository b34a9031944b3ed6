import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "@tutti/testkit";
import { type FaultProxy, startFaultProxy } from "../../src/testing/index.ts";

const script = fileURLToPath(new URL("./server-process.ts", import.meta.url));

export interface RealEnsembleOptions {
  readonly neverSyncs?: boolean;
  readonly snapshotTxns?: number;
}

/** Three servers as processes, with files, over TCP: to be killed, paused and cut off. */
export class RealEnsemble {
  readonly ids: readonly number[] = [1, 2, 3];
  readonly #options: RealEnsembleOptions;
  readonly #children = new Map<number, ChildProcess>();
  readonly #proxies = new Map<string, FaultProxy>();
  #directory = "";
  #clientPorts: number[] = [];
  #linkPorts: number[] = [];

  constructor(options: RealEnsembleOptions = {}) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), "tutti-chaos-"));
    const ports = await freePorts(6);
    this.#clientPorts = ports.slice(0, 3);
    this.#linkPorts = ports.slice(3);
    for (const from of this.ids) {
      for (const to of this.ids) {
        if (from > to)
          this.#proxies.set(
            `${from}-${to}`,
            await startFaultProxy({ host: "127.0.0.1", port: this.#linkPorts[to - 1] as number }),
          );
      }
    }
    await Promise.all(this.ids.map((id) => this.start(id)));
  }

  clientPort(id: number): number {
    return this.#clientPorts[id - 1] as number;
  }

  get running(): readonly number[] {
    return [...this.#children.keys()];
  }

  async start(id: number): Promise<void> {
    if (this.#children.has(id)) return;
    const peers: Record<number, number> = {};
    for (const other of this.ids) {
      if (other === id) continue;
      peers[other] = this.#proxies.get(`${id}-${other}`)?.address.port ?? (this.#linkPorts[other - 1] as number);
    }
    const orders = {
      id,
      directory: join(this.#directory, String(id)),
      clientPort: this.clientPort(id),
      linkPort: this.#linkPorts[id - 1],
      peers,
      neverSyncs: this.#options.neverSyncs ?? false,
      snapshotTxns: this.#options.snapshotTxns ?? 500,
    };
    const child = spawn(process.execPath, ["--conditions=@tutti/source", script, JSON.stringify(orders)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#children.set(id, child);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once("data", () => resolve());
      child.once("exit", (code, signal) => reject(new Error(`server ${id} ended with ${code ?? signal}`)));
    });
    child.removeAllListeners("exit");
  }

  async kill(id: number): Promise<void> {
    await this.#end(id, "SIGKILL");
  }

  /** As an operator does. Throws when it does not end well. */
  async stop(id: number): Promise<void> {
    const code = await this.#end(id, "SIGTERM");
    if (code !== 0) throw new Error(`server ${id} was asked to end, and ended with ${code}`);
  }

  async #end(id: number, signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#children.get(id);
    if (child === undefined) return 0;
    this.#children.delete(id);
    const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill(signal);
    return gone;
  }

  setPaused(id: number, paused: boolean): void {
    this.#children.get(id)?.kill(paused ? "SIGSTOP" : "SIGCONT");
  }

  setCut(left: number, right: number, isCut: boolean): void {
    this.#proxies.get(`${Math.max(left, right)}-${Math.min(left, right)}`)?.refuse(isCut);
  }

  async close(): Promise<void> {
    for (const id of this.running) await this.kill(id);
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
    await rm(this.#directory, { recursive: true, force: true });
  }
}
