import type { Session } from "node:inspector";
import { createContext } from "node:vm";
import type { AnyFunction } from "../core/job.ts";

/** One link of a scope chain, innermost first. Reading an uninitialised variable of `object` throws. */
export interface LiveScope {
  /** V8's word for it: `Closure (outer)`, `Block`, `Module`, `Script`, `Global`. */
  readonly description: string;
  readonly object: Readonly<Record<string, unknown>>;
}

export interface FunctionInternals {
  /** Absent for native functions. */
  readonly scriptId: string | undefined;
  readonly scopes: readonly LiveScope[];
  readonly bound:
    | { readonly target: AnyFunction; readonly receiver: unknown; readonly args: readonly unknown[] }
    | undefined;
}

/** Reads what only a debugger can see, of the thread it was made on, synchronously. */
export interface FunctionInspector {
  internalsOf(fn: AnyFunction): FunctionInternals;
  /**
   * URL of the script that a function stands in; empty for code made by `new Function`. The debugger is not told of some
   * of Node.js's own scripts (in a worker of Node.js 26, that of `process.stdout`): these have none.
   */
  urlOf(scriptId: string): string | undefined;
  /** The text of a script. Costs milliseconds in a program of many scripts; keep what you read. */
  sourceOf(scriptId: string): string;
}

interface Handle {
  readonly objectId?: string;
}

interface InternalProperty {
  readonly name: string;
  readonly value?: Handle & { readonly value?: unknown; readonly unserializableValue?: string };
}

/** The private context's global: the place where values change hands between the program and the inspector. */
interface Exchange {
  subject: unknown;
  found: unknown;
}

const handles = "tutti-closure";

/**
 * Opens an inspector session on this very thread, or returns undefined where the engine answers later than at once
 * (Deno), has no inspector, or may not use it. The debugger domain stays off, so that nothing slows down and nothing pauses.
 */
export function openFunctionInspector(): FunctionInspector | undefined {
  const session = connectedSession();
  if (session === undefined) return undefined;
  const contextIds: number[] = [];
  const collect = (event: { params: { context: { id: number } } }): number => contextIds.push(event.params.context.id);
  const exchange: Exchange = { subject: undefined, found: undefined };
  session.on("Runtime.executionContextCreated", collect);
  if (!isSynchronous(session)) return undefined;
  // Evaluating in the default context would fail where the program itself runs in a context of node:vm, as tests of
  // vitest's vm pools do. The context made last, while the domain is on, is ours.
  createContext(exchange, { name: "tutti closures" });
  session.post("Runtime.disable");
  session.off("Runtime.executionContextCreated", collect);
  const contextId = contextIds.at(-1);
  if (contextId === undefined) return undefined;
  return new ThreadInspector(session, exchange, contextId);
}

/** Not imported by name: where Node.js was built without inspector, the import alone would fail. */
function connectedSession(): Session | undefined {
  if (process.features.inspector !== true) return undefined;
  const session = new (process.getBuiltinModule("node:inspector").Session)();
  try {
    session.connect();
  } catch {
    // Node.js was told by --permission to allow none.
    return undefined;
  }
  return session;
}

function isSynchronous(session: Session): boolean {
  let answered = false;
  session.post("Runtime.enable", () => {
    answered = true;
  });
  return answered;
}

/** The inspector spells out what JSON cannot say: NaN, -0, Infinity and bigints. */
function unusualNumber(spelled: string): number | bigint {
  return spelled.endsWith("n") ? BigInt(spelled.slice(0, -1)) : Number(spelled);
}

class ThreadInspector implements FunctionInspector {
  readonly #session: Session;
  readonly #exchange: Exchange;
  readonly #contextId: number;
  readonly #urls = new Map<string, string>();
  #latest = { scriptId: "", source: "" };

  constructor(session: Session, exchange: Exchange, contextId: number) {
    this.#session = session;
    this.#exchange = exchange;
    this.#contextId = contextId;
  }

