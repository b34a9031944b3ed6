// Compiles every ```ts block of the README files, the docs and the doc comments, runs each, and compares what it prints
// with its `// => value` comments. "```ts no-run" is compiled only. Examples of one line run together, as one program.
import { execFile, spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { oneLineExamples, programOf } from "./one-line-examples.ts";

const root = path.resolve(import.meta.dirname, "..");
const generated = path.join(root, "examples/doctest/.gen");
const documents = ["*.md", "packages/*/README.md", "docs/**/*.md", "examples/*/README.md", "packages/*/src/**/*.ts"];

interface Example {
  readonly file: string;
  readonly from: string;
  readonly isRun: boolean;
  readonly printed: readonly string[];
}

function extract(document: string): Example[] {
  const text = readFileSync(path.join(root, document), "utf8");
  const blocks = text.matchAll(/^([ \t]*\*?[ \t]*)```ts( no-run)?\n([\s\S]*?)^\1```/gm);
  return [...blocks].map(([, indent = "", mark, body = ""], index) => {
    const inComment = indent.includes("*");
    const code = body
      .split("\n")
      .map((line) => (inComment ? line.replace(/^[ \t]*\* ?/, "") : line))
      .join("\n");
    const file = path.join(generated, `${document.replaceAll(/\W+/g, "_")}_${index}.ts`);
    writeFileSync(file, `// ${document}, example ${index + 1}\n${code}\nexport {};\n`);
    const printed = [...code.matchAll(/\/\/ => (.*)$/gm)].map((match) => match[1] ?? "");
    return { file, from: `${document}, example ${index + 1}`, isRun: mark === undefined, printed };
  });
}

rmSync(generated, { recursive: true, force: true });
mkdirSync(generated, { recursive: true });
const examples = documents
  .flatMap((pattern) => globSync(pattern, { cwd: root, exclude: (name) => name === "node_modules" || name === "api" }))
  .flatMap(extract);
const oneLine = globSync("packages/dataset/src/**/*.ts", { cwd: root }).flatMap((document) =>
  oneLineExamples(document, readFileSync(path.join(root, document), "utf8")),
);
const oneLineFile = path.join(generated, "one-line.ts");
writeFileSync(oneLineFile, programOf(oneLine));
writeFileSync(
  path.join(generated, "tsconfig.json"),
  JSON.stringify({
    extends: "../../../tsconfig.base.json",
    compilerOptions: { noEmit: true, isolatedDeclarations: false, declaration: false },
    include: ["*.ts"],
  }),
);

let failedCount = 0;
const queue = examples.filter((one) => one.isRun).values();

async function runAll(rest: Iterable<Example>): Promise<void> {
  for (const example of rest) {
    const { status, stdout, stderr } = await run(example.file);
    const lines = stdout.split("\n");
    if (status === 0 && example.printed.every((line, index) => lines[index] === line)) continue;
    failedCount += 1;
    console.log(`FAILED ${example.from}\n${stdout}${stderr}`);
  }
}

function run(file: string): Promise<{ readonly status: unknown; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const options = { timeout: 30_000 };
    execFile(process.execPath, ["--conditions=@tutti/source", file], options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

const compiled = spawnSync("tsc", ["-p", generated], { stdio: "inherit" });
if (compiled.status !== 0) failedCount += 1;
await Promise.all(Array.from({ length: availableParallelism() }, () => runAll(queue)));
const { stdout, stderr } = await run(oneLineFile);
const answers = stdout.split("\n");
for (const [index, { from, expression, printed }] of oneLine.entries()) {
  if (answers[index] === printed) continue;
  failedCount += 1;
  console.log(`FAILED ${from}: ${expression} => ${printed}, but printed was ${answers[index]}\n${stderr}`);
  // Those after it are one line off where it printed none.
  if (stderr !== "") break;
}
console.log(
  `${oneLine.length} examples of one line; ${examples.length} examples compiled, ${examples.filter((one) => one.isRun).length} run, ${failedCount} failed`,
);
if (examples.length === 0 || oneLine.length === 0)
  throw new Error("no example was found: the pattern or the paths are wrong");
process.exitCode = failedCount === 0 ? 0 : 1;
