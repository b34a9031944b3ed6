// Writes down what each package offers, symbol by symbol, and fails where that changed unnoticed: `--write` takes the present
// state as wanted. The reports are in api/, and a change of one belongs into the same commit as its cause.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const root = path.resolve(import.meta.dirname, "..");
const folder = path.join(root, "api");
const packages = ["consensus", "coord", "runtime", "dataset"];
const writes = process.argv.includes("--write");
/** Exports without a word on what they are. */
const undocumented: string[] = [];
const format = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope;

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

const { config } = ts.readConfigFile(path.join(root, "tsconfig.json"), (file) => ts.sys.readFile(file)) as {
  config: object;
};
const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);

/** The entries of a package, with the names by which users import them. */
function entriesOf(name: string): { specifier: string; file: string }[] {
  const directory = path.join(root, "packages", name);
  const { name: packageName, exports } = JSON.parse(
    readFileSync(path.join(directory, "package.json"), "utf8"),
  ) as Manifest;
  return Object.entries(exports).flatMap(([key, target]) => {
    const source = typeof target === "string" ? undefined : target["@tutti/source"];
    return source === undefined
      ? []
      : [{ specifier: path.posix.join(packageName, key), file: path.join(directory, source) }];
  });
}

function reportOf(name: string): string {
  const entries = entriesOf(name);
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    { ...options, noEmit: true },
  );
  const checker = program.getTypeChecker();
  const sections = entries.map(({ specifier, file }) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module`);
    const lines = checker
      .getExportsOfModule(module)
      .toSorted((left, right) => (left.name < right.name ? -1 : 1))
      .map((symbol) => describe(checker, symbol));
    return `## ${specifier}\n\n\`\`\`ts\n${lines.join("\n")}\n\`\`\`\n`;
  });
  return `# What @tutti/${name} offers\n\nWritten by \`npm run api -- --write\`.\n\n${sections.join("\n")}`;
}

/** A symbol and its parts, one to a line. */
function describe(checker: ts.TypeChecker, exported: ts.Symbol): string {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const [declaration] = symbol.declarations ?? [];
  if (symbol.getDocumentationComment(checker).length === 0) undocumented.push(exported.name);
  if (declaration === undefined) return exported.name;
  if (ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)) {
    const kind = ts.isClassDeclaration(declaration) ? "class" : "interface";
    return `${kind} ${exported.name}${parametersOf(declaration)} {\n${membersOf(checker, checker.getDeclaredTypeOfSymbol(symbol), declaration)}}`;
  }
  if (ts.isTypeAliasDeclaration(declaration)) {
    return `type ${exported.name}${parametersOf(declaration)} = ${oneLine(declaration.type.getText())}`;
  }
  const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
  const kind = ts.isFunctionDeclaration(declaration) ? "function" : "const";
  return `${kind} ${exported.name}: ${checker.typeToString(type, declaration, format)}`;
}

function membersOf(checker: ts.TypeChecker, type: ts.Type, at: ts.Node): string {
  return checker
    .getPropertiesOfType(type)
    .filter(({ name, declarations = [] }) => !name.startsWith("#") && declarations.some(isOurs))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .map((member) => {
      const mark = member.flags & ts.SymbolFlags.Optional ? "?" : "";
      const text = checker.typeToString(checker.getTypeOfSymbolAtLocation(member, at), at, format);
      const isReadonly = member.declarations?.some(
        (one) => ts.getCombinedModifierFlags(one) & ts.ModifierFlags.Readonly,
      );
      return `  ${isReadonly === true ? "readonly " : ""}${member.name.replace(/^__@(\w+)@\d+$/, "[Symbol.$1]")}${mark}: ${text};\n`;
    })
    .join("");
}

function parametersOf({
  typeParameters = [],
}: {
  readonly typeParameters?: readonly ts.TypeParameterDeclaration[];
}): string {
  const texts = [...typeParameters].map((one) => oneLine(one.getText()));
  return texts.length === 0 ? "" : `<${texts.join(", ")}>`;
}

/** Not what comes from the language's or Node's own classes. */
function isOurs(declaration: ts.Declaration): boolean {
  return !declaration.getSourceFile().fileName.includes("/node_modules/");
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

let changedCount = 0;
mkdirSync(folder, { recursive: true });
for (const name of packages) {
  const file = path.join(folder, `${name}.md`);
  const report = reportOf(name);
  const present = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (writes) writeFileSync(file, report);
  if (writes || report === present) continue;
  changedCount += 1;
  const known = new Set(present.split("\n"));
  const wanted = new Set(report.split("\n"));
  console.log(`what @tutti/${name} offers has changed:`);
  for (const line of present.split("\n")) if (!wanted.has(line)) console.log(`- ${line}`);
  for (const line of report.split("\n")) if (!known.has(line)) console.log(`+ ${line}`);
}
if (changedCount > 0)
  console.log("If that is meant, npm run api -- --write takes it down; it belongs into the changeset.");
else console.log("each package offers what is written in api/");
if (undocumented.length > 0) console.log(`without a doc comment: ${undocumented.join(", ")}`);
process.exitCode = changedCount + undocumented.length === 0 ? 0 : 1;
