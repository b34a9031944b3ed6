import type { LinkTls } from "./link-options.ts";

/** Where a peer listens. */
export interface LinkAddress {
  readonly host: string;
  readonly port: number;
}

interface SocketEvents {
  readonly connect: [];
  readonly secureConnect: [];
  readonly data: [chunk: Uint8Array];
  readonly drain: [];
  readonly end: [];
  readonly error: [cause: Error];
  readonly close: [];
}

/** A connection as links use it. A socket of Node.js is one; so is one of a simulator. */
export interface LinkSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly writableLength: number;
  on<Name extends keyof SocketEvents>(event: Name, listener: (...args: SocketEvents[Name]) => void): unknown;
  off<Name extends keyof SocketEvents>(event: Name, listener: (...args: SocketEvents[Name]) => void): unknown;
  setNoDelay(isOff: boolean): unknown;
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
  pause(): unknown;
  resume(): unknown;
  end(): unknown;
  destroy(cause?: Error): unknown;
  destroySoon(): void;
}

/** An open ear for connections. */
export interface LinkDoor {
  readonly address: LinkAddress;
  close(): Promise<void>;
}

export interface DoorOptions {
  readonly tls: LinkTls | undefined;
  readonly helloTimeoutMs: number;
  readonly onSocket: (socket: LinkSocket) => void;
  /** A connection that did not become a socket. */
  readonly onFailure: (cause: Error, remoteName: string) => void;
}

/** All that links need of the process they are in: sockets, time and chance. */
export interface LinkHost {
  /** The socket says `connect`, or with TLS `secureConnect`, or `error`. */
  connect(address: LinkAddress, tls: LinkTls | undefined): LinkSocket;
  /** Rejects with the system's error. */
  listen(address: LinkAddress, options: DoorOptions): Promise<LinkDoor>;
  /** Of a clock that does not jump. */
  nowMs(): number;
  /** Calling what it returns keeps it from running. */
  after(delayMs: number, run: () => void): () => void;
  /** Does not keep the process alive. */
  every(intervalMs: number, run: () => void): () => void;
  /** In a turn of its own. */
  soon(run: () => void): void;
  randomBytes(count: number): Uint8Array;
}
