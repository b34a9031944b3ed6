import { RuntimeError, type RefusalReason } from "../runtime-error.ts";

/** What to do instead, by reason. Every message ends with its line. */
const advice: { readonly [R in RefusalReason]: string } = {
  E_THIS: "Copy what you need from `this` into a `const` outside the function.",
  E_WRITE: "Every worker would change a copy of its own; return the value, or use an accumulator.",
  E_PRIVATE:
    "Give its class a method [Symbol.for('tutti.serialize')]() and a static [Symbol.for('tutti.deserialize')](data).",
  E_SUPER: "Ship the whole class, or call the base function directly.",
  E_ARGUMENTS: "Use rest parameters.",
  E_EVAL: "Write the code out: what it would capture cannot be known.",
  E_IMPORT_META: "Capture the value you need from it in a `const` outside the function.",
  E_DYNIMPORT: "Use a literal specifier of a package, a `node:` module or an absolute URL.",
  E_NATIVE: "Create it inside the function.",
  E_PROXY: "Pass the proxy's target.",
  E_SYMBOL: "Use Symbol.for, which yields the same symbol everywhere.",
  E_UNSERIALIZABLE: "Await it, or copy what it holds into an array or object first.",
  E_SHARED: "Use a broadcast variable.",
  E_NAMESPACE: "Import the module statically, in the file of the function.",
  E_PROTO: "Use a class.",
  E_UNRESOLVED: "Initialise the variable before the function is passed on.",
  E_UNPARSABLE: "Pass the values explicitly, with withBindings(fn, { ... }), to a function that can be printed.",
  E_ENGINE: "Pass what the function captures explicitly, with withBindings(fn, { ... }).",
};

/** The error for something that cannot travel. `finding` says what was found, as a sentence without its full stop. */
export function refuse(reason: RefusalReason, path: string, finding: string): RuntimeError {
  const message = `${finding} (${reason}, at ${path}). ${advice[reason]}`;
  return new RuntimeError("cannot-travel", message, { refusal: { reason, path } });
}
