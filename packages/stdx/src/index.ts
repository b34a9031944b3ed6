export { assert, InvariantError } from "./assert.ts";
export { ChurningMap } from "./churning-map.ts";
export { linkSignals, type LinkedSignal } from "./linked-signal.ts";
export { createPrng, mixSeed, type Prng } from "./prng.ts";
