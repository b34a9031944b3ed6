import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts, startLossyProxy, type LossyProxy, type LostDirection } from "@tutti/testkit";
import type { Orders } from "./member-process.ts";

const script = fileURLToPath(new URL("./member-process.ts", import.meta.url));
const host = "127.0.0.1";

export interface RealEnsembleOptions extends Pick<Orders, "protocol" | "serves" | "disk" | "snapshotEntries"> {
  /** Members of this process, which are not started here. */
  readonly observers?: readonly number[];
  /** Links pass through this process, where they can be cut. Default: false. */
  readonly canCut?: boolean;
  /** A command that runs the command which follows it, and watches what a member does. Default: none. */
  readonly watchedBy?: (id: number) => readonly string[];
}

/** Three members as processes, with files, over TCP: to be killed, stopped and cut off. */
export class RealEnsemble implements AsyncDisposable {
  readonly ids: readonly number[] = [1, 2, 3];
  readonly #options: RealEnsembleOptions;
  readonly #children: Map<number, ChildProcess> = new Map<number, ChildProcess>();
  readonly #listening: Map<number, number> = new Map<number, number>();
  /** By who dials whom. */
  readonly #proxies: Map<string, LossyProxy> = new Map<string, LossyProxy>();
  #directory = "";

  private constructor(options: RealEnsembleOptions) {
    this.#options = options;
  }

  static async open(options: RealEnsembleOptions = {}): Promise<RealEnsemble> {
    const ensemble = new RealEnsemble(options);
    await ensemble.#prepare();
    await Promise.all(ensemble.ids.map((id) => ensemble.start(id)));
    return ensemble;
  }

  async #prepare(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), "tutti-real-"));
    const { observers = [], canCut = false } = this.#options;
    const members = [...this.ids, ...observers];
    const ports = await freePorts(members.length);
    for (const [index, id] of members.entries()) this.#listening.set(id, ports[index] as number);
    if (!canCut) return;
    for (const from of members) {
      for (const to of members) {
        if (from === to) continue;
        this.#proxies.set(`${from}-${to}`, await startLossyProxy({ host, port: this.#listening.get(to) as number }));
      }
    }
  }

  /** The port of a member itself, and those by which it reaches the others. */
  portsOf(id: number): Record<number, number> {
    const ports = [...this.#listening].map(([other, port]) => {
      return [other, this.#proxies.get(`${id}-${other}`)?.address.port ?? port] as const;
    });
    return Object.fromEntries(ports);
  }

  child(id: number): ChildProcess | undefined {
    return this.#children.get(id);
  }

  /** Resolves when the member is open. */
  async start(id: number): Promise<void> {
    if (this.#children.has(id)) return;
    const { canCut: _, watchedBy, ...shared } = this.#options;
    const orders: Orders = { id, directory: join(this.#directory, String(id)), ports: this.portsOf(id), ...shared };
    const command = [process.execPath, "--conditions=@tutti/source", script, JSON.stringify(orders)];
    const [program = "", ...args] = [...(watchedBy?.(id) ?? []), ...command];
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    this.#children.set(id, child);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once("data", () => resolve());
      child.once("exit", (code, signal) => reject(new Error(`member ${id} ended with ${code ?? signal}`)));
    });
    child.removeAllListeners("exit");
  }

  kill(id: number): Promise<void> {
    return this.#end(id, (child) => child.kill("SIGKILL"));
  }

  /** A member ends by itself, as it does when its parent is gone. */
  end(id: number): Promise<void> {
    return this.#end(id, (child) => child.disconnect());
  }

  async #end(id: number, tell: (child: ChildProcess) => void): Promise<void> {
    const child = this.#children.get(id);
    if (child === undefined) return;
    this.#children.delete(id);
    const gone = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
    });
    tell(child);
    await gone;
  }

  setStopped(id: number, isStopped: boolean): void {
    this.child(id)?.kill(isStopped ? "SIGSTOP" : "SIGCONT");
  }

  /** Nothing passes between the two, or only one way, and nothing is closed. */
  cut(left: number, right: number, direction: LostDirection): void {
    const opposite = { fromDialers: "toDialers", toDialers: "fromDialers", both: "both" } as const;
    this.#proxies.get(`${left}-${right}`)?.cut(direction);
    this.#proxies.get(`${right}-${left}`)?.cut(opposite[direction]);
  }

  /** As {@link cut}, from everybody. */
  isolate(id: number): void {
    for (const other of this.#listening.keys()) if (other !== id) this.cut(id, other, "both");
  }

  healLinks(): void {
    for (const proxy of this.#proxies.values()) proxy.heal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children.keys()].map((id) => this.kill(id)));
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
    await rm(this.#directory, { recursive: true, force: true });
  }
}
