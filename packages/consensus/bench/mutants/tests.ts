import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { endless } from "./simulator.ts";

const vitest = fileURLToPath(new URL("vitest.mjs", import.meta.resolve("vitest/package.json")));
const config = fileURLToPath(new URL("vitest.config.ts", import.meta.url));

/** Those that the core has a part in, and that take no seeds, which were tried before. */
const folders = ["test/core", "test/driver"];

const testsMsMax = 60_000;

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/**
 * Runs the tests with this mutant, until the first one fails. That one must fail once more: some have real clocks, on a
 * machine with other work.
 */
export async function runTests(textsFile: string, mutant: string | undefined): Promise<string | undefined> {
  const first = await runFiles(textsFile, mutant, folders);
  return first?.file === undefined ? first?.test : (await runFiles(textsFile, mutant, [first.file]))?.test;
}

interface Failed {
  readonly test: string;
  readonly file?: string;
}

async function runFiles(
  textsFile: string,
  mutant: string | undefined,
  files: readonly string[],
): Promise<Failed | undefined> {
  const active = mutant === undefined ? {} : { __STRYKER_ACTIVE_MUTANT__: mutant };
  const reportFile = path.join(path.dirname(textsFile), "tests.json");
  const args = [vitest, "run", "--config", config, "--reporter", "json", "--outputFile", reportFile, ...files];
  const env = { ...process.env, ...active, MUTANT_TEXTS: textsFile };
  const child = spawn(process.execPath, args, { env, stdio: "ignore" });
  const timer = setTimeout(() => child.kill("SIGKILL"), testsMsMax);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  if (code === 0) return undefined;
  if (code === null) return { test: endless };
  const { testResults } = JSON.parse(await readFile(reportFile, "utf8")) as Report;
  for (const { name: file, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === "failed");
    if (failed !== undefined) return { test: failed.fullName, file };
  }
  return { test: "the tests could not be loaded" };
}
