import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../../bench/catalogue.ts", import.meta.url));

/**
 * In a process of its own: some of the mistakes are other texts in the files as Node.js loads them. A script that shows its mistake
 * no more, because what it stands on has changed, is written anew by `npm run sim:catalogue -- --write-scripts`.
 */
test(
  "every mistake of the catalogue is caught by its script, which finds nothing without it",
  { timeout: 120_000 },
  async () => {
    const arguments_ = ["--conditions=@tutti/source", script, "--scripts", "--json"];
    const { stdout } = await promisify(execFile)(process.execPath, arguments_).catch(
      (error: { stdout: string }) => error,
    );
    const { planted, notByScript } = JSON.parse(stdout) as {
      readonly planted: number;
      readonly notByScript: readonly string[];
    };
    expect(notByScript).toEqual([]);
    expect(planted).toBeGreaterThan(100);
  },
);
