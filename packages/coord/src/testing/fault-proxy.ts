import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { CoordError } from "../coord-error.ts";
import { decodeConnectResponse } from "../protocol/connect.ts";
import { FrameDecoder } from "../protocol/frame-decoder.ts";
import type { ConnectResponse } from "../protocol/records.ts";
import type { ServerAddress } from "../server/client-port.ts";
import { endSession } from "./end-session.ts";
import { Lane } from "./lane.ts";

/** Stands between clients and a server, and fails as networks do. */
export interface FaultProxy extends AsyncDisposable {
  readonly address: ServerAddress;
  /** What clients are given in place of the server. */
  readonly connectString: string;
  /** Cuts all connections; new ones are taken. */
  cut(): void;
  /** Cuts all connections at the next bytes of a client, which are lost: that request never arrives. */
  cutBeforeRequest(): void;
  /** Cuts all connections at the next bytes of the server, which are lost: a request arrives, its answer does not. */
  cutBeforeAnswer(): void;
  /**
   * While on, nothing passes and nothing is closed, as behind a broken switch. When it goes off, connections that were
   * silent are cut, since bytes of theirs are missing.
   */
  silence(on: boolean): void;
  /** While on, connections are refused; those that are there are cut. */
  refuse(on: boolean): void;
  /** What comes from now on passes so much later, in both directions and in its order; 0 ends it. */
  delay(delayMs: number): void;
  /**
   * Ends a session at the server, as a timeout does: its ephemeral nodes go, and its client hears of it when it comes
   * back. Works with any ZooKeeper. Rejects with `invalid-options` for a session that did not come through here.
   */
  expire(sessionId: bigint): Promise<void>;
  close(): Promise<void>;
}

type Pair = readonly [client: Socket, upstream: Socket];

/** Longer than any answer to a greeting. */
const greetingBytesMax = 256;
/** Sessions that can be ended: the latest. */
const sessionsMax = 10_000;

class Proxy implements FaultProxy {
  readonly #target: ServerAddress;
  readonly #pairs = new Set<Pair>();
  /** How the server greeted, by session: to end one, its password is needed. */
  readonly #greetings = new Map<bigint, ConnectResponse>();
  readonly #server = createServer({ noDelay: true }, (client) => this.#accept(client));
  #isSilent = false;
  #isRefusing = false;
  #losesNext: "request" | "answer" | undefined;
  #delayMs = 0;

  constructor(target: ServerAddress) {
    this.#target = target;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
  }

  get address(): ServerAddress {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  get connectString(): string {
    const { host, port } = this.address;
    return `${host}:${port}`;
  }

  cut(): void {
    this.#losesNext = undefined;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  cutBeforeRequest(): void {
    this.#losesNext = "request";
  }

  cutBeforeAnswer(): void {
    this.#losesNext = "answer";
  }

  silence(on: boolean): void {
    this.#isSilent = on;
    if (!on) this.cut();
  }

  refuse(on: boolean): void {
    this.#isRefusing = on;
    if (on) this.cut();
  }

  delay(delayMs: number): void {
    if (!(delayMs >= 0) || delayMs > 0x7fff_ffff) {
      throw new CoordError("invalid-options", `delayMs is ${delayMs} and must be a number from 0`);
    }
    this.#delayMs = delayMs;
  }

  async expire(sessionId: bigint): Promise<void> {
    const greeting = this.#greetings.get(sessionId);
    if (greeting === undefined) {
      throw new CoordError("invalid-options", `session ${sessionId} did not come through this proxy`);
    }
    await endSession(this.#target, greeting);
    this.#greetings.delete(sessionId);
  }

  async close(): Promise<void> {
    this.#isRefusing = true;
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: Socket): void {
    client.on("error", () => client.destroy());
    if (this.#isRefusing) {
      client.destroy();
      return;
    }
    const upstream = connect({ ...this.#target, noDelay: true });
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    this.#carry(client, upstream, () => this.#loses("request"));
    this.#carry(upstream, client, () => this.#loses("answer"));
    this.#learn(upstream);
    upstream.on("error", () => upstream.destroy());
    for (const [one, other] of [pair, [upstream, client] as const]) {
      one.on("close", () => {
        if (!this.#isSilent) other.destroy();
        if (other.destroyed) this.#pairs.delete(pair);
      });
    }
  }

  #carry(source: Socket, sink: Socket, isLost: () => boolean): void {
    const lane = new Lane(source, sink);
    source.on("data", (bytes: Uint8Array) => {
      if (!isLost()) lane.pass(bytes, this.#delayMs);
    });
  }

  #loses(what: "request" | "answer"): boolean {
    if (this.#losesNext === what) {
      this.cut();
      return true;
    }
    return this.#isSilent;
  }

  /** The first frame of a server names the session and its password. */
  #learn(upstream: Socket): void {
    const decoder = new FrameDecoder(greetingBytesMax);
    const onData = (bytes: Uint8Array): void => {
      decoder.push(bytes);
      const step = decoder.next();
      if (step.kind === "partial") return;
      upstream.off("data", onData);
      if (step.kind !== "frame") return;
      try {
        const greeting = decodeConnectResponse(step.payload);
        const { sessionId, timeoutMs, password } = greeting;
        // The payload is the decoder's.
        if (timeoutMs > 0) this.#greetings.set(sessionId, { ...greeting, password: password?.slice() ?? null });
        const [oldest] = this.#greetings.keys();
        if (this.#greetings.size > sessionsMax && oldest !== undefined) this.#greetings.delete(oldest);
      } catch {
        // Not a client of ZooKeeper: its bytes pass all the same.
      }
    };
    upstream.on("data", onData);
  }
}

/**
 * Starts a proxy on a free port of the loopback interface, in front of any server.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { startServer } from "@tutti/coord/server";
 * import { startFaultProxy } from "@tutti/coord/testing";
 *
 * const server = await startServer();
 * const proxy = await startFaultProxy(server.address);
 * const session = await connect(proxy.connectString);
 * proxy.cutBeforeAnswer();
 * const lost = await session.create("/n").catch((error) => error);
 * console.log(lost.code, lost.maybeApplied); // => connection-lost true
 * console.log((await session.exists("/n")) !== undefined); // => true
 * await session.close();
 * await proxy.close();
 * await server.close();
 * ```
 */
export async function startFaultProxy(target: ServerAddress): Promise<FaultProxy> {
  const proxy = new Proxy(target);
  await proxy.open();
  return proxy;
}
