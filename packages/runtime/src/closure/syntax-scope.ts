import type { AnyNode, Class, Pattern } from "acorn";

/** The names that a function, block, class or catch clause declares. */
export interface Scope {
  readonly parent: Scope | undefined;
  readonly names: Set<string>;
}

export function isDeclared(name: string, scope: Scope): boolean {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) if (at.names.has(name)) return true;
  return false;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

export function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = [];
  for (const value of Object.values(node) as unknown[]) {
    if (Array.isArray(value)) children.push(...value.filter(isNode));
    else if (isNode(value)) children.push(value);
  }
  return children;
}

export function privateNamesOf(node: Class): Set<string> {
  const names = new Set<string>();
  for (const member of node.body.body) {
    if (member.type !== "StaticBlock" && member.key.type === "PrivateIdentifier") names.add(member.key.name);
  }
  return names;
}

/** Adds the variables that a pattern binds, or that an assignment to it changes. */
export function declarePattern(pattern: Pattern, names: Set<string>): void {
  switch (pattern.type) {
    case "Identifier":
      names.add(pattern.name);
      return;
    case "ObjectPattern":
      for (const property of pattern.properties) {
        declarePattern(property.type === "RestElement" ? property.argument : property.value, names);
      }
      return;
    case "ArrayPattern":
      for (const element of pattern.elements) if (element !== null) declarePattern(element, names);
      return;
    case "RestElement":
      return declarePattern(pattern.argument, names);
    case "AssignmentPattern":
      return declarePattern(pattern.left, names);
    default:
  }
}

/** Adds what `var` declares anywhere in a function, but not in the functions inside it. */
export function hoistVariables(node: AnyNode, names: Set<string>): void {
  for (const child of childrenOf(node)) {
    if (child.type === "VariableDeclaration" && child.kind === "var") {
      for (const declarator of child.declarations) declarePattern(declarator.id, names);
    }
    const isBoundary = /Function|Class|Method|PropertyDefinition/.test(child.type);
    if (!isBoundary) hoistVariables(child, names);
  }
}

/** A scope with what `let`, `const`, `using`, `class` and `function` declare directly in a block. */
export function blockScope(node: AnyNode, parent: Scope): Scope {
  const names = new Set<string>();
  const statements = node.type === "SwitchStatement" ? node.cases.flatMap((one) => one.consequent) : childrenOf(node);
  for (const statement of statements) {
    if (statement.type === "VariableDeclaration" && statement.kind !== "var") {
      for (const declarator of statement.declarations) declarePattern(declarator.id, names);
    }
    const isDeclaration = statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration";
    if (isDeclaration && statement.id !== null) names.add(statement.id.name);
  }
  return { parent, names };
}
