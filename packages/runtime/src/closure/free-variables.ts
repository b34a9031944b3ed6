import type { AnyNode, Class, Function as FunctionSyntax, Pattern } from "acorn";
import type { RefusalReason } from "../runtime-error.ts";
import { baseClassName, importLoaderName } from "./graph.ts";
import { parseFunction, type ParsedFunction } from "./parse-function.ts";
import {
  blockScope,
  childrenOf,
  declarePattern,
  hoistVariables,
  isDeclared,
  privateNamesOf,
  type Scope,
} from "./syntax-scope.ts";

/** Something in the text of a function that keeps it from travelling. */
interface Obstacle {
  readonly reason: RefusalReason;
  readonly finding: string;
}

/** What the text of a function says by itself, without its surroundings. */
export interface FunctionAnalysis {
  readonly form: "expression" | "member";
  /** The text to evaluate: as written, but for computed names, computed base classes and `import()`. */
  readonly source: string;
  readonly isClass: boolean;
  /** Free variable to: is it used other than by `typeof`. */
  readonly freeNames: ReadonlyMap<string, boolean>;
  /** The first obstacle found, in order of the text. */
  readonly obstacle: Obstacle | undefined;
  /** It extends a class, whose name or expression has given way to `baseClassName`. */
  readonly hasBase: boolean;
  readonly usesImport: boolean;
  /** Texts of the members of a class body. A method that prints otherwise was put there later. */
  readonly memberTexts: readonly string[];
  /** Names that evaluating the class puts on itself and on its prototype. */
  readonly staticNames: readonly string[];
  readonly methodNames: readonly string[];
  readonly hasPrivateMembers: boolean;
  readonly hasPrivateStatics: boolean;
}

/** What a function or a class field gives to the code inside it. */
interface Surroundings {
  readonly ownThis: boolean;
  readonly ownArguments: boolean;
  readonly ownSuper: boolean;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const cacheEntriesMax = 2_000;
const cache = new Map<string, FunctionAnalysis | undefined>();

/** Analyses the text of a function; `undefined` when it is no JavaScript. Cached by text. */
export function analyzeFunction(text: string): FunctionAnalysis | undefined {
  const known = cache.get(text);
  if (known !== undefined || cache.has(text)) return known;
  // Bounded by starting over: sources are few, and finding them again is cheap.
  if (cache.size >= cacheEntriesMax) cache.clear();
  const analysis = analyzeText(text);
  cache.set(text, analysis);
  return analysis;
}

function analyzeText(text: string): FunctionAnalysis | undefined {
  const parsed = parseFunction(text);
  return parsed === undefined ? undefined : new FreeVariables(text, parsed).analysis();
}

class FreeVariables {
  readonly #text: string;
  readonly #parsed: ParsedFunction;
  readonly #freeNames = new Map<string, boolean>();
  readonly #edits: Edit[] = [];
  readonly #memberTexts: string[] = [];
  readonly #staticNames: string[] = [];
  readonly #methodNames: string[] = [];
  /** Private names declared by the classes around the place that is being visited. */
  readonly #privateNames: Set<string>[] = [];
  #obstacle: Obstacle | undefined;
  #hasBase = false;
  #usesImport = false;
  #hasPrivateMembers = false;
  #hasPrivateStatics = false;

  constructor(text: string, parsed: ParsedFunction) {
    this.#text = text;
    this.#parsed = parsed;
  }

  analysis(): FunctionAnalysis {
    const { root, form } = this.#parsed;
    const outside: Scope = { parent: undefined, names: new Set() };
    const surroundings: Surroundings = { ownThis: false, ownArguments: false, ownSuper: false };
    if (form === "member") this.#visitLoneMember(root, outside, surroundings);
    else this.#visit(root, outside, surroundings);
    const isClass = root.type === "ClassExpression";
    if (isClass) this.#inspectClassBody(root);
    return {
      form,
      source: this.#editedText(),
      isClass,
      freeNames: this.#freeNames,
      obstacle: this.#obstacle,
      hasBase: this.#hasBase,
      usesImport: this.#usesImport,
      memberTexts: this.#memberTexts,
      staticNames: this.#staticNames,
      methodNames: this.#methodNames,
      hasPrivateMembers: this.#hasPrivateMembers,
      hasPrivateStatics: this.#hasPrivateStatics,
    };
  }

  #editedText(): string {
    let text = this.#text;
    for (const edit of this.#edits.toSorted((a, b) => b.start - a.start)) {
      const start = edit.start - this.#parsed.offset;
      text = text.slice(0, start) + edit.text + text.slice(edit.end - this.#parsed.offset);
    }
    return text;
  }

  #refuse(reason: RefusalReason, finding: string): void {
    this.#obstacle ??= { reason, finding };
  }

