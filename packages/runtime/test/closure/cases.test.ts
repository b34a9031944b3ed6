import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { closureCases } from "./cases.ts";
import { runCase, type CaseReport } from "./run-cases.ts";

const arriving = closureCases.filter((one) => one.refused === undefined);
const refused = closureCases.filter((one) => one.refused !== undefined);

test.each(arriving)("$group: $name arrives whole", async (one) => {
  expect(await runCase(one)).toBeUndefined();
});

test.each(refused)("$name is refused by its name", async (one) => {
  expect(await runCase(one)).toBeUndefined();
});

test("in a worker thread the whole table goes the same way", async () => {
  const worker = new Worker(new URL("run-cases-main.ts", import.meta.url), {
    execArgv: ["--conditions=@tutti/source"],
  });
  const report = await new Promise<CaseReport>((resolve, reject) => {
    worker.once("message", resolve).once("error", reject);
  });
  await worker.terminate();
  expect(report).toEqual({ arrived: arriving.length, refused: refused.length, wrong: [] });
});
