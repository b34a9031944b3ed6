import { CoordError } from "../coord-error.ts";
import type { ByteChannel, Dialable } from "../ports/byte-channel.ts";
import { ClientSession } from "./client-session.ts";
import { parseConnectString } from "./connect-string.ts";
import type { Session } from "./session.ts";
import { SessionLink } from "./session-link.ts";
import { type ClientTls, createSocketChannel } from "./socket-channel.ts";

export interface ConnectOptions {
  /** How long the session outlives a lost connection, default 10 000. The server may give another; see `timeoutMs`. */
  readonly sessionTimeoutMs?: number;
  /** Credentials, sent after every connection. `digest` takes `user:password`. */
  readonly auth?: readonly { readonly scheme: string; readonly credential: string }[];
  /** TLS to the servers. */
  readonly tls?: ClientTls;
  /** Calls that may wait for an answer, default 20 000; more are refused as `overloaded`. */
  readonly callsMax?: number;
  /** Largest frame in either direction, default 1 048 575. ZooKeeper's `jute.maxbuffer`. */
  readonly frameBytesMax?: number;
  /** A new session takes the place of one that expired; the watches are set again. Default false. */
  readonly renew?: boolean;
  /** A program that has nothing else to do ends although the session is open. Default false. */
  readonly unref?: boolean;
  /** Ends the attempt to connect; later it has no effect. */
  readonly signal?: AbortSignal;
  /** How long to try to reach a server, default 30 000. */
  readonly connectTimeoutMs?: number;
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const chosen = Math.floor(Math.random() * (last + 1));
    [result[last], result[chosen]] = [result[chosen] as T, result[last] as T];
  }
  return result;
}

type Channels = () => { readonly channel: ByteChannel; readonly name: string; readonly isRoundOver: boolean };

/** All servers in random order, round and round. */
function channelsTo(
  connectString: string,
  options: ConnectOptions,
): { readonly chroot: string; readonly next: Channels } {
  const { hosts, chroot } = parseConnectString(connectString);
  const order = shuffled(hosts);
  const { tls, unref = false } = options;
  let index = -1;
  const next: Channels = () => {
    index = (index + 1) % order.length;
    const { host, port } = order[index] as (typeof order)[number];
    const channel = createSocketChannel({ host, port, tls, unref });
    return { channel, name: `${host}:${port}`, isRoundOver: index === order.length - 1 };
  };
  return { chroot, next };
}

function channelsInside(server: Dialable): { readonly chroot: string; readonly next: Channels } {
  return { chroot: "", next: () => ({ channel: server.dial(), name: "the embedded server", isRoundOver: true }) };
}

function checkOptions({
  sessionTimeoutMs = 10_000,
  callsMax = 20_000,
  frameBytesMax = 0xf_ffff,
}: ConnectOptions): void {
  for (const [name, value] of Object.entries({ sessionTimeoutMs, callsMax, frameBytesMax })) {
    if (Number.isInteger(value) && value >= 1 && value <= 0x7fff_ffff) continue;
    throw new CoordError("invalid-options", `${name} is ${value} and must be a whole number from 1 to 2147483647`);
  }
}

/**
 * Opens a session with a ZooKeeper ensemble, or with an embedded server, which is reached without sockets. Resolves when
 * a server has taken the session.
 *
 * ```ts
 * import { connect, text } from "@tutti/coord";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server.connectString);
 * await session.create("/greeting", "hello");
 * console.log(await session.getAs("/greeting", text)); // => hello
 * await session.close();
 * await server.close();
 * ```
 */
export async function connect(target: string | Dialable, options: ConnectOptions = {}): Promise<Session> {
  checkOptions(options);
  const { sessionTimeoutMs = 10_000, callsMax = 20_000, frameBytesMax = 0xf_ffff } = options;
  const { renew = false, unref = false, signal, connectTimeoutMs = 30_000 } = options;
  const { chroot, next } = typeof target === "string" ? channelsTo(target, options) : channelsInside(target);
  const link = new SessionLink({ sessionTimeoutMs, callsMax, frameBytesMax, renew, unref, nextChannel: next });
  for (const { scheme, credential } of options.auth ?? []) {
    link.addAuth({ authType: 0, scheme, auth: new TextEncoder().encode(credential) });
  }
  const session = new ClientSession(link, chroot, frameBytesMax);
  link.start();
  try {
    await session.connected({ signal, timeoutMs: connectTimeoutMs });
  } catch (thrown) {
    await session.close();
    throw thrown;
  }
  return session;
}
