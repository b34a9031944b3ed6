import { shakeHands, type Admit } from "./handshake.ts";
import type { Link } from "./link.ts";
import { LinkError } from "./link-error.ts";
import type { DoorOptions, LinkAddress, LinkDoor, LinkSocket } from "./link-host.ts";
import { resolveLinkOptions, type LinkOptions, type ResolvedLinkOptions } from "./link-options.ts";

export interface ListenOptions extends LinkOptions {
  /** Whether this peer is wanted; the text says why not, and is told to it. Default: everybody is. */
  readonly admit?: Admit;
  /** A new link. It must be listened to at once. */
  readonly onLink: (link: Link) => void;
  /** A connection did not become a link. For people. */
  readonly onFailure?: (error: LinkError, remoteName: string) => void;
  /** Connections in the middle of a handshake; more are closed at once. Default 256. */
  readonly pendingMax?: number;
}

export interface LinkServer {
  readonly address: LinkAddress;
  /** Stops listening and ends handshakes under way. Links stay; they belong to whoever got them. */
  close(): Promise<void>;
}

/** Listens for peers. Port 0 takes a free one. */
export async function listenForLinks(address: LinkAddress, options: ListenOptions): Promise<LinkServer> {
  const { admit, onLink, onFailure, pendingMax = 256, ...rest } = options;
  const resolved = resolveLinkOptions(rest);
  const pending = new Set<LinkSocket>();
  const onSocket = (socket: LinkSocket): void => {
    const remoteName = `${socket.remoteAddress}:${socket.remotePort}`;
    if (pending.size >= pendingMax) {
      socket.destroy();
      onFailure?.(new LinkError("refused", `${pendingMax} handshakes are under way`), remoteName);
      return;
    }
    pending.add(socket);
    void shakeHands(socket, "acceptor", resolved, admit)
      .then(onLink, (thrown: unknown) => onFailure?.(LinkError.from(thrown, "broken"), remoteName))
      .finally(() => pending.delete(socket));
  };
  const door = await openDoor(address, resolved, {
    onSocket,
    onFailure: (cause, remoteName) => onFailure?.(new LinkError("broken", cause.message, { cause }), remoteName),
  });
  return {
    address: door.address,
    close: () => {
      const closed = door.close();
      for (const socket of pending) socket.destroy();
      return closed;
    },
  };
}

async function openDoor(
  address: LinkAddress,
  { host, tls, helloTimeoutMs }: ResolvedLinkOptions,
  told: Pick<DoorOptions, "onSocket" | "onFailure">,
): Promise<LinkDoor> {
  try {
    return await host.listen(address, { tls, helloTimeoutMs, ...told });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LinkError("listen-failed", `cannot listen on ${address.host}:${address.port}: ${reason}`, { cause });
  }
}
