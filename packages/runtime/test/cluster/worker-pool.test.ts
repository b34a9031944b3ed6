import type { Link, LinkListener } from "@tutti/link";
import { EventEmitter } from "eventemitter3";
import { afterEach, expect, test } from "vitest";
import type { JobEvents } from "../../src/core/job-events.ts";
import { encodeMessage } from "../../src/cluster/messages.ts";
import { createWorkerPool, type WorkerPool } from "../../src/cluster/worker-pool.ts";
import type { WorkerHandle } from "../../src/cluster/worker-handle.ts";

let pool: WorkerPool;
afterEach(() => pool.close());

function open(): void {
  pool = createWorkerPool({ emitter: new EventEmitter<JobEvents>(), workerWaitMs: 1_000, workerGraceMs: 100 });
}

/** A worker that has registered, and does nothing. */
function join(name: string, slots = 1): void {
  let listener: LinkListener | undefined;
  const link = {
    peer: { protocol: "tutti-cluster", version: 1, cluster: "", node: name, about: { slots: String(slots) } },
    remoteName: name,
    unsentBytes: 0,
    listen: (one: LinkListener) => void (listener = one),
    send: () => undefined,
    close: () => undefined,
    destroy: () => undefined,
  } satisfies Link;
  pool.register(link);
  const what = { running: [], done: [], has: [], isDraining: false };
  listener?.frame(encodeMessage({ kind: "register", worker: name, linkNumber: 1, ...what }));
}

/** Who has what, as soon as it is lent. */
function lending(): { readonly lent: string[]; readonly take: (name: string, asked: Promise<WorkerHandle>) => void } {
  const lent: string[] = [];
  return {
    lent,
    take: (name, asked) =>
      void asked.then(
        (worker) => lent.push(`${name} ${worker.id}`),
        () => undefined,
      ),
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("an attempt that is to overtake another gets what is left over, elsewhere", async () => {
  open();
  join("w1");
  const { lent, take } = lending();
  take("first", pool.borrow("j1"));
  take("second", pool.borrow("j1", { overtakes: ["w1"] }));
  take("other", pool.borrow("j2"));
  await settled();
  expect(lent).toEqual(["first w1"]);
  join("w2");
  await settled();
  expect(lent).toEqual(["first w1", "other w2"]);
  join("w3");
  await settled();
  expect(lent).toEqual(["first w1", "other w2", "second w3"]);
});

test("one that nobody waits for any more leaves the queue", async () => {
  open();
  const stopper = new AbortController();
  const { lent, take } = lending();
  const gone = pool.borrow("j1", { signal: stopper.signal });
  take("next", pool.borrow("j1"));
  stopper.abort(new Error("another attempt was faster"));
  await expect(gone).rejects.toThrow("another attempt was faster");
  join("w1");
  await settled();
  expect(lent).toEqual(["next w1"]);
});
