import type { Actions } from "./actions.ts";
import type { PairTransformations } from "./pair-transformations.ts";
import type { Transformations } from "./transformations.ts";

/**
 * A collection cut into partitions, described by how it comes about. Transformations describe a new one and run
 * nothing; actions run.
 *
 * Functions that it is given must not change what they capture: they may run on another thread, more than once.
 */
export interface Rdd<T> extends Transformations<T>, PairTransformations, Actions<T> {}