  internalsOf(fn: AnyFunction): FunctionInternals {
    this.#exchange.subject = fn;
    const objectId = this.#evaluate("subject");
    try {
      return this.#readInternals(objectId);
    } finally {
      this.#exchange.subject = undefined;
      this.#exchange.found = undefined;
      this.#post("Runtime.releaseObjectGroup", { objectGroup: handles });
    }
  }

  urlOf(scriptId: string): string | undefined {
    // Turning the debugger on names all scripts at once. The text of a new one will be wanted next.
    if (!this.#urls.has(scriptId)) this.#latest = { scriptId, source: this.#readSource(scriptId) };
    return this.#urls.get(scriptId);
  }

  sourceOf(scriptId: string): string {
    const { scriptId: latestId, source } = this.#latest;
    this.#latest = { scriptId: "", source: "" };
    return latestId === scriptId ? source : this.#readSource(scriptId);
  }

  #readSource(scriptId: string): string {
    return this.#withDebugger(() => {
      if (!this.#urls.has(scriptId)) return "";
      return this.#post<{ scriptSource: string }>("Debugger.getScriptSource", { scriptId }).scriptSource;
    });
  }

  #withDebugger<T>(read: () => T): T {
    const onParsed = (event: { params: { scriptId: string; url: string } }): void => {
      this.#urls.set(event.params.scriptId, event.params.url);
    };
    this.#session.on("Debugger.scriptParsed", onParsed);
    this.#post("Debugger.enable", {});
    try {
      return read();
    } finally {
      this.#post("Debugger.disable", {});
      this.#session.off("Debugger.scriptParsed", onParsed);
    }
  }

  #readInternals(objectId: string): FunctionInternals {
    const answer = this.#post<{ internalProperties?: readonly InternalProperty[] }>("Runtime.getProperties", {
      objectId,
      ownProperties: true,
    });
    const internals = new Map(answer.internalProperties?.map((property) => [property.name, property.value]));
    const location = internals.get("[[FunctionLocation]]")?.value as { scriptId: string } | undefined;
    const scopes = internals.get("[[Scopes]]");
    return {
      scriptId: location?.scriptId,
      scopes: scopes === undefined ? [] : Array.from(this.#fetch(scopes) as ArrayLike<LiveScope>),
      bound: this.#readBound(internals),
    };
  }

  #readBound(internals: ReadonlyMap<string, InternalProperty["value"]>): FunctionInternals["bound"] {
    const target = internals.get("[[TargetFunction]]");
    if (target === undefined) return undefined;
    const receiver = internals.get("[[BoundThis]]");
    const args = internals.get("[[BoundArgs]]");
    return {
      target: this.#fetch(target) as AnyFunction,
      receiver: this.#fetch(receiver),
      args: Array.from(this.#fetch(args) as ArrayLike<unknown>),
    };
  }

  /** Turns the inspector's handle on a value into the value itself. */
  #fetch(handle: InternalProperty["value"]): unknown {
    if (handle?.objectId === undefined)
      return handle?.unserializableValue === undefined ? handle?.value : unusualNumber(handle.unserializableValue);
    // The handle belongs to the private context, so the function runs there and sees the exchange as its globals. Strict,
    // since a sloppy function would get a symbol in a box.
    this.#post("Runtime.callFunctionOn", {
      objectId: handle.objectId,
      functionDeclaration: "function () { 'use strict'; found = this; }",
      silent: true,
      objectGroup: handles,
    });
    const { found } = this.#exchange;
    this.#exchange.found = undefined;
    return found;
  }

  #evaluate(expression: string): string {
    const answer = this.#post<{ result: { objectId: string } }>("Runtime.evaluate", {
      expression,
      contextId: this.#contextId,
      objectGroup: handles,
      silent: true,
    });
    return answer.result.objectId;
  }

  #post<Answer>(method: string, parameters: object): Answer {
    let outcome: { readonly failure: Error | null; readonly answer: unknown } | undefined;
    this.#session.post(method, parameters, (failure, answer) => {
      outcome = { failure, answer };
    });
    const { failure, answer } = outcome ?? {
      failure: new Error(`${method} was not answered at once`),
      answer: undefined,
    };
    if (failure !== null) throw new Error(`The inspector refused ${method}`, { cause: failure });
    return answer as Answer;
  }
}
