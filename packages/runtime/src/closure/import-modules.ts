import { createRequire, isBuiltin } from "node:module";
import { compileFunction, constants } from "node:vm";
import type { ModuleReference } from "./graph.ts";

/** Imports modules as the files that import them would, in the order in which they were recorded. */
export async function importModules(modules: readonly ModuleReference[]): Promise<readonly unknown[]> {
  const loaded: unknown[] = [];
  for (const { specifier, importer, load } of modules) {
    loaded.push(load === "require" ? requireFrom(importer)(specifier) : await importFrom(importer)(specifier));
  }
  return loaded;
}

/** The `require` of a file; of this one, for a function whose file has no address. */
export function requireFrom(importer: string): (specifier: string) => unknown {
  return createRequire(isFile(importer) ? importer : import.meta.url);
}

/** The `import()` of a file. */
export function importFrom(importer: string): (specifier: string) => Promise<unknown> {
  return async (specifier) => {
    if (isBuiltin(specifier) || /^(?:file|data):/.test(specifier)) return import(specifier);
    if (!isFile(importer)) return import(specifier);
    if (/^[./]/.test(specifier)) return import(new URL(specifier, importer).href);
    return importAs(importer, specifier);
  };
}

function isFile(importer: string): boolean {
  return importer.startsWith("file:");
}

/**
 * A bare specifier means what it means in the importing file's folder, which may hold other packages than ours, and
 * `import` may choose another entry of a package than `require`. Node.js offers this resolution to compiled code only.
 */
function importAs(importer: string, specifier: string): Promise<unknown> {
  const load = compileFunction("return import(specifier)", ["specifier"], {
    filename: importer,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }) as (specifier: string) => Promise<unknown>;
  return load(specifier);
}
