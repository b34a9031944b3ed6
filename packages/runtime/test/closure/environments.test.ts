import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, type BuildOptions } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closureCases } from "./cases.ts";
import type { CaseReport } from "./run-cases.ts";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const program = join(here, "run-cases-main.ts");
const conditions = "@tutti/source";
const timeoutMs = 30_000;

/** Other versions of Node.js to run the table with, as paths of their programs, separated by commas. */
const otherNodes = (process.env["TUTTI_NODES"] ?? "").split(",").filter((path) => path !== "");

interface Reports {
  readonly main: CaseReport;
  readonly worker: CaseReport;
}

async function runProgram(node: string, args: readonly string[]): Promise<Reports> {
  const { stdout } = await run(node, args, { timeout: timeoutMs, maxBuffer: 2 ** 24 });
  return JSON.parse(stdout) as Reports;
}

/** All as the table says, but for the named cases, each of which the environment makes different for a stated reason. */
function expectTable(reports: Reports, differing: readonly string[] = []): void {
  for (const { arrived, refused, wrong } of [reports.main, reports.worker]) {
    expect(wrong.filter((line) => !differing.some((name) => line.includes(name)))).toEqual([]);
    expect(wrong).toHaveLength(differing.length);
    expect(arrived + refused + differing.length).toBe(closureCases.length);
  }
}

describe("on plain Node.js", () => {
  const nodes = [process.execPath, ...otherNodes];
  test(
    `the table holds on ${nodes.length} of the versions that TUTTI_NODES can name`,
    { timeout: timeoutMs },
    async () => {
      for (const node of nodes) expectTable(await runProgram(node, [`--conditions=${conditions}`, program]));
    },
  );

  test("the table holds while coverage is taken", { timeout: timeoutMs }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "tutti-coverage-"));
    const env = { ...process.env, NODE_V8_COVERAGE: folder };
    const { stdout } = await run(process.execPath, [`--conditions=${conditions}`, program], {
      env,
      maxBuffer: 2 ** 24,
    });
    await rm(folder, { recursive: true });
    expectTable(JSON.parse(stdout) as Reports);
  });
});

describe("in code that esbuild has changed", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-closures-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  interface Change {
    readonly name: string;
    readonly options: BuildOptions;
    readonly differing?: readonly string[];
  }

  // import.meta is an empty object in CommonJS. Lowered #private fields are WeakMaps, which nobody can look into.
  const changes: readonly Change[] = [
    { name: "bundled", options: {} },
    { name: "bundled and minified", options: { minify: true } },
    { name: "bundled with names kept", options: { keepNames: true } },
    { name: "bundled and minified with names kept", options: { minify: true, keepNames: true } },
    {
      name: "lowered to ES2017",
      options: {
        target: "es2017",
        supported: { "top-level-await": true, bigint: true, "dynamic-import": true, "import-meta": true },
      },
      differing: ["a private field inside a class", "an instance with hooks"],
    },
    { name: "bundled as CommonJS", options: { format: "cjs" }, differing: ["refused: import.meta"] },
    {
      name: "bundled as CommonJS and minified",
      options: { format: "cjs", minify: true },
      differing: ["refused: import.meta"],
    },
  ];

  test.each(changes)("$name, the table holds", { timeout: timeoutMs }, async ({ name, options, differing }) => {
    const outfile = join(folder, `${name.replaceAll(" ", "-")}.${options.format === "cjs" ? "cjs" : "mjs"}`);
    await build({
      entryPoints: [program],
      bundle: true,
      platform: "node",
      format: "esm",
      conditions: [conditions],
      logLevel: "error",
      outfile,
      ...options,
    });
    expectTable(await runProgram(process.execPath, [outfile]), differing);
  });
});

interface PoolReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

describe("in the other pools of vitest", () => {
  const vitest = join(createRequire(import.meta.url).resolve("vitest/package.json"), "..", "vitest.mjs");
  const root = fileURLToPath(new URL("../../../..", import.meta.url));
  const pools = ["threads", "vmThreads", "vmForks"] as const;

  test.each(pools)("%s: the table holds", { timeout: timeoutMs }, async (pool) => {
    const folder = await mkdtemp(join(tmpdir(), "tutti-pools-"));
    const outputFile = join(folder, "report.json");
    const args = ["run", "--project", "runtime", "--pool", pool, "--reporter", "json", "--outputFile", outputFile];
    // A failed run is told by its report, not by its exit code.
    await run(process.execPath, [vitest, ...args, "test/closure/cases.test.ts"], { cwd: root }).catch(() => undefined);
    const report = JSON.parse(await readFile(outputFile, "utf8")) as PoolReport;
    await rm(folder, { recursive: true });
    expect(report).toMatchObject({ numFailedTests: 0, numPassedTests: closureCases.length + 1 });
  });
});
