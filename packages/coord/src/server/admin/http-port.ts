import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CoordError } from "../../coord-error.ts";
import type { ServerAddress } from "../client-port.ts";
import { prometheusText } from "../metrics.ts";
import type { HttpPortOptions } from "../server-options.ts";
import type { ServerPlace } from "../server-place.ts";
import { adminCommands } from "./commands.ts";
import { snapshotPage } from "./snapshot-page.ts";

export interface HttpPage {
  /** Default 200. */
  readonly status?: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PageRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  /** Whoever asked is gone. */
  readonly signal: AbortSignal;
}

/** A page, or undefined where there is none. */
export type HttpPages = (request: PageRequest) => HttpPage | undefined | Promise<HttpPage | undefined>;

export interface HttpPort {
  readonly address: ServerAddress;
  close(): Promise<void>;
}

/** Sends no more than this before it has read the whole request. */
const requestMsMax = 10_000;

const json = "application/json";

function exact(_key: string, value: unknown): unknown {
  // Clients that read JSON numbers as doubles would be told another session.
  return typeof value === "bigint" ? `0x${BigInt.asUintN(64, value).toString(16)}` : value;
}

/** `/commands` lists what there is, `/commands/<name>` answers in JSON with the name and an error, as ZooKeeper does. */
export function adminPages(place: () => ServerPlace): HttpPages {
  const byName = new Map(adminCommands.flatMap((command) => command.names.map((name) => [name, command] as const)));
  return (request) => {
    const { path } = request;
    if (path === "/commands/snapshot" || path === "/commands/snap") return snapshotPage(place(), request);
    if (path === "/commands" || path === "/commands/") {
      const links = adminCommands.map(({ names: [name = ""] }) => `<a href="/commands/${name}">${name}</a><br/>\n`);
      return { type: "text/html", body: links.join("") };
    }
    const [, name = ""] = /^\/commands\/([a-z_]+)$/.exec(path) ?? [];
    const command = byName.get(name);
    if (command === undefined) return undefined;
    const at = place();
    const isServing = at.pipeline.leader !== "none" || at.pipeline.isReadOnly;
    const error = isServing || name === "ruok" ? null : "This ZooKeeper instance is not currently serving requests";
    const fields = error === null ? command.answer(at) : {};
    return { type: json, body: `${JSON.stringify({ ...fields, command: command.names[0], error }, exact, 2)}\n` };
  };
}

export function metricsPages(place: () => ServerPlace): HttpPages {
  return ({ path }) =>
    path === "/metrics"
      ? { type: "text/plain; version=0.0.4; charset=utf-8", body: prometheusText(place()) }
      : undefined;
}

async function respond(request: IncomingMessage, response: ServerResponse, pages: HttpPages): Promise<void> {
  const { method, url = "/" } = request;
  if (method !== "GET" && method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const { authorization } = request.headers;
  const page = await pages({ path: url.split("?")[0] ?? "/", authorization, signal: gone.signal });
  if (page === undefined) {
    response.writeHead(404).end();
    return;
  }
  const { status = 200, type, body, headers } = page;
  response.writeHead(status, { "content-type": type, ...headers }).end(method === "HEAD" ? undefined : body);
}

export async function openHttpPort(
  { port = 0, host = "127.0.0.1" }: HttpPortOptions,
  pages: HttpPages,
): Promise<HttpPort> {
  const server = createServer({ requestTimeout: requestMsMax, headersTimeout: requestMsMax }, (request, response) => {
    // What cannot be answered ends its connection, and nothing else.
    respond(request, response, pages).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const code = cause.code === "EADDRINUSE" ? "address-in-use" : "listen-failed";
      reject(new CoordError(code, `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen({ host, port }, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    address: { host: bound.address, port: bound.port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
