import type { AnyFunction } from "../core/job.ts";
import type { FunctionNode } from "./graph.ts";
import { ownProperty } from "./properties.ts";

/** What a function's captured names stand for, when it is evaluated. */
export interface Environment {
  /** Known values, bound as constants: a call then costs what the original costs (bench/closure.bench.ts). */
  readonly constants: ReadonlyMap<string, unknown>;
  /** Names for the function itself. */
  readonly selfNames: readonly string[];
  /** Names whose values come later, because they are in a cycle with the function. Calls cost 2 ns more. */
  readonly lateNames: readonly string[];
}

export interface Evaluated {
  readonly fn: AnyFunction;
  /** Gives a late name its value, once. */
  readonly assign: (name: string, value: unknown) => void;
}

type Setter = (value: unknown) => void;
type Factory = (...values: unknown[]) => readonly [value: unknown, setters: Readonly<Record<string, Setter>>];

// Names that a captured variable will not have.
const subject = "__tuttiSubject";
const input = "__tuttiInput";

/** Evaluates the text of a function with its captured names around it. */
export function evaluateFunction(node: FunctionNode, environment: Environment): Evaluated {
  const { constants, selfNames, lateNames } = environment;
  const late = lateNames.map((name) => `let ${name};\n`).join("");
  const setters = lateNames.map((name) => `${JSON.stringify(name)}: (${input}) => { ${name} = ${input}; }`).join(", ");
  const expression = node.form === "expression" ? `(${node.source}\n)` : `({${node.source}\n})`;
  const [self = subject, ...aliases] = selfNames;
  const selves = aliases.map((name) => `const ${name} = ${self};\n`).join("");
  const body = `${node.strict ? '"use strict";\n' : ""}${late}const ${self} = ${expression};\n${selves}return [${self}, {${setters}}];`;
  // oxlint-disable-next-line typescript/no-implied-eval -- evaluating what was sent is the purpose; who may send is for the transport to decide
  const factory = new Function(...constants.keys(), body) as Factory;
  const [value, assigners] = factory(...constants.values());
  const fn = node.form === "expression" ? (value as AnyFunction) : onlyMemberOf(value as object);
  restoreName(fn, node);
  return { fn, assign: (name, one) => assigners[name]?.(one) };
}

function onlyMemberOf(holder: object): AnyFunction {
  const [key] = Reflect.ownKeys(holder);
  const found = ownProperty(holder, key!);
  return (found?.get ?? found?.set ?? found?.value) as AnyFunction;
}

function restoreName(fn: AnyFunction, { name, length }: FunctionNode): void {
  if (name !== undefined && fn.name !== name) Object.defineProperty(fn, "name", { value: name, configurable: true });
  if (fn.length !== length) Object.defineProperty(fn, "length", { value: length, configurable: true });
}
