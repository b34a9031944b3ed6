import { afterEach, describe, expect, test } from "vitest";
import {
  startClusterExecutor,
  startWorker,
  type ClusterSecurity,
  type WorkerSettings,
} from "../../src/cluster/index.ts";
import type { Executor, JobGraph } from "../../src/index.ts";
import { hasOpenssl, makeCertificate } from "../../../coord/test/client/certificates.ts";

const closes: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0).reverse()) await close();
});

async function start(settings: WorkerSettings, security: ClusterSecurity = {}): Promise<Executor> {
  const executor = await startClusterExecutor({
    ...security,
    onListening(master) {
      void startWorker({ master, slotCount: 1, ...security, ...settings }).then((worker) =>
        closes.unshift(() => worker.close()),
      );
    },
  });
  closes.push(() => executor.close());
  return executor;
}

function jobOf(exportName: string): JobGraph {
  const module = { specifier: "tasks", url: new URL("../executor/tasks.ts", import.meta.url).href };
  const inputs = [{ kind: "rows", partitions: [[1, 2]] }] as const;
  return {
    name: exportName,
    stages: [{ id: 0, name: exportName, exportName, partitionCount: 1, inputs, module, args: undefined, closures: [] }],
  };
}

test("a task that eats all memory fails with a message, and the worker goes on", { timeout: 60_000 }, async () => {
  const executor = await start({ heapBytesMax: 64 * 1024 * 1024 });
  await expect(executor.run(jobOf("hoard"))).rejects.toThrow(/needs more memory than a thread may have/);
  expect(await executor.submit((x: number) => x + 1, 1)).toBe(2);
});

describe("a worker that takes no functions", () => {
  test("refuses them, and modules that are only where the driver is", async () => {
    const executor = await start({ allowClosures: false });
    await expect(executor.submit((x: number) => x + 1, 1)).rejects.toThrow(/takes no functions from drivers/);
    const mapped = jobOf("mapRows");
    const [stage] = mapped.stages;
    const withClosure = { ...mapped, stages: [{ ...stage!, closures: [(row: unknown) => row] }] };
    await expect(executor.run(withClosure)).rejects.toThrow(/takes no functions from drivers/);
    await expect(executor.run(jobOf("echo"))).rejects.toThrow(/cannot find the module tasks; install it there/);
  });
});

describe.runIf(hasOpenssl)("TLS between the processes of a cluster", () => {
  test(
    "those with certificates of the same authority work together, others are not let in",
    { timeout: 20_000 },
    async () => {
      const { cert, key } = makeCertificate();
      const tls = { cert, key, ca: cert, servername: "localhost" };
      const executor = await start({}, { tls });
      expect(await executor.map([1, 2, 3], (x) => x * x)).toEqual([1, 4, 9]);
      const other = makeCertificate();
      const stranger = { cert: other.cert, key: other.key, ca: other.cert, servername: "localhost" };
      const { address } = executor as unknown as { address: { host: string; port: number } };
      const refused = Promise.withResolvers<string>();
      const worker = await startWorker({ master: address, tls: stranger, slotCount: 1, onEvent: refused.resolve });
      closes.unshift(() => worker.close());
      expect(await refused.promise).toMatch(/the master cannot be reached/);
    },
  );
});
