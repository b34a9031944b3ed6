import { shakeHands } from "./handshake.ts";
import type { Link } from "./link.ts";
import type { LinkAddress, LinkHost, LinkSocket } from "./link-host.ts";
import { LinkError } from "./link-error.ts";
import { resolveLinkOptions, type LinkOptions, type ResolvedLinkOptions } from "./link-options.ts";

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

function connected(address: LinkAddress, options: ResolvedLinkOptions, signal?: AbortSignal): Promise<LinkSocket> {
  const { tls, helloTimeoutMs, host } = options;
  return new Promise((resolve, reject) => {
    const socket = host.connect(address, tls);
    const end = (): void => {
      cancelTimeout();
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      socket.off(readiness, onReady);
    };
    const fail = (message: string, cause?: unknown): void => {
      end();
      socket.on("error", () => undefined);
      socket.destroy();
      reject(new LinkError("connect-failed", `${address.host}:${address.port}: ${message}`, { cause }));
    };
    const onError = (cause: Error): void => fail(cause.message, cause);
    const onAbort = (): void => fail("given up", signal?.reason);
    const onReady = (): void => {
      end();
      resolve(socket);
    };
    const readiness = tls === undefined ? "connect" : "secureConnect";
    const cancelTimeout = host.after(helloTimeoutMs, () => fail(`no connection within ${helloTimeoutMs} ms`));
    socket.on("error", onError);
    socket.on(readiness, onReady);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
  });
}

export interface KeepOptions {
  /** Pause after a failed attempt; doubles up to the longest. Default 25. */
  readonly retryMsMin?: number;
  /** Default 1 000. */
  readonly retryMsMax?: number;
  /** Pause before the first attempt. Default 0. */
  readonly firstMs?: number;
  /** Whether there is a reason to dial now; asked before each attempt. Default: always. */
  readonly mayDial?: () => boolean;
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
  const { retryMsMin = 25, retryMsMax = 1000, firstMs = 0, mayDial, onLink, onFailure } = keep;
  const { host } = resolveLinkOptions(options);
  let retryMs = retryMsMin;
  if (firstMs > 0) await pause(host, firstMs, signal);
  while (!signal.aborted) {
    if (mayDial?.() === false) {
      await pause(host, retryMsMax, signal);
      continue;
    }
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
    await pause(host, retryMs, signal);
    retryMs = Math.min(retryMs * 2, retryMsMax);
  }
}

function pause(host: LinkHost, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = host.after(milliseconds, end);
    signal.addEventListener("abort", end, { once: true });
  });
}
