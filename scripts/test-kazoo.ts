// Runs kazoo's own test suite, Python's ZooKeeper client, on three servers of ours that it starts, stops and starts
// again. Takes kazoo from Debian (python3-kazoo python3-pytest python3-mock python3-objgraph), or from PyPI into the cache.
// Ends with 77 where it cannot be had. More arguments go to pytest: `npm run test:kazoo -- -k test_lock`.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** It gives servers six seconds to stop and the last one to notice; against Apache ZooKeeper 3.8.0 it fails each time. */
const failsOnApacheToo: ReadonlySet<string> = new Set(["test_read_only"]);

const skippedExitCode = 77;
const installMsMax = 180_000;
const root = fileURLToPath(new URL("..", import.meta.url));
const virtual = path.join(root, "node_modules/.cache/kazoo-2.8.0");
const requirements = ["kazoo==2.8.0", "pytest", "mock", "objgraph", "gevent", "eventlet", "pure-sasl", "setuptools"];

/** Where the tests are, if this Python can run them. */
function testsOf(python: string): string | undefined {
  const probe =
    "import pytest, mock, objgraph, gevent, eventlet, puresasl, os, kazoo.tests.test_client as t; print(os.path.dirname(t.__file__))";
  const { status, stdout } = spawnSync(python, ["-W", "ignore", "-c", probe], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function findPython(): { readonly python: string; readonly tests: string } | undefined {
  for (const python of [process.env["KAZOO_PYTHON"], "/usr/bin/python3", "python3", path.join(virtual, "bin/python")]) {
    const tests = python === undefined ? undefined : testsOf(python);
    if (python !== undefined && tests !== undefined) return { python, tests };
  }
  return undefined;
}

function install(): void {
  if (existsSync(virtual)) return;
  const made = spawnSync("python3", ["-m", "venv", virtual], { stdio: "ignore" });
  const options = { stdio: "ignore", timeout: installMsMax } as const;
  const pip = ["-m", "pip", "install", "--quiet", ...requirements];
  if (made.status !== 0 || spawnSync(path.join(virtual, "bin/python"), pip, options).status !== 0) {
    rmSync(virtual, { recursive: true, force: true });
  }
}

/** Stands in for java: kazoo starts servers by a line of Java, whose last argument is a zoo.cfg. */
function shim(): string {
  const main = path.join(root, "packages/coord/src/cli/main.ts");
  return `#!/bin/sh
ZK_SYSTEM_PROPERTIES= cfg=
for a do
  case $a in
  -Dzookeeper.DigestAuthenticationProvider.superDigest=*) ZK_SUPER_DIGEST=\${a#*=}; export ZK_SUPER_DIGEST ;;
  -Djava.security.auth.login.config=*) ZK_JAAS_CONFIG=\${a#*=}; export ZK_JAAS_CONFIG ;;
  esac
  case $a in -D*) ZK_SYSTEM_PROPERTIES="$ZK_SYSTEM_PROPERTIES\${a#-D}
" ;; esac
  cfg=$a
done
export ZK_SYSTEM_PROPERTIES
exec "${process.execPath}" --conditions=@tutti/source "${main}" serve --config "$cfg"
`;
}

/** Names of the tests that failed, from pytest's report. */
function failedIn(xml: string): string[] {
  const cases = xml.matchAll(/<testcase [^>]*?\bname="([^"]*)"[^>]*?(\/>|>([\s\S]*?)<\/testcase>)/g);
  return [...cases].flatMap(([, name = "", , body = ""]) => (/<(failure|error)\b/.test(body) ? [name] : []));
}

function run({ python, tests }: { readonly python: string; readonly tests: string }): number {
  const directory = mkdtempSync(path.join(tmpdir(), "tutti-kazoo-"));
  try {
    const java = path.join(directory, "java");
    writeFileSync(java, shim());
    chmodSync(java, 0o755);
    const env = {
      ...process.env,
      PATH: `${directory}:${process.env["PATH"] ?? ""}`,
      PYTHONDONTWRITEBYTECODE: "1",
      ZOOKEEPER_VERSION: "3.8.0",
      ZOOKEEPER_CLASSPATH: "unused",
    };
    const results = path.join(directory, "results.xml");
    const quiet = [`--junitxml=${results}`, "-q", "-p", "no:cacheprovider", "-W", "ignore"];
    const { status } = spawnSync(python, ["-m", "pytest", ...quiet, tests, ...process.argv.slice(2)], {
      // It writes its logs where it is started.
      cwd: directory,
      env,
      stdio: "inherit",
    });
    const failed = existsSync(results) ? failedIn(readFileSync(results, "utf8")) : [];
    if (status !== 1 || failed.length === 0 || failed.some((name) => !failsOnApacheToo.has(name))) return status ?? 1;
    console.log(`failed, as against Apache ZooKeeper 3.8.0: ${failed.join(", ")}`);
    return 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (findPython() === undefined) install();
const found = findPython();
if (found === undefined) {
  console.log("SKIPPED: kazoo with its tests is not installed, and PyPI could not be reached");
  process.exitCode = skippedExitCode;
} else process.exitCode = run(found);
