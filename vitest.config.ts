import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const conditions = ["@tutti/source"];
const packages = ["stdx", "link", "testkit", "consensus", "coord", "runtime", "dataset"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: "forks",
    // Two at least: many tests wait for other processes. Alone on two cores all took 263 s, so 151.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      ...packages.map((name) => ({
        extends: true as const,
        test: { name, root: `packages/${name}`, include: ["test/**/*.test.ts"] },
      })),
      { extends: true as const, test: { name: "tidy", root: "tidy", include: ["*.test.ts"] } },
    ],
    coverage: { provider: "v8", include: ["packages/*/src/**"] },
  },
});
