/** Any function or class, callable with nothing until its type is known. */
export type AnyFunction = (...args: never[]) => unknown;
