/**
 * Position of a transaction: the high 32 bits are the epoch of the leader that proposed it, the low 32 bits count its
 * proposals from 1. Counter 0 names the start of an epoch and is never a transaction; `0n` is the empty log.
 */
export type Zxid = bigint;

/** The earlier of two positions. */
export function earlierOf(left: Zxid, right: Zxid): Zxid {
  return left < right ? left : right;
}

/** The later of two positions. */
export function laterOf(left: Zxid, right: Zxid): Zxid {
  return left > right ? left : right;
}

/**
 * Joins an epoch and a counter. The only place, with {@link epochOf} and {@link counterOf}, that knows the split.
 *
 * ```ts
 * import { zxidOf } from "@tutti/consensus";
 *
 * console.log(zxidOf(1, 2)); // => 4294967298n
 * ```
 */
export function zxidOf(epoch: number, counter: number): Zxid {
  return (BigInt(epoch) << 32n) | BigInt(counter);
}

/**
 * The epoch of the leader that proposed it.
 *
 * ```ts
 * import { epochOf, zxidOf } from "@tutti/consensus";
 *
 * console.log(epochOf(zxidOf(7, 2))); // => 7
 * ```
 */
export function epochOf(zxid: Zxid): number {
  return Number(zxid >> 32n);
}

/**
 * Which proposal of its epoch it is, from 1.
 *
 * ```ts
 * import { counterOf, zxidOf } from "@tutti/consensus";
 *
 * console.log(counterOf(zxidOf(7, 2))); // => 2
 * ```
 */
export function counterOf(zxid: Zxid): number {
  return Number(zxid & 0xffff_ffffn);
}

/** True when a log that ends at `previous` may go on with `next`: the next counter, or the first of a later epoch. */
export function isSuccessor(previous: Zxid, next: Zxid): boolean {
  if (epochOf(previous) === epochOf(next)) return next === previous + 1n;
  return next > previous && counterOf(next) === 1;
}

/**
 * `epoch:counter`, the form in which people read it.
 *
 * ```ts
 * import { formatZxid, zxidOf } from "@tutti/consensus";
 *
 * console.log(formatZxid(zxidOf(7, 2))); // => 7:2
 * ```
 */
export function formatZxid(zxid: Zxid): string {
  return `${epochOf(zxid)}:${counterOf(zxid)}`;
}
