import { existsSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Parser, type AnyNode, type Expression, type Program } from "acorn";
import type { ModuleReference } from "./graph.ts";

/** A value that another file exports; without `name`, everything that it exports. */
export interface ImportedValue {
  readonly module: ModuleReference;
  readonly name?: string;
}

/** How a file binds a local name to another module. */
export interface ImportBinding {
  readonly specifier: string;
  readonly name?: string;
  /** `require` and `interop` (a helper around `require`) are believed only when the live value agrees. */
  readonly form: "import" | "require" | "interop" | "runner";
}

/** What the text of a file says about all functions in it. */
export interface ScriptFacts {
  /** A URL; empty for code made by `new Function`. */
  readonly url: string;
  readonly isStrict: boolean;
  readonly bindings: ReadonlyMap<string, ImportBinding>;
}

/** Reads the imports of a file from its text: ES modules, CommonJS, esbuild's CommonJS, Vite's module runner. */
export function readScript(url: string, source: string, isModule: boolean): ScriptFacts {
  const bindings = new Map<string, ImportBinding>();
  const program = /\b(?:import|require|__vite_ssr_import__)\b/.test(source)
    ? parseQuietly(source, isModule)
    : undefined;
  for (const statement of topLevelOf(program)) {
    if (statement.type === "ImportDeclaration") addDeclaration(statement, bindings);
    if (statement.type !== "VariableDeclaration") continue;
    for (const { id, init } of statement.declarations) if (init != null) addRequire(id, init, bindings);
  }
  const isStrict =
    isModule ||
    /^(?:\s|\/\/.*|\/\*(?:[^*]|\*(?!\/))*\*\/|;|\(?function\s*\([^)]*\)\s*\{)*(['"])use strict\1/.test(source);
  return { url: toUrl(url), isStrict, bindings };
}

/** The value of a local name as an import, if the live value is what the text of the file promises. */
export function importedValueOf(binding: ImportBinding, importer: string, value: unknown): ImportedValue | undefined {
  const named = binding.name === undefined ? {} : { name: binding.name };
  if (binding.form === "import")
    return { module: { specifier: binding.specifier, importer, load: "import" }, ...named };
  if (binding.form === "runner") {
    const specifier = runnerSpecifier(binding.specifier, importer);
    return { module: { specifier, importer, load: "import" }, ...named };
  }
  if (!isBuiltin(binding.specifier) && importer === "") return undefined;
  const exports = requireQuietly(binding.specifier, importer);
  const required: ModuleReference = { specifier: binding.specifier, importer, load: "require" };
  if (binding.form === "require") {
    const found = binding.name === undefined ? exports : memberOf(exports, binding.name);
    return found === value ? { module: required, ...named } : undefined;
  }
  if (memberOf(value, "__esModule") === true && memberOf(exports, "__esModule") === true) return { module: required };
  const isNamespace = value !== exports && memberOf(value, "default") === exports;
  return isNamespace ? { module: { ...required, load: "import" } } : undefined;
}

/** What the file got when it was run. What cannot be required here was not, so it is no import to compare with. */
function requireQuietly(specifier: string, importer: string): unknown {
  try {
    return createRequire(importer === "" ? import.meta.url : importer)(specifier);
  } catch {
    return undefined;
  }
}

/**
 * Does not look for variables that are declared twice, since the engine has accepted the file. acorn's search is quadratic:
 * a bundle of 10,000 top-level variables took 1.2 s.
 */
const ScriptParser: typeof Parser = Parser.extend(
  (Base) =>
    class extends Base {
      declareName(): void {}
    },
);

/** acorn can only fail by throwing; a file that it cannot read has no imports that we know of. Once per file. */
function parseQuietly(source: string, isModule: boolean): Program | undefined {
  try {
    return ScriptParser.parse(source, {
      ecmaVersion: "latest",
      sourceType: isModule ? "module" : "script",
      allowReturnOutsideFunction: true,
      allowAwaitOutsideFunction: true,
      allowHashBang: true,
    });
  } catch {
    return undefined;
  }
}

/** The statements of a file, also where a loader has put the file into one function. */
function topLevelOf(program: Program | undefined): readonly AnyNode[] {
  let statements: readonly AnyNode[] = program?.body ?? [];
  for (;;) {
    const inner = statements.length <= 2 ? bodyWithin(statements.at(-1)) : undefined;
    if (inner === undefined) return statements;
    statements = inner;
  }
}

function bodyWithin(statement: AnyNode | undefined): readonly AnyNode[] | undefined {
  if (statement?.type === "BlockStatement") return statement.body;
  if (statement?.type !== "ExpressionStatement") return undefined;
  let { expression } = statement;
  if (expression.type === "CallExpression" && expression.callee.type !== "Super") expression = expression.callee;
  if (expression.type !== "ArrowFunctionExpression" && expression.type !== "FunctionExpression") return undefined;
  return expression.body.type === "BlockStatement" ? expression.body.body : undefined;
}

function addDeclaration(node: AnyNode & { type: "ImportDeclaration" }, bindings: Map<string, ImportBinding>): void {
  const specifier = String(node.source.value);
  for (const one of node.specifiers) {
    const base = { specifier, form: "import" } as const;
    if (one.type === "ImportNamespaceSpecifier") bindings.set(one.local.name, base);
    else if (one.type === "ImportDefaultSpecifier") bindings.set(one.local.name, { ...base, name: "default" });
    else {
      const name = one.imported.type === "Identifier" ? one.imported.name : String(one.imported.value);
      bindings.set(one.local.name, { ...base, name });
    }
  }
}

const runnerNames = /^__vi(?:te_ssr)?_import_\d+__$/;

function addRequire(id: AnyNode, init: Expression, bindings: Map<string, ImportBinding>): void {
  const loaded = loadedModule(init);
  if (loaded === undefined) return;
  if (id.type === "Identifier") {
    if (loaded.form === "runner" && !runnerNames.test(id.name)) return;
    bindings.set(id.name, loaded);
  }
  if (id.type !== "ObjectPattern" || loaded.form !== "require") return;
  for (const property of id.properties) {
    if (property.type !== "Property" || property.computed) continue;
    if (property.key.type !== "Identifier" || property.value.type !== "Identifier") continue;
    bindings.set(property.value.name, { ...loaded, name: property.key.name });
  }
}

/** `require("x")`, `helper(require("x"))`, `await import("x")` and what Vite makes of it. */
function loadedModule(init: Expression): ImportBinding | undefined {
  if (init.type === "AwaitExpression") {
    const { argument } = init;
    if (argument.type === "ImportExpression") return literalBinding(argument.source, "runner");
    const isRunner = argument.type === "CallExpression" && isNamed(argument.callee, "__vite_ssr_import__");
    return isRunner ? literalBinding(argument.arguments[0], "runner") : undefined;
  }
  if (init.type !== "CallExpression") return undefined;
  const [first] = init.arguments;
  if (isNamed(init.callee, "require")) return literalBinding(first, "require");
  if (first?.type !== "CallExpression" || !isNamed(first.callee, "require")) return undefined;
  return literalBinding(first.arguments[0], "interop");
}

function literalBinding(node: AnyNode | undefined, form: ImportBinding["form"]): ImportBinding | undefined {
  if (node?.type !== "Literal" || typeof node.value !== "string") return undefined;
  return { specifier: node.value, form };
}

function isNamed(node: AnyNode, name: string): boolean {
  return node.type === "Identifier" && node.name === name;
}

function memberOf(value: unknown, key: string): unknown {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

/** Vite writes paths from its own root, which is some folder above the importing file. */
function runnerSpecifier(specifier: string, importer: string): string {
  if (specifier.startsWith("/@fs/")) return pathToFileURL(specifier.slice("/@fs".length)).href;
  if (!specifier.startsWith("/") || !importer.startsWith("file:")) return specifier;
  for (let folder = dirname(fileURLToPath(importer)); ; folder = dirname(folder)) {
    const path = folder === "/" ? specifier : folder + specifier;
    if (existsSync(path)) return pathToFileURL(path).href;
    if (folder === dirname(folder)) return specifier;
  }
}

function toUrl(url: string): string {
  return url.startsWith("/") ? pathToFileURL(url).href : url;
}
