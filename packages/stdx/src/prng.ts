/** A deterministic source of chance: the same seed gives the same sequence on every machine. */
export interface Prng {
  /** A uniform integer in [0, 2^32). */
  nextUint32(): number;
  /** A uniform number in [0, 1), with 32 bits of resolution. */
  nextUnit(): number;
  /** A uniform integer in [0, bound). */
  nextBelow(bound: number): number;
}

/** A seed of its own for each of many that share one: for partition 3 of seed 7. */
export function mixSeed(seed: number, index: number): number {
  return (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
}

/**
 * xoshiro128** 1.1 (Blackman and Vigna, 2018), its state filled from the seed by splitmix32, so that neighbouring
 * seeds give unrelated sequences. Not for secrets.
 */
export function createPrng(seed: number): Prng {
  let fill = seed >>> 0;
  const splitmix32 = (): number => {
    fill = (fill + 0x9e3779b9) >>> 0;
    let mixed = fill;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  let s0 = splitmix32();
  let s1 = splitmix32();
  let s2 = splitmix32();
  let s3 = splitmix32();
  const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

  const nextUint32 = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotateLeft(s3, 11);
    return result;
  };
  return {
    nextUint32,
    nextUnit: () => nextUint32() / 0x1_0000_0000,
    nextBelow(bound) {
      // Values below the threshold would make small results more likely than large ones.
      const threshold = 0x1_0000_0000 % bound;
      for (;;) {
        const drawn = nextUint32();
        if (drawn >= threshold) return drawn % bound;
      }
    },
  };
}
