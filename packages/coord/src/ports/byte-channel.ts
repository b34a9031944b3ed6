/** What the owner of a channel hears. Calls come one at a time, never from inside `send`. */
export interface ByteChannelListener {
  /** Both sides can send. */
  opened(): void;
  bytes(chunk: Uint8Array): void;
  /** Nothing comes any more. Called once. */
  closed(cause: Error | undefined): void;
}

/** Bytes in both directions, in order: a socket, or two ends inside one process. */
export interface ByteChannel {
  /** Begins; everything that happens is told to the listener. Called once. */
  open(listener: ByteChannelListener): void;
  send(bytes: Uint8Array): void;
  /** Ends it after what was sent has left. */
  close(): void;
  /** Ends it now. */
  destroy(): void;
}

/** What a client can connect to without an address: an embedded server. */
export interface Dialable {
  dial(): ByteChannel;
}
