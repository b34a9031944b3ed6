import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/worker.ts"],
  dts: true,
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
