import path from "node:path";
import ts from "typescript";

/** A rule that is broken at a place, with what to write instead. */
export interface Finding {
  readonly rule: string;
  readonly line: number;
  readonly message: string;
}

/** Folders whose code has no clock, no chance, no I/O: time, chance and I/O come in as arguments. */
const pureFolders: ReadonlySet<string> = new Set(["core", "plan", "rules", "protocol", "pipeline"]);

const functionLinesMax = 70;
const fileLinesMax = 600;

/** What a pure folder may not name, and what it takes instead. */
const impureNames: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b/, "take `nowMs` or a tick as an argument"],
  [/\bMath\.random\b|\bcrypto\b/, "take a `Prng` as an argument"],
  [/\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/, "return an effect and let the driver wait"],
  [/\bprocess\.|\bconsole\.|\bfetch\(/, "return an effect and let an edge do it"],
  [/\basync\b|\bawait\b/, "a pure step is synchronous"],
];

const bannedFileNames: ReadonlySet<string> = new Set([
  "utils",
  "util",
  "helpers",
  "helper",
  "types",
  "common",
  "misc",
  "lib",
]);

const bannedWords: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bFIXME\b|\bXXX\b|\bHACK\b/, "repair it, or assert the wrong behaviour in a test with an issue number"],
  [/\bTODO\b(?!\(#\d+\))/, "write TODO(#number) with the number of an issue"],
];

/** All findings in one source file. `file` is relative to the root of the repository. */
export function findingsIn(file: string, text: string): readonly Finding[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  return [
    ...fileFindings(file, text),
    ...wordFindings(text),
    ...syntaxFindings(source),
    ...(isPure(file) ? purityFindings(source) : []),
  ];
}

export function isPure(file: string): boolean {
  const [, , , folder = ""] = file.split("/");
  return file.startsWith("packages/") && pureFolders.has(folder);
}

function fileFindings(file: string, text: string): Finding[] {
  const findings: Finding[] = [];
  const name = path.basename(file).replace(/(\.\w+)*$/, "");
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) findings.push(finding("file-name", 1, `${name} is not in kebab-case`));
  if (bannedFileNames.has(name))
    findings.push(finding("file-name", 1, `${name} says nothing: name the file after its main symbol`));
  const lines = text.split("\n");
  if (lines.length > fileLinesMax)
    findings.push(finding("file-size", 1, `${lines.length} lines, at most ${fileLinesMax}: split by idea`));
  return findings;
}

function wordFindings(text: string): Finding[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      bannedWords.filter(([pattern]) => pattern.test(line)).map(([, instead]) => finding("words", index + 1, instead)),
    );
}

function syntaxFindings(source: ts.SourceFile): Finding[] {
  const findings: Finding[] = [];
  const add = (node: ts.Node, rule: string, message: string): void => {
    findings.push(finding(rule, lineOf(source, node), message));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isExportDeclaration(node) && node.exportClause === undefined) add(node, "exports", "name what you export");
    if (ts.isExportAssignment(node)) add(node, "exports", "no default export: a name is found, a default is guessed");
    if (ts.isEnumDeclaration(node)) add(node, "syntax", "no enum: a union of literals");
    if (ts.isModuleDeclaration(node) && node.name.kind === ts.SyntaxKind.Identifier)
      add(node, "syntax", "no namespace");
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.Using) !== 0) {
      add(node, "syntax", "no `using` in sources: Node.js 22 runs them as they stand; try and finally");
    }
    if (ts.isClassDeclaration(node) && extendsEmitter(node)) add(node, "syntax", "hold an emitter, do not be one");
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const lines = linesOf(source, node) - nestedFunctionLines(source, node);
      if (lines > functionLinesMax) add(node, "function-size", `${lines} lines, at most ${functionLinesMax}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

function extendsEmitter(node: ts.ClassDeclaration): boolean {
  return node.heritageClauses?.some((clause) => /\bEventEmitter\b/.test(clause.getText())) ?? false;
}

/** Names in code, not in comments: the tokens of the file are looked at one statement at a time. */
function purityFindings(source: ts.SourceFile): Finding[] {
  const code = ts
    .transpileModule(source.text, {
      compilerOptions: { removeComments: true, target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
    })
    .outputText.replaceAll(/(["'`])(?:\\.|(?!\1)[^\\])*\1/g, '""');
  return impureNames
    .filter(([pattern]) => pattern.test(code))
    .map(([pattern, instead]) => {
      const line = source.text.split("\n").findIndex((one) => pattern.test(one) && !/^\s*(\*|\/\/|\/\*)/.test(one));
      return finding("purity", line + 1, instead);
    });
}

function linesOf(source: ts.SourceFile, node: ts.Node): number {
  return lineOf(source, node, node.getEnd()) - lineOf(source, node) + 1;
}

/** A factory is as long as what it says itself: the functions that it makes are counted for themselves. */
function nestedFunctionLines(source: ts.SourceFile, node: ts.Node): number {
  let lines = 0;
  const visit = (child: ts.Node): void => {
    if (ts.isFunctionLike(child)) lines += linesOf(source, child) - 1;
    else ts.forEachChild(child, visit);
  };
  ts.forEachChild(node, visit);
  return lines;
}

function lineOf(source: ts.SourceFile, node: ts.Node, position: number = node.getStart()): number {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}

function finding(rule: string, line: number, message: string): Finding {
  return { rule, line, message };
}
