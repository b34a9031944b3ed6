import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { RuntimeError } from "../../runtime-error.ts";
import type { ClusterAddress } from "../cluster-link.ts";
import { metricsOf } from "./metrics.ts";
import { page } from "./page.ts";

/** Where the page's content comes from: a master that runs, or the log of one that did. */
export interface WebSource {
  readonly lines: () => readonly string[];
  /** Called with each later line. Returns how to stop. */
  readonly follow: (listener: (line: string) => void) => () => void;
  /** What only a running master knows, as JSON. undefined: nothing. */
  readonly report: () => unknown;
}

export interface WebServer {
  readonly address: ClusterAddress;
  close(): Promise<void>;
}

/** Bytes that may wait for a browser that does not read; then it is let go, and comes again. */
const unreadBytesMax = 16 * 1024 * 1024;

const loopback = /^(127\.|::1$|localhost$)/;

/** Serves the page, the events behind it, and metrics; for reading only, and to this machine alone. */
export async function startWebServer({ host, port }: ClusterAddress, source: WebSource): Promise<WebServer> {
  if (!loopback.test(host)) {
    const what = `the web page has no password: ${host} would show it to others; use 127.0.0.1 and a tunnel`;
    throw new RuntimeError("invalid-argument", what);
  }
  const server = createServer((request, response) => answer(request, response, source));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new RuntimeError("invalid-argument", `the web page cannot be served at ${host}:${port}: ${cause.message}`, {
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
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

function answer(request: IncomingMessage, response: ServerResponse, source: WebSource): void {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (request.method !== "GET") return send(response, 405, "text/plain", "only GET\n");
  switch (pathname) {
    case "/":
      return send(response, 200, "text/html; charset=utf-8", page);
    case "/events":
      return send(response, 200, "application/x-ndjson", `${source.lines().join("\n")}\n`);
    case "/stream":
      return stream(response, source);
    case "/report":
      return send(response, 200, "application/json", JSON.stringify(source.report() ?? null));
    case "/metrics":
      return send(response, 200, "text/plain; version=0.0.4", metricsOf(source.lines()));
    default:
      send(response, 404, "text/plain", "there are /, /events, /stream, /report and /metrics\n");
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    "content-type": type,
    "content-security-policy": "default-src 'self' 'unsafe-inline'; img-src data:",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  response.end(body);
}

/** Server-sent events: all lines, then each as it comes. */
function stream(response: ServerResponse, { lines, follow }: WebSource): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  for (const line of lines()) response.write(`data: ${line}\n\n`);
  response.write("event: caughtup\ndata: 1\n\n");
  const stop = follow((line) => {
    response.write(`data: ${line}\n\n`);
    if (response.writableLength > unreadBytesMax) response.destroy();
  });
  response.once("close", stop);
}
