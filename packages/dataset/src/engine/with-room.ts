/** The engine's word for decimals that it computed in too few bits. */
function isNarrow(thrown: unknown): boolean {
  return thrown instanceof Error && /^Out of Range Error: Overflow in \w+ of DECIMAL\(\d+\)/.test(thrown.message);
}

/** Once more with room where decimals overflowed in the engine's narrow ones. */
export async function withRoom<T>(run: (isWide: boolean) => Promise<T>): Promise<T> {
  try {
    return await run(false);
  } catch (thrown) {
    if (!isNarrow(thrown)) throw thrown;
    return await run(true);
  }
}
