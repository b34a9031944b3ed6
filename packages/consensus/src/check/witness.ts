import type { FinishedOperation, Model } from "./history.ts";

/** A call whose place in the one order is known, as a replicated log knows it. */
export interface PositionedOperation<Input, Output> extends FinishedOperation<Input, Output> {
  readonly position: bigint;
}

/** What {@link replayWitness} found. */
export type Witness<Input, Output> =
  | { readonly kind: "ok" }
  | {
      readonly kind: "violation";
      readonly reason: string;
      readonly operation: PositionedOperation<Input, Output>;
    };

/**
 * Replays a history in the order that its positions name: every output must be what the model gives there, and a call
 * that returned before another was made must have the smaller position. Costs n log n, for millions of calls; it
 * decides whether *this* order is a linearization, which is what a log claims.
 *
 * ```ts
 * import { counterModel, replayWitness } from "@tutti/consensus/check";
 *
 * const verdict = replayWitness(counterModel(), [
 *   { process: 1, position: 1n, input: { kind: "add", amount: 2 }, output: 2, calledAt: 0, returnedAt: 1 },
 *   { process: 1, position: 2n, input: { kind: "add", amount: 2 }, output: 3, calledAt: 2, returnedAt: 3 },
 * ]);
 * console.log(verdict.kind); // => violation
 * ```
 */
export function replayWitness<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly PositionedOperation<Input, Output>[],
): Witness<Input, Output> {
  const ordered = history.toSorted((left, right) => compare(left.position, right.position));
  const states = new Map<string, State>();
  let latestCall = -Infinity;
  let previous: bigint | undefined;
  for (const operation of ordered) {
    const { position, input, output, calledAt, returnedAt } = operation;
    const fail = (reason: string): Witness<Input, Output> => ({ kind: "violation", reason, operation });
    if (position === previous) return fail(`position ${position} is taken twice`);
    previous = position;
    // Everything before it in the order was called before it returned, or real time was turned around.
    if (returnedAt < latestCall)
      return fail(`it returned at ${returnedAt}, before a call at ${latestCall} that is ordered before it`);
    latestCall = Math.max(latestCall, calledAt);
    const part = model.partition?.(input) ?? "";
    const state = states.get(part) ?? model.initial;
    const stepped = model.step(state, input, output);
    if (stepped === undefined) return fail(`its output is impossible in state ${model.identify(state)}`);
    states.set(part, stepped.next);
  }
  return { kind: "ok" };
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
