import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const file = path.join(root, "packages/dataset/test/frame/type-budget.generated.ts");

/** 10 chains of 10 steps on 50 columns. */
function chains(count: number): string {
  const types = ["int", "long", "string", "double", "date"];
  const fields = Array.from(
    { length: 50 },
    (_, index) => `k${index}: t.${types[index % 5]}${index % 3 === 0 ? ".nullable()" : ""}`,
  );
  const chain = (index: number): string =>
    `export const q${index} = tutti.read.schema(S).parquet("f")
      .filter((c) => c.k0.gt(${index}).and(c.k1.lt(5n))).withColumn("a${index}", (c) => c.k0.plus(c.k5))
      .withColumn("b${index}", (c) => c.k3.times(2)).withColumnRenamed("k2", "name").drop("k4", "k9")
      .filter((c) => c.name.startsWith("x"))
      .select("name", "k1", "k3", "a${index}", "b${index}", (c) => when(c.k1.gt(3n), "hi").otherwise("lo").as("kind"))
      .groupBy("name", "kind").agg((c) => ({ n: count(), s: sum(c.a${index}), m: avg(c.b${index}) }))
      .orderBy((c) => [c.s.desc()]).limit(10);`;
  return `import { avg, count, createContext, struct, sum, t, when } from "../../src/index.ts";
    const tutti = createContext();
    const S = struct({ ${fields.join(", ")} });
    ${Array.from({ length: count }, (_, index) => chain(index)).join("\n")}`;
}

function instantiationsOf(text: string): number {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, "tsconfig.json"), (name) => ts.sys.readFile(name)).config,
    ts.sys,
    root,
  );
  const host = ts.createCompilerHost(options);
  const plain = ts.createCompilerHost(options);
  host.readFile = (name) => (name === file ? text : plain.readFile(name));
  host.fileExists = (name) => name === file || plain.fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ESNext, true) : plain.getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  const errors = program
    .getSemanticDiagnostics(source)
    .map((one) => ts.flattenDiagnosticMessageText(one.messageText, "\n"));
  expect(errors).toEqual([]);
  return program.getInstantiationCount();
}

test("ten long chains on fifty columns stay cheap to check", { timeout: 60_000 }, () => {
  const without = instantiationsOf(chains(0));
  const added = instantiationsOf(chains(10)) - without;
  // TypeScript 7 counts some 40 000.
  expect(added).toBeLessThan(120_000);
  expect(added).toBeGreaterThan(1000);
});
