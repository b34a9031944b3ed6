import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/server/index.ts"],
  dts: true,
  format: ["esm"],
  target: "node22",
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: false,
  removeNodeProtocol: false,
  noExternal: ["@tutti/stdx"],
});
