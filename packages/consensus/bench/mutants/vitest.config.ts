import { readFileSync } from "node:fs";
import { env } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { defineConfig } from "vitest/config";

const conditions = ["@tutti/source"];
const texts = JSON.parse(readFileSync(env["MUTANT_TEXTS"] ?? "", "utf8")) as Readonly<Record<string, string>>;

/** The tests over a core with mutants in it. Which one is active the environment says, under Stryker's name. */
export default defineConfig({
  root: fileURLToPath(new URL("../../", import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  plugins: [{ name: "mutants", enforce: "pre", load: (id) => texts[pathToFileURL(id).href] }],
  test: {
    pool: "threads",
    // No module holds state, so one copy serves all files.
    isolate: false,
    maxWorkers: 1,
    // Their texts differ from run to run, and the name of a cached one says nothing of it.
    fsModuleCache: false,
    setupFiles: [fileURLToPath(new URL("activate.ts", import.meta.url))],
    bail: 1,
    include: ["test/**/*.test.ts"],
    // Its bundle has no mutant in it, and any difference would count.
    exclude: ["test/core/browser-bundle.test.ts"],
  },
});
