import type { JsSignature } from "../plan/functions/js-call.ts";

export interface JsFunction {
  readonly signature: JsSignature;
  readonly fn: (...args: unknown[]) => unknown;
}

/** Functions by the ids that plans name them by. An entry lives as long as its `udf`. */
const functions = new Map<string, WeakRef<JsFunction>>();
const ended = new FinalizationRegistry<string>((id) => functions.delete(id));

export function registerJsFunction(made: JsFunction): void {
  functions.set(made.signature.id, new WeakRef(made));
  ended.register(made, made.signature.id);
}

export function jsFunctionOf(id: string): JsFunction | undefined {
  return functions.get(id)?.deref();
}