  /** A method without its object: only its function counts, and a computed name was computed long ago. */
  #visitLoneMember(member: AnyNode, scope: Scope, surroundings: Surroundings): void {
    if (member.type !== "Property" && member.type !== "MethodDefinition") {
      this.#refuse("E_UNRESOLVED", "a class member cannot be told from its surroundings");
      return;
    }
    if (member.computed) this.#edits.push({ start: member.key.start, end: member.key.end, text: '"computed"' });
    if (member.key.type === "PrivateIdentifier")
      this.#refuse("E_PRIVATE", `it is the private method #${member.key.name}`);
    if (member.value !== null) this.#visit(member.value, scope, surroundings);
  }

  #inspectClassBody(node: AnyNode): void {
    if (node.type !== "ClassExpression") return;
    for (const member of node.body.body) {
      if (member.type === "StaticBlock") continue;
      this.#memberTexts.push(this.#text.slice(member.start - this.#parsed.offset, member.end - this.#parsed.offset));
      if (!member.computed && member.key.type === "Identifier") {
        if (member.static) this.#staticNames.push(member.key.name);
        else if (member.type === "MethodDefinition" && member.kind !== "constructor")
          this.#methodNames.push(member.key.name);
      }
      if (member.key.type !== "PrivateIdentifier") continue;
      if (!member.static) this.#hasPrivateMembers = true;
      else if (member.type === "PropertyDefinition") this.#hasPrivateStatics = true;
    }
  }

  #visit(node: AnyNode, scope: Scope, around: Surroundings): void {
    switch (node.type) {
      case "Identifier":
        return this.#reference(node.name, scope, around, true);
      case "ThisExpression":
        if (!around.ownThis) this.#refuse("E_THIS", "it uses the `this` around it");
        return;
      case "Super":
        if (!around.ownSuper) this.#refuse("E_SUPER", "it uses `super` outside its class");
        return;
      case "MetaProperty":
        if (node.meta.name === "import") this.#refuse("E_IMPORT_META", "it uses `import.meta`");
        else if (!around.ownThis) this.#refuse("E_THIS", "it uses the `new.target` around it");
        return;
      case "FunctionExpression":
      case "FunctionDeclaration":
      case "ArrowFunctionExpression":
        return this.#visitFunction(node, scope, around);
      case "ClassExpression":
      case "ClassDeclaration":
        return this.#visitClass(node, scope, around);
      case "BlockStatement":
      case "StaticBlock":
      case "Program":
      case "SwitchStatement":
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
        return this.#visitChildren(node, blockScope(node, scope), around);
      case "CatchClause":
        return this.#visitCatch(node, scope, around);
      default:
        return this.#visitExpression(node, scope, around);
    }
  }

  #visitExpression(node: AnyNode, scope: Scope, around: Surroundings): void {
    switch (node.type) {
      case "AssignmentExpression":
        this.#write(node.left, scope);
        break;
      case "UpdateExpression":
        this.#write(node.argument, scope);
        break;
      case "UnaryExpression":
        if (node.operator !== "typeof" || node.argument.type !== "Identifier") break;
        return this.#reference(node.argument.name, scope, around, false);
      case "CallExpression":
        return this.#visitCall(node, scope, around);
      case "ImportExpression":
        this.#visitImport(node.source, false);
        this.#edits.push({ start: node.start, end: node.start + "import".length, text: importLoaderName });
        this.#usesImport = true;
        break;
      case "WithStatement":
        this.#refuse("E_EVAL", "it uses `with`");
        break;
      case "MemberExpression":
        this.#visit(node.object, scope, around);
        if (node.computed || node.property.type === "PrivateIdentifier") this.#visit(node.property, scope, around);
        return;
      case "Property":
      case "PropertyDefinition":
      case "MethodDefinition":
        if (node.computed) this.#visit(node.key, scope, around);
        if (node.value !== null && node.value !== undefined) this.#visit(node.value, scope, around);
        return;
      case "PrivateIdentifier":
        if (this.#privateNames.some((names) => names.has(node.name))) return;
        return this.#refuse("E_PRIVATE", `it uses #${node.name}, which belongs to the class around it`);
      case "LabeledStatement":
        return this.#visit(node.body, scope, around);
      case "BreakStatement":
      case "ContinueStatement":
        return;
      default:
        break;
    }
    this.#visitChildren(node, scope, around);
  }

  #visitChildren(node: AnyNode, scope: Scope, around: Surroundings): void {
    if (node.type === "ForInStatement" || node.type === "ForOfStatement") {
      if (node.left.type !== "VariableDeclaration") this.#write(node.left, scope);
    }
    for (const child of childrenOf(node)) this.#visit(child, scope, around);
  }

  #visitCall(node: AnyNode & { type: "CallExpression" }, scope: Scope, around: Surroundings): void {
    const { callee } = node;
    const [first] = node.arguments;
    if (callee.type === "Identifier" && !isDeclared(callee.name, scope)) {
      if (callee.name === "eval" && !node.optional) this.#refuse("E_EVAL", "it calls `eval`");
      if (loaderNames.has(callee.name)) this.#visitImport(first, callee.name !== "require");
    }
    this.#visitChildren(node, scope, around);
  }

  #visitImport(specifier: AnyNode | undefined, isRunner: boolean): void {
    // Vite rewrites relative specifiers to paths below its own root.
    if (specifier?.type === "Literal" && typeof specifier.value === "string") {
      if (!specifier.value.startsWith(".") && !(isRunner && specifier.value.startsWith("/"))) return;
      return this.#refuse("E_DYNIMPORT", `it imports "${specifier.value}", which is relative to its file`);
    }
    this.#refuse("E_DYNIMPORT", "it imports a module whose name is computed");
  }

  #visitFunction(node: FunctionSyntax & AnyNode, scope: Scope, around: Surroundings): void {
    const isArrow = node.type === "ArrowFunctionExpression";
    const inside: Surroundings = isArrow
      ? around
      : { ownThis: true, ownArguments: true, ownSuper: around.ownSuper && node.type === "FunctionExpression" };
    let outer = scope;
    if (node.type === "FunctionExpression" && node.id != null)
      outer = { parent: scope, names: new Set([node.id.name]) };
    // Default values see the parameters but not the variables of the body.
    const parameters: Scope = { parent: outer, names: new Set() };
    for (const parameter of node.params) declarePattern(parameter, parameters.names);
    for (const parameter of node.params) this.#visit(parameter as AnyNode, parameters, inside);
    if (node.body.type !== "BlockStatement") return this.#visit(node.body, parameters, inside);
    const body: Scope = { parent: parameters, names: new Set() };
    hoistVariables(node.body, body.names);
    this.#visitChildren(node.body, blockScope(node.body, body), inside);
  }

  #visitClass(node: Class & AnyNode, scope: Scope, around: Surroundings): void {
    const inner: Scope = { parent: scope, names: new Set(node.id == null ? [] : [node.id.name]) };
    this.#privateNames.push(privateNamesOf(node));
    if (node.superClass != null) this.#visitBase(node.superClass, node === this.#parsed.root, { scope: inner, around });
    const inMember: Surroundings = { ownThis: true, ownArguments: false, ownSuper: true };
    for (const member of node.body.body) {
      if (member.type === "StaticBlock") {
        const names = new Set<string>();
        hoistVariables(member, names);
        this.#visitChildren(member, blockScope(member, { parent: inner, names }), inMember);
        continue;
      }
      if (member.computed) this.#visit(member.key as AnyNode, inner, around);
      if (member.value != null) this.#visit(member.value as AnyNode, inner, inMember);
    }
    this.#privateNames.pop();
  }

  /**
   * The base of the class that is shipped is captured as a value: an expression would make another class each time, and
   * a name is in no scope of the class, since only its definition used it.
   */
  #visitBase(base: AnyNode, isRoot: boolean, at: { readonly scope: Scope; readonly around: Surroundings }): void {
    if (!isRoot || base.type === "Literal") return this.#visit(base, at.scope, at.around);
    this.#edits.push({ start: base.start, end: base.end, text: ` ${baseClassName}` });
    this.#hasBase = true;
  }

  #visitCatch(node: AnyNode & { type: "CatchClause" }, scope: Scope, around: Surroundings): void {
    const inner: Scope = { parent: scope, names: new Set() };
    if (node.param != null) {
      declarePattern(node.param, inner.names);
      this.#visit(node.param as AnyNode, inner, around);
    }
    this.#visit(node.body, inner, around);
  }

  #reference(name: string, scope: Scope, around: Surroundings, isUsed: boolean): void {
    if (name === "arguments" && !isDeclared(name, scope)) {
      if (!around.ownArguments) this.#refuse("E_ARGUMENTS", "it uses the `arguments` around it");
      return;
    }
    if (name === "undefined" || isDeclared(name, scope)) return;
    if (importMetaNames.has(name)) return this.#refuse("E_IMPORT_META", "it uses `import.meta`");
    this.#freeNames.set(name, isUsed || this.#freeNames.get(name) === true);
  }

  #write(target: AnyNode, scope: Scope): void {
    const names = new Set<string>();
    declarePattern(target as Pattern, names);
    for (const name of names) {
      if (isDeclared(name, scope)) continue;
      this.#refuse("E_WRITE", `it assigns the captured variable "${name}"`);
    }
  }
}

/** The names under which Vite's module runner passes `import.meta` and `import()` to a module. */
const importMetaNames: ReadonlySet<string> = new Set(["__vite_ssr_import_meta__", "__vi_import_meta__"]);
const loaderNames: ReadonlySet<string> = new Set([
  "require",
  "__vite_ssr_dynamic_import__",
  "__vi_ssr_dynamic_import__",
]);
