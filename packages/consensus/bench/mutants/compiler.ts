import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** Whether TypeScript refuses a file with another text in it; the other files are as they are. */
export function createRefusal(files: readonly string[]): (file: string, text: string) => boolean {
  const configFile = fileURLToPath(new URL("../../tsconfig.json", import.meta.url));
  const { config } = ts.readConfigFile(configFile, (name) => ts.sys.readFile(name)) as { readonly config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(configFile));
  // That nobody uses a variable any more, or comes to a line, is no reason: an editor greys it out at most.
  const lenient = {
    ...options,
    noEmit: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    allowUnreachableCode: true,
  };
  const changed = new Map<string, string>();
  let version = 0;
  const service = ts.createLanguageService({
    getCompilationSettings: () => lenient,
    getScriptFileNames: () => [...files],
    getScriptVersion: (name) => (changed.has(name) ? String(version) : "0"),
    getScriptSnapshot: (name) => {
      const text = changed.get(name) ?? ts.sys.readFile(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => path.dirname(configFile),
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    fileExists: (name) => ts.sys.fileExists(name),
    readFile: (name) => ts.sys.readFile(name),
  });
  return (file, text) => {
    version += 1;
    changed.set(file, text);
    const isRefused = [service.getSyntacticDiagnostics(file), service.getSemanticDiagnostics(file)].some(
      (found) => found.length > 0,
    );
    changed.delete(file);
    return isRefused;
  };
}
