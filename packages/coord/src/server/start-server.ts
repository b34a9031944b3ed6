import { createHash, randomBytes } from "node:crypto";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { CoordError } from "../coord-error.ts";
import { CoordMachine } from "../core/coord-machine.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import { SoloReplication } from "../pipeline/solo-replication.ts";
import type { PipelineEnvironment } from "../ports/pipeline-environment.ts";
import { answerWord, type WordPlace } from "./answer-word.ts";
import { type ResolvedOptions, resolveServerOptions, type ServerOptions } from "./server-options.ts";
import { SocketHost } from "./socket-host.ts";

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** A running server. Its data lives in memory and ends with it. */
export interface CoordServer extends AsyncDisposable {
  readonly address: ServerAddress;
  /** `host:port`, as clients take it. */
  readonly connectString: string;
  /** Closes all connections and gives up the port. May be called twice. */
  close(): Promise<void>;
}

/** ZooKeeper's limit of removals in one round of the reaper. */
const reapCountMax = 10_000;
/** Number of a server that stands alone. */
const standaloneServerId = 1;
const passwordBytes = 16;

function monotonicMs(): number {
  return performance.now();
}

function wallMs(): bigint {
  return BigInt(Date.now());
}

function digestOf(userAndPassword: Uint8Array): string {
  const text = Buffer.from(userAndPassword).toString("utf8");
  const colon = text.indexOf(":");
  const user = colon < 0 ? text : text.slice(0, colon);
  return `${user}:${createHash("sha1").update(userAndPassword).digest("base64")}`;
}

/** Wires the pure parts together; the words need the pipeline that needs them, hence the late binding. */
function createPipeline(options: ResolvedOptions, wordPlace: () => WordPlace): Pipeline {
  const environment: PipelineEnvironment = {
    monotonicMs,
    wallMs,
    newPassword: () => randomBytes(passwordBytes),
    digestOf,
    answerWord: (word) => answerWord(word, wordPlace()),
  };
  const machine = new CoordMachine(options);
  const replication = new SoloReplication(machine, wallMs);
  const pipeline = new Pipeline({ ...options, serverId: standaloneServerId }, { machine, replication, environment });
  replication.listen(pipeline);
  return pipeline;
}

/** Hands a socket's bytes to the pipeline, unless its address has too many already. */
function accept(socket: Socket, pipeline: Pipeline, options: ResolvedOptions): void {
  const host = new SocketHost(socket, options.unsentBytesMax);
  const { connectionsPerAddressMax: countMax } = options;
  if (countMax > 0) {
    let count = 0;
    for (const other of pipeline.connections.values()) if (other.host.remoteAddress === host.remoteAddress) count += 1;
    if (count >= countMax) {
      socket.destroy();
      return;
    }
  }
  const connection = pipeline.open(host);
  socket.on("drain", () => connection.drained());
  socket.on("data", (chunk: Uint8Array) => connection.receive(chunk));
  // What a socket reports as an error also closes it, and only that matters to the session.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => connection.disconnected());
}

function listen(server: Server, { host, port }: ResolvedOptions): Promise<ServerAddress> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const code = cause.code === "EADDRINUSE" ? "address-in-use" : "listen-failed";
      reject(new CoordError(code, `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen({ host, port }, () => {
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
  });
}

/**
 * Starts a server that speaks ZooKeeper's protocol, alone and in memory: what it holds is gone when it closes.
 *
 * ```ts
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer(); // on a free port of the loopback interface
 * console.log(server.connectString.startsWith("127.0.0.1:")); // => true
 * await server.close();
 * ```
 */
export async function startServer(options: ServerOptions = {}): Promise<CoordServer> {
  const resolved = resolveServerOptions(options);
  if (options.signal?.aborted === true) {
    throw new CoordError("aborted", "the signal was aborted before the start", { cause: options.signal.reason });
  }
  const startedMs = monotonicMs();
  const bound = { port: resolved.port };
  const pipeline = createPipeline(resolved, () => ({ pipeline, options: resolved, port: bound.port, startedMs }));
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    accept(socket, pipeline, resolved);
  });
  const address = await listen(server, resolved);
  bound.port = address.port;
  const ticking = setInterval(() => pipeline.tick(), resolved.tickTimeMs);
  const reaping = setInterval(() => pipeline.reap(reapCountMax), resolved.reapIntervalMs);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      options.signal?.removeEventListener("abort", onAbort);
      clearInterval(ticking);
      clearInterval(reaping);
      server.close(() => resolve());
      pipeline.closeAll();
      for (const socket of sockets) socket.destroySoon();
    });
    return closing;
  };
  const onAbort = (): void => void close();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const shownHost = address.host.includes(":") ? `[${address.host}]` : address.host;
  return { address, connectString: `${shownHost}:${address.port}`, close, [Symbol.asyncDispose]: close };
}
