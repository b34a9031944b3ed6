/** Time as a client has it: from here and from nowhere else, so that a simulator can stand in for its process. */
export interface ClientClock {
  /** Never goes back; its zero means nothing. */
  monotonicMs(): number;
  /**
   * Runs once, when so much time has passed. Calling what it returns keeps it from running. With `unref`, a process that has
   * nothing else to do ends without waiting for it.
   */
  after(delayMs: number, run: () => void, options?: { readonly unref: boolean }): () => void;
  /** Runs when what waits in the sockets by now has been read. */
  soon(run: () => void): void;
}

/** That of this process. */
export const processClock: ClientClock = {
  monotonicMs: () => performance.now(),
  after: (delayMs, run, options) => {
    const timer = setTimeout(run, delayMs);
    if (options?.unref === true) timer.unref();
    return () => clearTimeout(timer);
  },
  soon: (run) => void setImmediate(run),
};
