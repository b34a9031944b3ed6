import { isFinished, type Model, type Operation } from "./history.ts";
import { Search } from "./search.ts";

/** How long {@link checkLinearizability} may search. */
export interface LinearizabilityOptions {
  /** Steps of the search over all partitions before the verdict is `unknown`. Default 5 000 000, some seconds. */
  readonly stepsMax?: number;
}

/** What {@link checkLinearizability} found. */
export type Linearizability<Input, Output> =
  | { readonly kind: "ok"; readonly steps: number }
  | {
      readonly kind: "violation";
      readonly steps: number;
      /** The part of the object whose history has no order, and that history. */
      readonly partition: string;
      readonly operations: readonly Operation<Input, Output>[];
      /** Indices into `operations`: the longest order that the model could follow. */
      readonly longest: readonly number[];
    }
  /** The budget ended first. Shorter histories, or finer partitions, cost less. */
  | { readonly kind: "unknown"; readonly steps: number; readonly undecided: readonly string[] };

const sliceSteps = 10_000;

/**
 * Whether the calls could have taken effect one after another, each between its call and its return (Herlihy and Wing,
 * 1990). Parts that do not influence one another are searched apart, in turns and smallest first, so that one part with
 * a short contradiction is not kept waiting by a hard one.
 *
 * ```ts
 * import { checkLinearizability, registerModel } from "@tutti/consensus/check";
 *
 * const verdict = checkLinearizability(registerModel<number>(0), [
 *   { process: 1, input: { kind: "write", value: 1 }, output: null, calledAt: 0, returnedAt: 1 },
 *   { process: 2, input: { kind: "read" }, output: 0, calledAt: 2, returnedAt: 3 },
 * ]);
 * console.log(verdict.kind); // => violation
 * ```
 *
 * @throws RangeError if an operation returns before it is called, or a time is not a number.
 */
export function checkLinearizability<State, Input, Output>(
  model: Model<State, Input, Output>,
  // The model says what calls are; texts in a history would widen it.
  history: readonly Operation<NoInfer<Input>, NoInfer<Output>>[],
  { stepsMax = 5_000_000 }: LinearizabilityOptions = {},
): Linearizability<Input, Output> {
  const searches = partitionsOf(model, history).map(([name, operations]) => ({
    name,
    search: new Search(model, operations),
  }));
  searches.sort((left, right) => left.search.operations.length - right.search.operations.length);
  let open = searches;
  let steps = 0;
  while (open.length > 0) {
    for (const { name, search } of open) {
      const before = search.steps;
      search.run(Math.min(sliceSteps, stepsMax - steps));
      steps += search.steps - before;
      if (search.state !== "impossible") continue;
      const { operations, longest } = search;
      return { kind: "violation", steps, partition: name, operations, longest };
    }
    open = open.filter(({ search }) => search.state === "running");
    if (steps >= stepsMax && open.length > 0) {
      return { kind: "unknown", steps, undecided: open.map(({ name }) => name) };
    }
  }
  return { kind: "ok", steps };
}

function partitionsOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): readonly (readonly [string, readonly Operation<Input, Output>[]])[] {
  const parts = new Map<string, Operation<Input, Output>[]>();
  for (const operation of history) {
    refuseImpossibleTimes(operation);
    const name = model.partition?.(operation.input) ?? "";
    const part = parts.get(name);
    if (part === undefined) parts.set(name, [operation]);
    else part.push(operation);
  }
  return [...parts];
}

function refuseImpossibleTimes<Input, Output>(operation: Operation<Input, Output>): void {
  const { process, calledAt } = operation;
  const returnedAt = isFinished(operation) ? operation.returnedAt : calledAt;
  if (returnedAt >= calledAt) return;
  throw new RangeError(`an operation of process ${process} is called at ${calledAt} and returns at ${returnedAt}`);
}
