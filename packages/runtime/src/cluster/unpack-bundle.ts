import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { ModuleBundle } from "../closure/module-bundle.ts";
import type { Relocation } from "../closure/relocation.ts";
import { RuntimeError } from "../runtime-error.ts";

/**
 * Writes the files of a bundle below `directory`, even where this machine has them too: it may have others a moment later.
 * The packages that they import are those of the folder that the worker was started in.
 */
export function unpackBundle({ hash, base, files }: ModuleBundle, directory: string): Relocation {
  const root = path.join(directory, "modules", path.basename(hash));
  for (const { path: below, text, type } of files) {
    const target = path.resolve(root, below);
    if (!target.startsWith(root + path.sep)) {
      throw new RuntimeError("invalid-argument", `a bundle has a file outside of itself: ${below}`);
    }
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
    writeFileSync(path.join(path.dirname(target), "package.json"), JSON.stringify({ type }));
  }
  const packages = path.join(process.cwd(), "node_modules");
  const link = path.join(root, "node_modules");
  if (existsSync(packages) && !existsSync(link)) symlinkSync(packages, link, "dir");
  return { from: base, to: `${pathToFileURL(root).href}/` };
}
