import { CoordError } from "../coord-error.ts";
import type { ByteChannel, Dialable } from "../ports/byte-channel.ts";
import { processClock } from "./client-clock.ts";
import { ClientSession } from "./client-session.ts";
import { validatePath } from "./client-path.ts";
import { type ConnectOptions, type ResolvedConnectOptions, resolveConnectOptions } from "./connect-options.ts";
import { parseConnectString } from "./connect-string.ts";
import type { Session } from "./session.ts";
import { WireSession, type WireTarget } from "./wire-session.ts";
import { createSocketChannel } from "./socket-channel.ts";

function targetOf(target: string | Dialable, { tls, unref }: ResolvedConnectOptions): WireTarget {
  const clock = processClock;
  if (typeof target !== "string") return { chroot: "", hostCount: 1, dial: () => target.dial(), clock };
  const { hosts, chroot } = parseConnectString(target);
  const dial = (index: number): ByteChannel => {
    const { host, port } = hosts[index] as (typeof hosts)[number];
    return createSocketChannel({ host, port, tls, unref });
  };
  return { chroot, hostCount: hosts.length, dial, clock };
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
export async function connect(server: string | Dialable, options: ConnectOptions = {}): Promise<Session> {
  const resolved = resolveConnectOptions(options);
  const { chroot, ...target } = targetOf(server, resolved);
  const { auth = [], chroot: below = "/", signal } = options;
  validatePath(below, "connect");
  const root = below === "/" ? chroot : `${chroot}${below}`;
  const wire = new WireSession(resolved, { chroot: root, ...target });
  for (const { scheme, credential } of auth) {
    wire.addAuth({ authType: 0, scheme, auth: new TextEncoder().encode(credential) });
  }
  const session = new ClientSession(wire);
  wire.start();
  try {
    await session.connected({ signal, timeoutMs: resolved.connectTimeoutMs });
  } catch (thrown) {
    await session.close();
    throw withLastCause(thrown, wire.lastCause);
  }
  return session;
}

/** That nobody answered says little; why the last server did not, says more. */
function withLastCause(thrown: unknown, last: Error | undefined): unknown {
  if (!(thrown instanceof CoordError) || thrown.code !== "timeout" || last === undefined) return thrown;
  return new CoordError("timeout", `connect: no server in time; the last one: ${last.message}`, {
    operation: "connect",
    cause: last,
  });
}
