// Packs every published package, checks what was packed, and installs each alone with plain npm in an empty project, where
// the first programs of its README and of the guide run unchanged: on this Node.js, and on others given by --node PATH.
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
}

const { values } = parseArgs({ options: { node: { type: "string", multiple: true } } });
const nodes = [process.execPath, ...(values.node ?? [])];

const root = path.resolve(import.meta.dirname, "..");
const packs = mkdtempSync(path.join(tmpdir(), "tutti-packs-"));

function run(command: string, args: readonly string[], cwd: string = root): string {
  const result = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 240_000 });
  if (result.status === 0) return result.stdout;
  throw new Error(
    `${command} ${args.join(" ")} in ${cwd}\n${result.stdout}${result.stderr}${String(result.error ?? "")}`,
  );
}

const manifests = globSync("packages/*/package.json", { cwd: root })
  .map((file) => JSON.parse(readFileSync(path.join(root, file), "utf8")) as Manifest)
  .filter((manifest) => manifest.private !== true);
const tarballOf = ({ name, version }: Manifest): string =>
  path.join(packs, `${name.slice(1).replace("/", "-")}-${version}.tgz`);

/** Every import that a user may write. */
const entriesOf = ({ name, exports }: Manifest): string[] =>
  Object.keys(exports)
    .filter((key) => key !== "./package.json")
    .map((key) => path.posix.join(name, key));

try {
  for (const manifest of manifests) {
    run("node", ["scripts/pnpm.mjs", "--filter", manifest.name, "run", "build"]);
    run("node", ["scripts/pnpm.mjs", "--filter", manifest.name, "pack", "--pack-destination", packs]);
    run("publint", ["--strict", tarballOf(manifest)]);
    run("attw", ["--profile", "esm-only", tarballOf(manifest)]);
    const kibibytes = Math.ceil(statSync(tarballOf(manifest)).size / 1024);
    console.log(`packed and checked ${manifest.name}: ${kibibytes} KiB`);
  }
  for (const manifest of manifests) installAlone(manifest);
} finally {
  rmSync(packs, { recursive: true, force: true });
}

function installAlone(manifest: Manifest): void {
  const project = mkdtempSync(path.join(tmpdir(), "tutti-alone-"));
  try {
    // Our own packages are not on the registry yet: those that this one needs come from their tarballs.
    const overrides = Object.fromEntries(
      manifests.filter((other) => other !== manifest).map((other) => [other.name, `file:${tarballOf(other)}`]),
    );
    const dependencies = { [manifest.name]: `file:${tarballOf(manifest)}` };
    writeFileSync(
      path.join(project, "package.json"),
      JSON.stringify({ private: true, type: "module", dependencies, overrides }),
    );
    // A connection that stalls is given up and made again at once: npm itself would wait for five minutes, and then for one more.
    const patience = ["--fetch-timeout=10000", "--fetch-retries=6", "--fetch-retry-mintimeout=200"];
    const install = ["install", "--loglevel=error", "--no-audit", "--no-fund", "--prefer-offline", ...patience];
    run("npm", [...install, "--fetch-retry-maxtimeout=1000"], project);
    for (const entry of entriesOf(manifest)) {
      const names = run(
        "node",
        ["-e", `import("${entry}").then((all) => console.log(Object.keys(all).join(" ")))`],
        project,
      );
      console.log(`${entry} alone: ${names.trim()}`);
    }
    if (manifest.name === "@tutti/dataset") runOnThreads(project);
    for (const command of Object.keys(manifest.bin ?? {})) run("npx", ["--no-install", command, "help"], project);
    for (const document of [`packages/${path.basename(manifest.name)}/README.md`, "docs/guide/start.md"]) {
      runFirstProgram(document, manifest, project);
    }
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

/** What a newcomer copies: the first program of a document that imports this package. */
function runFirstProgram(document: string, { name }: Manifest, project: string): void {
  const text = readFileSync(path.join(root, document), "utf8");
  const programs = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, program = ""]) => program);
  const program = programs.find((one) => one.includes(`from "${name}"`));
  if (program === undefined) throw new Error(`${document} has no program with ${name}`);
  writeFileSync(path.join(project, "main.ts"), program);
  const expected = [...program.matchAll(/\/\/ => (.*)$/gm)].map(([, line]) => line);
  for (const node of nodes) {
    const version = run(node, ["--version"], project).trim();
    const printed = run(node, ["--disable-warning=ExperimentalWarning", "main.ts"], project).trim().split("\n");
    if (printed.join("\n") !== expected.join("\n")) {
      throw new Error(`${document} on ${version} gave\n${printed.join("\n")}\nand not\n${expected.join("\n")}`);
    }
    console.log(`${document} as it stands, ${version}: ${expected.length} lines as promised`);
  }
}

/** The built worker files must find each other from inside node_modules, and functions of the build must travel. */
function runOnThreads(project: string): void {
  const program = `import { createContext } from "@tutti/dataset";
const tutti = createContext({ threads: 2, memoryBytesMax: 100 });
const numbers = tutti.parallelize([1, 2, 3, 4, 5]);
const seen = tutti.accumulator(0);
const doubled = numbers.map((x) => {
  seen.add(1);
  return x * 2;
});
const pairs = numbers.map((x) => [x % 2, x]);
console.log(
  await doubled.reduce((a, b) => a + b),
  seen.value(),
  await doubled.max(),
  (await numbers.takeSample(5)).length,
  await pairs.lookup(1),
  (await numbers.stats()).variance,
  await numbers.countApproxDistinct(),
  await pairs.groupByKey().sortByKey({ ascending: false }).keys().collect(),
);
await tutti.close();`;
  writeFileSync(path.join(project, "program.mjs"), program);
  const printed = run("node", ["program.mjs"], project).trim();
  const expected = "30 5 10 5 [ 1, 3, 5 ] 2 5 [ 1, 0 ]";
  if (printed !== expected) throw new Error(`the installed package gave ${printed}, not ${expected}, on threads`);
}
