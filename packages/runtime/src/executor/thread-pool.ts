import { RuntimeError } from "../runtime-error.ts";
import { startThread, type Thread } from "./thread.ts";

/** Threads that are started when first needed, lent to one task at a time, and replaced when they end. */
export interface ThreadPool {
  /** Waits for a free thread, first come, first served. Rejects with `executor-closed` after `close`. */
  borrow(): Promise<Thread>;
  giveBack(thread: Thread): void;
  /** Ends threads that do nothing. Others take their place when they are needed. */
  endIdle(): void;
  /** Lets every thread go of what was announced to it. */
  forget(keys: readonly string[]): void;
  close(): Promise<void>;
}

export interface ThreadPoolOptions {
  readonly threadsMax: number;
  readonly heapBytesMax: number | undefined;
}

export function createThreadPool({ threadsMax, heapBytesMax }: ThreadPoolOptions): ThreadPool {
  const all = new Set<Thread>();
  const idle: Thread[] = [];
  const waiting: PromiseWithResolvers<Thread>[] = [];
  let isClosed = false;

  const add = (): Thread => {
    const onEnd = (): void => {
      all.delete(thread);
      const position = idle.indexOf(thread);
      if (position >= 0) idle.splice(position, 1);
      // Its place is free: whoever waits gets a fresh thread.
      if (!isClosed) waiting.shift()?.resolve(add());
    };
    const thread = startThread({ heapBytesMax, onEnd });
    all.add(thread);
    return thread;
  };

  return {
    borrow() {
      if (isClosed) return Promise.reject(new RuntimeError("executor-closed", "the threads have ended"));
      const free = idle.pop();
      if (free !== undefined) return Promise.resolve(free);
      if (all.size < threadsMax) return Promise.resolve(add());
      const waiter = Promise.withResolvers<Thread>();
      waiting.push(waiter);
      return waiter.promise;
    },
    giveBack(thread) {
      if (!all.has(thread)) return;
      const waiter = waiting.shift();
      if (waiter === undefined) idle.push(thread);
      else waiter.resolve(thread);
    },
    endIdle() {
      for (const thread of [...idle]) void thread.terminate();
    },
    forget(keys) {
      for (const thread of all) thread.forget(keys);
    },
    async close() {
      isClosed = true;
      const closed = new RuntimeError("executor-closed", "the executor was closed");
      for (const waiter of waiting.splice(0)) waiter.reject(closed);
      await Promise.all([...all].map((thread) => thread.terminate()));
    },
  };
}
