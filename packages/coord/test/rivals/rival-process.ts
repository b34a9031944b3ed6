import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type FaultProxy, startFaultProxy } from "../../src/testing/index.ts";
import type { Target } from "../interop/target.ts";
import type { FromRival, RivalOrders, ToRival } from "./messages.ts";

const script = fileURLToPath(new URL("rival.ts", import.meta.url));

export interface RivalParts {
  readonly target: Target;
  readonly orders: Omit<RivalOrders, "connectString">;
  readonly onMessage: (rival: RivalProcess, message: FromRival) => void;
  /** It ended by itself. */
  readonly onFailure: (rival: RivalProcess, problem: string) => void;
}

/** A process that uses a recipe, behind a link of its own. A killed one comes back as another process. */
export class RivalProcess {
  readonly name: string;
  readonly proxy: FaultProxy;
  readonly #parts: RivalParts;
  #child: ChildProcess | undefined;

  private constructor(parts: RivalParts, proxy: FaultProxy) {
    this.#parts = parts;
    this.name = parts.orders.name;
    this.proxy = proxy;
  }

  static async start(parts: RivalParts): Promise<RivalProcess> {
    const rival = new RivalProcess(parts, await startFaultProxy(parts.target.address));
    await rival.start();
    return rival;
  }

  async start(): Promise<void> {
    const { orders, target, onMessage, onFailure } = this.#parts;
    const connectString = `${this.proxy.connectString}${target.chroot}`;
    const child = fork(script, [JSON.stringify({ ...orders, connectString })], {
      execArgv: ["--conditions=@tutti/source"],
      serialization: "advanced",
    });
    this.#child = child;
    const ready = Promise.withResolvers<void>();
    child.on("message", (message: FromRival) => {
      // What a killed process said before is true; what it might still say is not waited for.
      if (message.kind === "ready") ready.resolve();
      else onMessage(this, message);
    });
    child.once("exit", (code, signal) => {
      ready.resolve();
      if (this.#child === child) onFailure(this, `${this.name} ended with ${code ?? signal}`);
    });
    await ready.promise;
  }

  tell(message: ToRival): void {
    if (this.#child?.connected === true) this.#child.send(message);
  }

  setPaused(isPaused: boolean): void {
    this.#child?.kill(isPaused ? "SIGSTOP" : "SIGCONT");
  }

  /** Settles when it is gone; what it had said was heard. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const gone = once(child, "close");
    child.kill("SIGKILL");
    await gone;
  }

  async close(): Promise<void> {
    await this.kill();
    await this.proxy.close();
  }
}
