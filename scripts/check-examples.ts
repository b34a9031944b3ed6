// Runs every example that has an expected.txt and compares what it prints. `--write` takes what it prints as expected.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const folder = path.join(import.meta.dirname, "../examples");
const timeoutMs = 120_000;
const writes = process.argv.includes("--write");
const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

interface Ran {
  readonly output: string;
  readonly status: number | null;
}

function run(example: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--conditions=@tutti/source", "src/main.ts"], {
      cwd: path.join(folder, example),
      stdio: ["ignore", "pipe", "inherit"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    child.once("close", (status) => resolve({ output, status }));
  });
}

let failedCount = 0;
for (const example of readdirSync(folder).toSorted()) {
  const expectedFile = path.join(folder, example, "expected.txt");
  if (names.length > 0 ? !names.includes(example) : !existsSync(expectedFile)) continue;
  const from = performance.now();
  const { output, status } = await run(example);
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  if (writes && status === 0) writeFileSync(expectedFile, output);
  const expected = existsSync(expectedFile) ? readFileSync(expectedFile, "utf8") : "";
  if (status === 0 && output === expected) {
    console.log(`${example}: as expected, ${seconds} s`);
    continue;
  }
  failedCount += 1;
  console.log(
    `${example}: FAILED with status ${status}, ${seconds} s\n--- expected\n${expected}--- printed\n${output}`,
  );
}
process.exitCode = failedCount === 0 ? 0 : 1;
