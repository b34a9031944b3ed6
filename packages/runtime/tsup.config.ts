import { defineConfig } from "tsup";

export default defineConfig({
  entry: { index: "src/index.ts", "thread-worker": "src/executor/thread-worker.ts" },
  dts: { entry: { index: "src/index.ts" } },
  format: ["esm"],
  target: "node22",
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: false,
  // Some builtins exist only under their node: name.
  removeNodeProtocol: false,
  noExternal: ["@tutti/stdx"],
});
