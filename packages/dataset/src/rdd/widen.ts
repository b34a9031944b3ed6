/** `1` as a type becomes `number`. */
type WidenLiteral<V> = V extends number
  ? number
  : V extends string
    ? string
    : V extends bigint
      ? bigint
      : WidenBoolean<V>;
type WidenBoolean<V> = V extends boolean ? boolean : V;

/**
 * The type that a value has when it is not written as a constant, alone or one level down in a tuple or object. Without
 * it `[word, 1] as const` would be a pair whose values can only ever be 1. Not deeper: recursive types have no end.
 */
export type Widen<V> = V extends string | number | bigint | boolean
  ? WidenLiteral<V>
  : V extends
        | Date
        | ArrayBufferView
        | ReadonlyMap<unknown, unknown>
        | ReadonlySet<unknown>
        | ((...args: never[]) => unknown)
    ? V
    : { [N in keyof V]: WidenLiteral<V[N]> };
