import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "../../../..");
const cache = path.join(root, "node_modules/.cache");
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(path.join(cache, "type-budget-"));
afterAll(() => rmSync(folder, { recursive: true }));

const columnCount = 50;
const chainCount = 10;
/** What stands in a program of the size that people write: ten steps each, on a table of fifty columns. */
const steps = [
  (chain: number) => `.filter((c) => c.n${chain}.gt(1).and(c.s${chain}.isNotNull()))`,
  (chain: number) => `.withColumn("total", (c) => c.n${chain}.plus(c.n${chain + 1}))`,
  () => `.withColumn("twice", (c) => c.total.times(2))`,
  (chain: number) => `.drop("s${chain + 10}")`,
  (chain: number) => `.withColumnRenamed("n${chain + 2}", "renamed")`,
  () => `.filter((c) => c.renamed.isNotNull())`,
  (chain: number) => `.select("s${chain}", "total", "twice", (c) => c.renamed.minus(1).as("less"))`,
  (chain: number) => `.groupBy("s${chain}").agg((c) => ({ sum: sum(c.total), most: max(c.less), n: count() }))`,
  () => `.orderBy((c) => [c.n.desc()])`,
  () => `.limit(10)`,
];

function program(chains: number): string {
  const columns = Array.from(
    { length: columnCount / 2 },
    (_, index) => `n${index}: t.int, s${index}: t.string.nullable()`,
  );
  const body = Array.from({ length: chains }, (_, chain) => {
    const text = steps.map((one) => one(chain)).join("\n  ");
    return `export const chain${chain} = await table\n  ${text}\n  .collect();\nexport const n${chain}: bigint | undefined = chain${chain}[0]?.n;`;
  });
  return `import { count, createContext, max, struct, sum, t } from ${JSON.stringify(path.join(root, "packages/dataset/src/index.ts"))};
const tutti = createContext();
const table = tutti.createDataFrame([], struct({ ${columns.join(", ")} }));
void [count, max, sum, table];
${body.join("\n")}
`;
}

async function instantiationsOf(compiler: string, chains: number): Promise<number> {
  const name = `${compiler}-${chains}`;
  writeFileSync(path.join(folder, `${name}.ts`), program(chains));
  const config = path.join(folder, `tsconfig-${name}.json`);
  const compilerOptions = {
    noEmit: true,
    isolatedDeclarations: false,
    declaration: false,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
  };
  const base = path.join(root, "tsconfig.base.json");
  writeFileSync(config, JSON.stringify({ extends: base, compilerOptions, files: [`${name}.ts`] }));
  const args = ["-p", config, "--extendedDiagnostics"];
  const { stdout } = await run(path.join(root, "node_modules/.bin", compiler), args, { cwd: root }).catch(
    (thrown: { readonly stdout?: string; readonly message: string }) => {
      throw new Error(`it does not compile: ${thrown.stdout ?? thrown.message}`);
    },
  );
  return Number(/Instantiations:\s*([\d,]+)/.exec(stdout)?.[1]?.replaceAll(",", ""));
}

/** What the chains cost beyond the package itself: 23,405 with TypeScript 6.0, 23,756 with 7.0. */
const instantiationsMax = 30_000;

test.each([
  ["TypeScript 6", "tsc6"],
  ["TypeScript 7", "tsc"],
])("ten chains of ten steps on fifty columns are cheap to check: %s", { timeout: 120_000 }, async (_, compiler) => {
  const own = await instantiationsOf(compiler, 0);
  const all = await instantiationsOf(compiler, chainCount);
  expect(all).toBeGreaterThan(own);
  expect(all - own).toBeLessThan(instantiationsMax);
});
