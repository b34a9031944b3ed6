/**
 * What became of bytes that were handed over: `free`, there is room for more; `full`, taken, and nothing more should
 * be produced until the host says so; `cut`, too much was waiting and the connection is gone.
 */
export type SendOutcome = "free" | "full" | "cut";

/** What a connection needs from whatever carries its bytes. */
export interface ConnectionHost {
  /** Address of the other side without a port, as the `ip` scheme compares it. */
  readonly remoteAddress: string;
  /** Whether nobody on the way can read along: TLS, or no way at all. */
  readonly isSecure: boolean;
  /** Subject of the certificate that the other side has shown and somebody vouches for. */
  readonly subject: string | undefined;
  /** For people: address and port. */
  readonly remoteName: string;
  /** Takes over the bytes. Order is kept. After `full` it calls the connection's `drained`. */
  send(bytes: Uint8Array): SendOutcome;
  /** Closes after everything that was sent has left. No bytes are handed in any more. */
  close(): void;
  /** Asks to stop or to go on handing in bytes. A few may still come. */
  setPaused(paused: boolean): void;
}
