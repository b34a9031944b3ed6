import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { shakeHands } from "./handshake.ts";
import type { Link } from "./link.ts";
import { LinkError } from "./link-error.ts";
import { resolveLinkOptions, type LinkOptions, type ResolvedLinkOptions } from "./link-options.ts";

export interface LinkAddress {
  readonly host: string;
  readonly port: number;
}

/** Connects, shakes hands, and gives the link. */
export async function dial(address: LinkAddress, options: LinkOptions, signal?: AbortSignal): Promise<Link> {
  const resolved = resolveLinkOptions(options);
  const socket = await connected(address, resolved, signal);
  const onAbort = (): void => void socket.destroy();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await shakeHands(socket, "dialer", resolved);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

function connected({ host, port }: LinkAddress, options: ResolvedLinkOptions, signal?: AbortSignal): Promise<Socket> {
  const { tls, helloTimeoutMs } = options;
  return new Promise((resolve, reject) => {
    const socket =
      tls === undefined
        ? connectTcp({ host, port })
        : connectTls({ host, port, minVersion: "TLSv1.2", ...tls, servername: tls.servername ?? host });
    const end = (): void => {
      clearTimeout(timeout);
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError).off(readiness, onReady);
    };
    const fail = (message: string, cause?: unknown): void => {
      end();
      socket.on("error", () => undefined).destroy();
      reject(new LinkError("connect-failed", `${host}:${port}: ${message}`, { cause }));
    };
    const onError = (cause: Error): void => fail(cause.message, cause);
    const onAbort = (): void => fail("given up", signal?.reason);
    const onReady = (): void => {
      end();
      resolve(socket);
    };
    const readiness = tls === undefined ? "connect" : "secureConnect";
    const timeout = setTimeout(() => fail(`no connection within ${helloTimeoutMs} ms`), helloTimeoutMs);
    socket.on("error", onError).on(readiness, onReady);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
  });
}

export interface KeepOptions {
  /** Pause after a failed attempt; doubles up to the longest. Default 25. */
  readonly retryMsMin?: number;
  /** Default 1 000. */
  readonly retryMsMax?: number;
  /** A new link. It must be listened to at once. The promise settles when it is over. */
  readonly onLink: (link: Link) => Promise<unknown>;
  /** An attempt failed; the next follows. For people. */
  readonly onFailure?: (error: LinkError) => void;
}

/** Dials again and again until `signal`, one link at a time. The address is asked for before each attempt. */
export async function keepDialing(
  address: () => LinkAddress,
  options: LinkOptions,
  keep: KeepOptions,
  signal: AbortSignal,
): Promise<void> {
  const { retryMsMin = 25, retryMsMax = 1000, onLink, onFailure } = keep;
  let retryMs = retryMsMin;
  while (!signal.aborted) {
    try {
      const link = await dial(address(), options, signal);
      if (signal.aborted) {
        link.destroy();
        return;
      }
      retryMs = retryMsMin;
      await onLink(link);
    } catch (thrown) {
      if (signal.aborted) return;
      onFailure?.(LinkError.from(thrown, "broken"));
    }
    await pause(retryMs, signal);
    retryMs = Math.min(retryMs * 2, retryMsMax);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
}
