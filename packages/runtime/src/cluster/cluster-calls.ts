import type { Call, CallAnswer, CallLane, RunningBatch } from "../calls/call-lane.ts";
import { createFunctionTable, type SentFunction } from "../calls/function-table.ts";
import { bundleModules, type ModuleBundle } from "../closure/module-bundle.ts";
import { reviveError } from "../executor/portable-error.ts";
import type { WorkerHandle } from "./worker-handle.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** Calls on the workers of a cluster, which jobs use too. */
export function createClusterCalls(pool: WorkerPool): CallLane<SentFunction> {
  const functions = createFunctionTable((keys) => {
    for (const worker of pool.all()) worker.forget(keys);
  });
  /** The files that functions import: read once for each. */
  const bundles = new WeakMap<SentFunction, ModuleBundle | undefined>();
  return {
    slotCount: () => Math.max(1, pool.slotCount()),
    prepare(fn) {
      const sent = functions.prepare(fn);
      if (!bundles.has(sent)) bundles.set(sent, bundleModules(sent.modules));
      return sent;
    },
    forget: (code) => functions.forget(code),
    run: (batch) => runOnWorker(pool, batch, (worker, code) => announce(worker, code, bundles.get(code))),
  };
}

/** Calls take turns with jobs as if they were one. */
const jobKey = "calls";

type Announce = (worker: WorkerHandle, code: SentFunction) => void;

function runOnWorker(pool: WorkerPool, batch: readonly Call<SentFunction>[], tell: Announce): RunningBatch {
  const id = `calls ${pool.newId()}`;
  let worker: WorkerHandle | undefined;
  const run = async (): Promise<CallAnswer[]> => {
    worker = await pool.borrow(jobKey);
    try {
      for (const { code } of batch) tell(worker, code);
      const calls = batch.map(({ code, args }) => ({ key: code.key, args }));
      const answer = await worker.ask(id, { kind: "calls", id, calls });
      if (answer.kind === "failed") throw reviveError(answer.error);
      if (answer.kind !== "called") throw new RangeError(`calls were answered by ${answer.kind}`);
      return answer.answers.map((one) =>
        one.kind === "value" ? one : { kind: "error", error: reviveError(one.error) },
      );
    } finally {
      if (worker !== undefined) pool.giveBack(worker, jobKey);
    }
  };
  return { answers: run(), abandon: () => worker?.channel.send({ kind: "cancel", ids: [id] }) };
}

function announce(
  worker: WorkerHandle,
  { key, bytes, broadcasts }: SentFunction,
  bundle: ModuleBundle | undefined,
): void {
  worker.bring(bundle);
  for (const broadcast of broadcasts) worker.share(broadcast);
  const broadcastIds = broadcasts.map((one) => one.shipment.id);
  worker.announce(key, () => ({ kind: "function", key, closures: bytes, broadcastIds, bundle: bundle?.hash }));
}
