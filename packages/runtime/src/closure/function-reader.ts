import { types } from "node:util";
import type { AnyFunction } from "../core/job.ts";
import { bindingsOf, type Bindings } from "./bindings.ts";
import { analyzeFunction, type FunctionAnalysis } from "./free-variables.ts";
import { importLoaderName } from "./graph.ts";
import type { FunctionInspector, FunctionInternals, LiveScope } from "./inspector-session.ts";
import { isStandardGlobal } from "./intrinsics.ts";
import { importedValueOf, readScript, type ImportedValue, type ScriptFacts } from "./module-imports.ts";
import { refuse } from "./refusal.ts";

/** What a free variable of a function stands for. */
export type Captured =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "import"; readonly value: unknown; readonly imported: ImportedValue }
  | { readonly kind: "loader"; readonly load: "import" | "require"; readonly importer: string };

/** A function taken apart. */
export type FunctionReading =
  | { readonly kind: "native" }
  | { readonly kind: "bound"; readonly bound: NonNullable<FunctionInternals["bound"]> }
  | {
      readonly kind: "source";
      readonly analysis: FunctionAnalysis;
      readonly isStrict: boolean;
      readonly captures: readonly (readonly [name: string, captured: Captured])[];
      /** Functions and namespaces that the file imports, used by this function or not, so that a copy never stands in for one. */
      readonly fileImports: ReadonlyMap<unknown, ImportedValue>;
    };

const scriptsMax = 10_000;
const noFacts: ScriptFacts = { url: "", isStrict: true, bindings: new Map() };
const noImports: ReadonlyMap<unknown, ImportedValue> = new Map();

/** Takes functions apart. Keeps what it learned about their files. */
export class FunctionReader {
  readonly #inspector: FunctionInspector | undefined;
  readonly #scripts = new Map<string, ScriptFacts>();
  readonly #imports = new Map<string, ReadonlyMap<unknown, ImportedValue>>();
  readonly #builtins = new WeakMap<AnyFunction, boolean>();

  constructor(inspector: FunctionInspector | undefined) {
    this.#inspector = inspector;
  }

