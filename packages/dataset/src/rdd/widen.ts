/**
 * The type that a value has when it is not written as a constant: `1` is a `number`, and so inside tuples and objects.
 * Without it `[word, 1] as const` would be a pair whose values can only ever be 1.
 */
export type Widen<V> = V extends number
  ? number
  : V extends string
    ? string
    : V extends bigint
      ? bigint
      : V extends boolean
        ? boolean
        : V extends Date | Uint8Array | ((...args: never[]) => unknown)
          ? V
          : { [N in keyof V]: Widen<V[N]> };
