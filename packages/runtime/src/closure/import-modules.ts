import { createRequire, isBuiltin, registerHooks } from "node:module";
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
    const isAbsolute = isBuiltin(specifier) || /^(?:file|data|node):/.test(specifier);
    const url = isAbsolute || !isFile(importer) ? specifier : resolveFrom(importer, specifier);
    return import(url) as Promise<unknown>;
  };
}

function isFile(importer: string): boolean {
  return importer.startsWith("file:");
}

/**
 * A bare specifier means what it means in the importing file's folder, which may hold other packages than ours, and
 * `import` may choose another entry of a package than `require` would. `import.meta.resolve` takes no parent, so a hook,
 * in place for this one synchronous call, puts the parent in.
 */
function resolveFrom(importer: string, specifier: string): string {
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, importer).href;
  const token = `tutti-resolve:${specifier}`;
  const hooks = registerHooks({
    resolve: (asked, context, next) =>
      asked === token ? next(specifier, { ...context, parentURL: importer }) : next(asked, context),
  });
  try {
    return import.meta.resolve(token);
  } finally {
    hooks.deregister();
  }
}
