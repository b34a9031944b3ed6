import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AnyFunction } from "../../src/index.ts";
import { bundleModules } from "../../src/closure/module-bundle.ts";
import { startTestCluster } from "./worker-processes.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "tutti-modules-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return pathToFileURL(file).href;
}

const main = `import { triple } from "./lib/triple.ts";
import type { Nothing } from "./types-only.ts";
import path from "node:path";
export const fn = (x: number): string => path.posix.join("a", String(triple(x)));`;
const triple = `import { factor } from "../factor.js";
export function triple(x: number): number { return x * factor; }`;

async function writeProgram(): Promise<string> {
  await write("package.json", '{ "type": "module" }');
  await write("factor.js", "export const factor = 3;");
  await write("lib/triple.ts", triple);
  return await write("main.ts", main);
}

test("a bundle has the files that a function imports, and those that they import, with the types of their packages", async () => {
  const importer = await writeProgram();
  const bundle = bundleModules([
    { specifier: "./lib/triple.ts", importer, load: "import" },
    { specifier: "node:path", importer, load: "import" },
    { specifier: "some-package", importer, load: "import" },
  ]);
  expect(bundle?.base).toBe(`${pathToFileURL(folder).href}/`);
  expect(bundle?.files).toEqual([
    { path: "factor.js", text: "export const factor = 3;", type: "module" },
    { path: "lib/triple.ts", text: triple, type: "module" },
  ]);
  expect(bundleModules([{ specifier: "node:path", importer, load: "import" }])).toBeUndefined();
});

test("a file that is not there, or is no program, is refused by its name", async () => {
  const importer = await write("main.ts", "");
  const missing = [{ specifier: "./gone.ts", importer, load: "import" }] as const;
  expect(() => bundleModules(missing)).toThrow(/\[cannot-travel\] a function imports .*gone\.ts, which cannot be read/);
  await write("broken.ts", "export const = 1;");
  const broken = [{ specifier: "./broken.ts", importer, load: "import" }] as const;
  expect(() => bundleModules(broken)).toThrow(/broken\.ts, which cannot be parsed/);
});

test("a function that imports modules of the user's own runs where these are not", { timeout: 30_000 }, async () => {
  const { fn } = (await import(await writeProgram())) as { readonly fn: AnyFunction };
  const cluster = await startTestCluster({ workerCount: 1 });
  try {
    const { executor } = cluster;
    expect(await executor.submit(fn as (x: number) => string, 2)).toBe("a/6");
    // Bundled when they are captured: after that nobody looks for them at their place.
    const again = executor.map([1, 2], fn as (x: number) => string);
    await rm(folder, { recursive: true });
    expect(await again).toEqual(["a/3", "a/6"]);
    const here = await executor.submit(() => process.cwd());
    expect(path.basename(here)).toMatch(/^tutti-cluster-/);
  } finally {
    await cluster.close();
  }
});

test("a file that another machine has in another version is the one that was sent", { timeout: 30_000 }, async () => {
  const { fn } = (await import(await writeProgram())) as { readonly fn: AnyFunction };
  const cluster = await startTestCluster({ workerCount: 1 });
  try {
    const results = cluster.executor.submit(fn as (x: number) => string, 2);
    // The worker has not started its task, and finds another file at this place.
    await write("factor.js", "export const factor = 1000;");
    expect(await results).toBe("a/6");
  } finally {
    await cluster.close();
  }
});
