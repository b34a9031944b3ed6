import { defineConfig, type Options } from "tsup";

/** How every published package is built; what differs are its entries. */
export function packageConfig(entries: Pick<Options, "entry" | "dts">): ReturnType<typeof defineConfig> {
  return defineConfig({
    dts: true,
    ...entries,
    format: ["esm"],
    target: "node22",
    sourcemap: true,
    clean: true,
    splitting: true,
    treeshake: false,
    // Some builtins exist only under their node: name.
    removeNodeProtocol: false,
    // Private: it travels inside the packages that use it.
    noExternal: ["@tutti/stdx", "@tutti/link"],
  });
}
