import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parse } from "acorn";
import { RuntimeError } from "../runtime-error.ts";
import type { ModuleReference } from "./graph.ts";

/** More belongs into a package that workers have installed. */
const bundleBytesMax = 16 * 1024 * 1024;

/** Files of the user's own that functions import, as they stand. */
export interface ModuleBundle {
  /** Of all that follows. */
  readonly hash: string;
  /** URL of the folder that the paths begin at, on the machine where they come from. Ends in a slash. */
  readonly base: string;
  readonly files: readonly BundledFile[];
}

export interface BundledFile {
  /** Below the base, with slashes. */
  readonly path: string;
  readonly text: string;
  /** What `.js` and `.ts` mean there: the type of the nearest package. */
  readonly type: "module" | "commonjs";
}

/**
 * The files behind relative imports, with all that these import in turn. Packages are not among them: workers have their
 * own. undefined where there are none.
 */
export function bundleModules(modules: readonly ModuleReference[]): ModuleBundle | undefined {
  const files = new Map<string, { readonly text: string; readonly type: BundledFile["type"] }>();
  const pending = modules.flatMap(({ specifier, importer }) => fileUrlOf(specifier, importer) ?? []);
  let totalBytes = 0;
  for (let url = pending.pop(); url !== undefined; url = pending.pop()) {
    if (files.has(url)) continue;
    const text = readText(url);
    totalBytes += text.length;
    if (totalBytes > bundleBytesMax) {
      const what = `the modules that functions import are more than ${bundleBytesMax} bytes, with ${url}`;
      throw new RuntimeError("cannot-travel", `${what}; install them as a package where the workers run`);
    }
    files.set(url, { text, type: typeOf(url) });
    for (const specifier of importsOf(url, text)) pending.push(...[fileUrlOf(specifier, url) ?? []].flat());
  }
  if (files.size === 0) return undefined;
  const importers = modules.map(({ importer }) => importer).filter((importer) => importer.startsWith("file:"));
  const base = commonFolder([...files.keys(), ...importers]);
  const bundled = [...files].map(([url, file]) => ({ path: url.slice(base.length), ...file }));
  bundled.sort((left, right) => (left.path < right.path ? -1 : 1));
  const hash = createHash("sha256")
    .update(JSON.stringify([base, bundled]))
    .digest("hex");
  return { hash, base, files: bundled };
}

/** A file of the user's own, or undefined for packages, builtins and what is in a package. */
function fileUrlOf(specifier: string, importer: string): string | undefined {
  const isRelative = /^\.{0,2}\//.test(specifier);
  if (!isRelative && !specifier.startsWith("file:")) return undefined;
  if (isRelative && !importer.startsWith("file:")) return undefined;
  const { href } = isRelative ? new URL(specifier, importer) : new URL(specifier);
  return href.includes("/node_modules/") ? undefined : existingFile(href);
}

/** `require` may leave out how a file's name ends. */
function existingFile(href: string): string {
  try {
    return pathToFileURL(createRequire(href).resolve(fileURLToPath(href))).href;
  } catch {
    // Whoever reads it says what is wrong.
    return href;
  }
}

function readText(url: string): string {
  try {
    return readFileSync(fileURLToPath(url), "utf8");
  } catch (cause) {
    throw new RuntimeError("cannot-travel", `a function imports ${url}, which cannot be read: ${String(cause)}`, {
      cause,
    });
  }
}

/** What `package.json` above a file says of it. */
function typeOf(url: string): BundledFile["type"] {
  for (let folder = new URL("./", url); ; folder = new URL("../", folder)) {
    try {
      const text = readFileSync(new URL("package.json", folder), "utf8");
      return (JSON.parse(text) as { readonly type?: unknown }).type === "module" ? "module" : "commonjs";
    } catch {
      // No package here; the next one up may be.
    }
    if (folder.pathname === "/" || new URL("../", folder).href === folder.href) return "commonjs";
  }
}

interface ImportNode {
  readonly type: string;
  readonly source?: { readonly value?: unknown } | null;
}

/** The specifiers that a file imports or exports from. Those of types alone are gone with the types. */
function importsOf(url: string, text: string): string[] {
  if (url.endsWith(".json")) return [];
  try {
    const code = /\.[cm]?ts$/.test(url) ? stripTypeScriptTypes(text) : text;
    const sourceType = url.endsWith(".cjs") || url.endsWith(".cts") ? "script" : "module";
    const { body } = parse(code, {
      ecmaVersion: "latest",
      sourceType,
      allowHashBang: true,
      allowReturnOutsideFunction: true,
    });
    return body.flatMap((node) => {
      const value = (node as ImportNode).source?.value;
      return typeof value === "string" ? [value] : [];
    });
  } catch (cause) {
    throw new RuntimeError("cannot-travel", `a function imports ${url}, which cannot be parsed: ${String(cause)}`, {
      cause,
    });
  }
}

function commonFolder(urls: readonly string[]): string {
  const [first = ""] = urls;
  let length = first.length;
  for (const url of urls) {
    let same = 0;
    while (same < length && url[same] === first[same]) same += 1;
    length = same;
  }
  return first.slice(0, first.lastIndexOf("/", length - 1) + 1);
}