  read(fn: AnyFunction, path: () => string): FunctionReading {
    const text = sourceTextOf(fn);
    const bindings = bindingsOf(fn);
    if (bindings !== undefined && !isNativeText(text)) return readBindings(text, bindings, path);
    if (this.#inspector === undefined) {
      throw refuse("E_ENGINE", path(), "this engine has no inspector that answers at once");
    }
    const internals = this.#inspector.internalsOf(fn);
    if (internals.bound !== undefined) return { kind: "bound", bound: internals.bound };
    if (isNativeText(text) || internals.scriptId === undefined) return { kind: "native" };
    if (isNodeUrl(this.#inspector.urlOf(internals.scriptId))) return { kind: "native" };
    const isModule = internals.scopes.some((scope) => scope.description === "Module");
    const script = this.#scriptOf(internals.scriptId, isModule);
    const analysis = analyzed(text, path);
    const captures = capturesOf(analysis, { scopes: internals.scopes, script, path });
    const fileImports = this.#importsOf(internals.scriptId, script, internals.scopes);
    return { kind: "source", analysis, isStrict: script.isStrict, captures, fileImports };
  }

  /** True for functions and classes of the engine and of Node.js. */
  isBuiltin(fn: AnyFunction): boolean {
    const known = this.#builtins.get(fn);
    if (known !== undefined) return known;
    const isBuiltin = isNativeText(sourceTextOf(fn)) || this.#isFromNode(fn);
    this.#builtins.set(fn, isBuiltin);
    return isBuiltin;
  }

  #isFromNode(fn: AnyFunction): boolean {
    if (this.#inspector === undefined) return false;
    const { scriptId } = this.#inspector.internalsOf(fn);
    return scriptId === undefined || isNodeUrl(this.#inspector.urlOf(scriptId));
  }

  #scriptOf(scriptId: string, isModule: boolean): ScriptFacts {
    const known = this.#scripts.get(scriptId);
    if (known !== undefined || this.#inspector === undefined) return known ?? noFacts;
    if (this.#scripts.size >= scriptsMax) this.#forget();
    const url = this.#inspector.urlOf(scriptId) ?? "";
    const facts = readScript(url, this.#inspector.sourceOf(scriptId), isModule);
    this.#scripts.set(scriptId, facts);
    return facts;
  }

  #importsOf(scriptId: string, script: ScriptFacts, scopes: readonly LiveScope[]): ReadonlyMap<unknown, ImportedValue> {
    if (script.bindings.size === 0) return noImports;
    const known = this.#imports.get(scriptId);
    if (known !== undefined) return known;
    const imports = importedFunctions(script, scopes);
    this.#imports.set(scriptId, imports);
    return imports;
  }

  #forget(): void {
    this.#scripts.clear();
    this.#imports.clear();
  }
}

function sourceTextOf(fn: AnyFunction): string {
  return Function.prototype.toString.call(fn);
}

/** Only Node.js itself has scripts that the debugger is not told of. */
function isNodeUrl(url: string | undefined): boolean {
  return url === undefined || url.startsWith("node:");
}

function isNativeText(text: string): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(text);
}

function analyzed(text: string, path: () => string): FunctionAnalysis {
  const analysis = analyzeFunction(text);
  if (analysis === undefined) throw refuse("E_UNPARSABLE", path(), "the text of the function cannot be read");
  if (analysis.obstacle !== undefined)
    throw refuse(analysis.obstacle.reason, path(), sentence(analysis.obstacle.finding));
  return analysis;
}

function sentence(finding: string): string {
  return `The function cannot travel: ${finding}`;
}

function readBindings(text: string, bindings: Bindings, path: () => string): FunctionReading {
  const analysis = analyzed(text, path);
  const captures: [string, Captured][] = [];
  for (const [name, isUsed] of analysis.freeNames) {
    if (Object.hasOwn(bindings, name)) captures.push([name, { kind: "value", value: bindings[name] }]);
    else if (isUsed && !isStandardGlobal(name)) {
      throw refuse("E_UNRESOLVED", path(), `"${name}" is used by the function and missing from its bindings`);
    }
  }
  if (analysis.usesImport) captures.push([importLoaderName, { kind: "loader", load: "import", importer: "" }]);
  return { kind: "source", analysis, isStrict: true, captures, fileImports: noImports };
}

interface Around {
  readonly scopes: readonly LiveScope[];
  readonly script: ScriptFacts;
  readonly path: () => string;
}

function capturesOf(analysis: FunctionAnalysis, around: Around): [string, Captured][] {
  const captures: [string, Captured][] = [];
  for (const [name, isUsed] of analysis.freeNames) {
    const captured = captureName(name, around);
    if (captured !== undefined) captures.push([name, captured]);
    else if (isUsed && !isStandardGlobal(name)) {
      throw refuse(
        "E_UNRESOLVED",
        around.path(),
        `The variable "${name}" is in no scope of the function, or was needed only to define it`,
      );
    }
  }
  if (analysis.usesImport) {
    captures.push([importLoaderName, { kind: "loader", load: "import", importer: around.script.url }]);
  }
  return captures;
}

/** The names by which Vite's module runner and Node.js hand a file its own loader. */
const loaderNames: ReadonlyMap<string, "import" | "require"> = new Map([
  ["require", "require"],
  ["__vite_ssr_dynamic_import__", "import"],
  ["__vi_ssr_dynamic_import__", "import"],
]);

function captureName(name: string, around: Around): Captured | undefined {
  const { scopes, script } = around;
  const scope = scopes.find((one) => hasName(one, name));
  const isGlobal = scope === undefined || scope.description === "Global";
  if (isGlobal && isStandardGlobal(name)) return undefined;
  const binding = script.bindings.get(name);
  if (scope === undefined) {
    const imported = binding?.form === "import" ? importedValueOf(binding, script.url, undefined) : undefined;
    return imported === undefined ? undefined : { kind: "import", value: undefined, imported };
  }
  const value = readVariable(scope, name, around);
  const load = isLoader(name, value) ? loaderNames.get(name) : undefined;
  if (load !== undefined) return { kind: "loader", load, importer: script.url };
  const isTopLevel = binding?.form !== "import" || scope.description === "Module";
  if (binding === undefined || !isTopLevel) return { kind: "value", value };
  const imported = importedValueOf(binding, script.url, value);
  return imported === undefined ? { kind: "value", value } : { kind: "import", value, imported };
}

/** A program may call a function of its own `require`. */
function isLoader(name: string, value: unknown): boolean {
  return (
    typeof value === "function" &&
    (name !== "require" || (Object.hasOwn(value, "cache") && Object.hasOwn(value, "resolve")))
  );
}

function hasName(scope: LiveScope, name: string): boolean {
  // The scopes that V8 makes up inherit from Object.prototype; the global object's inherited names are real.
  return scope.description === "Global" ? name in scope.object : Object.hasOwn(scope.object, name);
}

/** Reading a variable in its temporal dead zone throws, and there is no asking first; the refusal follows at once. */
function readVariable(scope: LiveScope, name: string, around: Around): unknown {
  try {
    return scope.object[name];
  } catch (cause) {
    const refusal = refuse("E_UNRESOLVED", around.path(), `The variable "${name}" is not initialised yet`);
    refusal.cause = cause;
    throw refusal;
  }
}

function importedFunctions(script: ScriptFacts, scopes: readonly LiveScope[]): Map<unknown, ImportedValue> {
  const found = new Map<unknown, ImportedValue>();
  for (const [name, binding] of script.bindings) {
    // A variable of an inner function may have the name of an import.
    const scope = scopes.find((one) => {
      return Object.hasOwn(one.object, name) && (binding.form !== "import" || one.description === "Module");
    });
    const value = scope === undefined ? undefined : valueOrNothing(scope, name);
    const imported = value === undefined ? undefined : importedValueOf(binding, script.url, value);
    if (imported === undefined) continue;
    if (typeof value === "function") found.set(value, imported);
    if (imported.name !== undefined || typeof value !== "object" || value === null) continue;
    if (types.isModuleNamespaceObject(value)) found.set(value, imported);
    for (const key of Object.keys(value)) {
      const member = valueOrNothing({ description: "Module", object: value as Readonly<Record<string, unknown>> }, key);
      if (typeof member === "function" && !found.has(member)) found.set(member, { module: imported.module, name: key });
    }
  }
  return found;
}

/** Modules that import each other may not have exported everything yet. */
function valueOrNothing(scope: LiveScope, name: string): unknown {
  try {
    return scope.object[name];
  } catch {
    return undefined;
  }
}
