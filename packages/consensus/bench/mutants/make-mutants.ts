import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Instrumenter } from "@stryker-mutator/instrumenter";
import ts from "typescript";
import { createRefusal } from "./compiler.ts";

/** One small change of the core, as a careless hand could make it. */
export interface Mutant {
  readonly id: string;
  /** Below `src/core/`. */
  readonly file: string;
  readonly line: number;
  readonly operator: string;
  /** What stands there, and what would stand there instead. */
  readonly original: string;
  readonly replacement: string;
  /** The whole line, to know it by. */
  readonly context: string;
  /** TypeScript refuses it: whoever makes such a mistake is told at once. */
  readonly isRefused: () => boolean;
}

/** By address. */
export type Texts = Readonly<Record<string, string>>;

export interface MadeMutants {
  readonly mutants: readonly Mutant[];
  /** The files with these mutants in them, of which one is active at a time. */
  readonly textsWith: (ids: ReadonlySet<string>) => Texts;
}

const core = new URL("../../src/core/", import.meta.url);

type Logger = ConstructorParameters<typeof Instrumenter>[0];

const silent: Logger = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
};

/**
 * The mutants of the core's files that match. Strings are left as they are, since they name kinds, which the compiler
 * checks, or speak to people; so are assertions.
 */
export async function makeMutants(pattern: string): Promise<MadeMutants> {
  const names = globSync("**/*.ts", { cwd: core }).toSorted();
  const matching = new Set(globSync(pattern, { cwd: core }));
  const files = names.map((name) => {
    return { name, mutate: matching.has(name), content: readFileSync(new URL(name, core), "utf8") };
  });
  const contents = new Map(files.map(({ name, content }) => [name, content]));
  const assertions = new Map(files.map(({ name, content }) => [name, assertionsIn(content)]));
  const options = { plugins: [], excludedMutations: ["StringLiteral"], ignorers: [] };
  const made = await new Instrumenter(silent).instrument(files, options);
  const refuses = createRefusal(names.map((name) => fileURLToPath(new URL(name, core))));
  const mutants = made.mutants.flatMap(({ id, fileName: file, location, mutatorName: operator, replacement }) => {
    const text = contents.get(file) ?? "";
    const [start, end] = [offsetOf(text, location.start), offsetOf(text, location.end)];
    // Those that are excluded are in the list, and not in the text.
    if (options.excludedMutations.includes(operator)) return [];
    if (assertions.get(file)?.some((range) => range.pos <= start && end <= range.end) === true) return [];
    const { line } = location.start;
    const context = text.split("\n")[line]?.trim() ?? "";
    const mutated = text.slice(0, start) + replacement + text.slice(end);
    const isRefused = (): boolean => refuses(fileURLToPath(new URL(file, core)), mutated);
    const original = text.slice(start, end);
    return [{ id, file, line: line + 1, operator, original, replacement, context, isRefused }];
  });
  const textsWith = (ids: ReadonlySet<string>): Texts =>
    Object.fromEntries(made.files.map(({ name, content }) => [new URL(name, core).href, withOnly(content, ids)]));
  return { mutants, textsWith };
}

/** Without what the instrumenter wrote for the other mutants: asking for thousands of them costs more than the core itself. */
function withOnly(text: string, ids: ReadonlySet<string>): string {
  return text
    .replaceAll(/\bstryMutAct_9fa48\("(\d+)"\)/g, (asked, id: string) => (ids.has(id) ? asked : "false"))
    .replaceAll(/\bstryCov_9fa48\(("\d+"(?:, "\d+")*)\)/g, (_counted, list: string) => {
      const kept = list.split(", ").filter((id) => ids.has(id.slice(1, -1)));
      return kept.length === 0 ? "0" : `stryCov_9fa48(${kept.join(", ")})`;
    });
}

/** The same, without counting what is reached. */
export function withoutCounting(texts: Texts): Texts {
  const entries = Object.entries(texts);
  return Object.fromEntries(entries.map(([url, text]) => [url, text.replaceAll(/\bstryCov_9fa48\([", \d]+\)/g, "0")]));
}

/** An assertion never fails. That one says less cannot be seen; that one says too much would only embellish the count. */
function assertionsIn(text: string): readonly ts.TextRange[] {
  const found: ts.TextRange[] = [];
  const visit = (node: ts.Node): void => {
    const isAssertion = ts.isCallExpression(node) && node.expression.getText() === "assert";
    if (isAssertion) found.push({ pos: node.getStart(), end: node.end + 1 });
    else ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("", text, ts.ScriptTarget.ESNext, true));
  return found;
}

function offsetOf(text: string, { line, column }: { readonly line: number; readonly column: number }): number {
  let start = 0;
  for (let passed = 0; passed < line; passed += 1) start = text.indexOf("\n", start) + 1;
  return start + column;
}
