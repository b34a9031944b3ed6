import { parse, tokenizer, tokTypes, type AnyNode } from "acorn";

/** The syntax of a function that was printed. */
export interface ParsedFunction {
  readonly root: AnyNode;
  readonly form: "expression" | "member";
  /** Where the function's text starts in the text that was parsed. */
  readonly offset: number;
}

/** Parses what a function prints; `undefined` when it is no JavaScript. Methods and getters print without their object. */
export function parseFunction(text: string): ParsedFunction | undefined {
  const asExpression = (): ParsedFunction | undefined => parseWrapped("(", text, ")");
  const asMember = (): ParsedFunction | undefined => parseWrapped("({", text, "})");
  const [likely, unlikely] = looksLikeMember(text) ? [asMember, asExpression] : [asExpression, asMember];
  return likely() ?? unlikely() ?? parseWrapped("(class extends Object{", text, "})");
}

/**
 * Tells a method from an expression without trying: acorn says no by throwing, and a debugger that pauses on exceptions
 * would show our guesses to the user. A wrong answer costs no more than that.
 */
function looksLikeMember(text: string): boolean {
  if (/^(?:async\s+)?function\b/.test(text) || /^class\b(?!\s*\()/.test(text)) return false;
  if (text.startsWith("(") || /^(?:async\s+)?[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>/u.test(text)) return false;
  if (!/^async\s*\(/.test(text)) return true;
  let depth = 0;
  for (const { type } of tokenizer(text, { ecmaVersion: "latest" })) {
    if (type === tokTypes.parenL) depth += 1;
    else if (type === tokTypes.parenR) depth -= 1;
    else if (depth === 0 && type !== tokTypes.name) return type !== tokTypes.arrow;
  }
  return true;
}

function parseWrapped(before: string, text: string, after: string): ParsedFunction | undefined {
  const program = parseQuietly(before + text + "\n" + after);
  const statement = program?.body[0];
  if (statement?.type !== "ExpressionStatement") return undefined;
  const expression = statement.expression;
  const offset = before.length;
  if (expression.type === "ObjectExpression") {
    const member = expression.properties[0];
    return member === undefined ? undefined : { root: member, form: "member", offset };
  }
  if (before.length > 1 && expression.type === "ClassExpression") {
    const member = expression.body.body[0];
    return member === undefined ? undefined : { root: member, form: "member", offset };
  }
  return { root: expression, form: "expression", offset };
}

/** acorn has no way to fail but by throwing; the exception ends here. */
function parseQuietly(text: string): ReturnType<typeof parse> | undefined {
  try {
    return parse(text, {
      ecmaVersion: "latest",
      sourceType: "script",
      allowImportExportEverywhere: true,
      allowSuperOutsideMethod: true,
      checkPrivateFields: false,
    });
  } catch {
    return undefined;
  }
}
