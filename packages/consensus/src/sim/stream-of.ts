import { createPrng, type Prng } from "@tutti/stdx";

/** A stream of chance of its own for each purpose within a run, so that one does not shift the others. */
export function streamOf(seed: number, purpose: number): Prng {
  return createPrng(Math.imul(seed, 0x9e37_79b1) + purpose * 0x85eb_ca6b);
}
