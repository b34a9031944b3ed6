import { AsyncLocalStorage } from "node:async_hooks";
import type { TaskNote } from "@tutti/runtime";

/**
 * A sum that tasks add to and the program reads. Functions may capture it and call `add`, on any executor.
 *
 * Each successful task counts once. A task runs again when a thread is lost or when an RDD is computed again: `sortBy`
 * reads its input twice, so what a `map` before it adds is added twice. Persist, or add in an action.
 */
export interface Accumulator<T> {
  /** In a task: kept until the task has succeeded. Elsewhere: at once. */
  readonly add: (value: T) => void;
  /** What the jobs that succeeded have added so far. In a task: what it was when the job started. */
  readonly value: () => T;
}

/** What the program keeps of an accumulator. */
export interface AccumulatorState {
  total: unknown;
  readonly merge: (left: unknown, right: unknown) => unknown;
}

type Totals = Map<string, unknown>;

/**
 * By a registered symbol on the global object, because `add` travels as text: on a thread it must find the store of that
 * thread, where it has no module around it.
 */
const storeName: unique symbol = Symbol.for("tutti.dataset.accumulators") as never;
const holder = globalThis as { [storeName]?: AsyncLocalStorage<Totals> };
const taskTotals: AsyncLocalStorage<Totals> = (holder[storeName] ??= new AsyncLocalStorage<Totals>());

export function createAccumulator<T>(id: string, states: Map<string, AccumulatorState>): Accumulator<T> {
  const state = states.get(id);
  if (state === undefined) throw new RangeError(`no accumulator has the id ${id}`);
  const { merge } = state;
  return {
    add(value) {
      const store = (globalThis as Record<symbol, unknown>)[Symbol.for("tutti.dataset.accumulators")];
      const totals = (store as AsyncLocalStorage<Totals> | undefined)?.getStore();
      if (totals === undefined) state.total = merge(state.total, value);
      else totals.set(id, totals.has(id) ? merge(totals.get(id), value) : value);
    },
    value: () => state.total as T,
  };
}

/** Runs a task and notes what it added. */
export async function withAccumulators<R extends object>(run: () => Promise<R>): Promise<R & { notes: TaskNote[] }> {
  const totals: Totals = new Map();
  const result = await taskTotals.run(totals, run);
  return { ...result, notes: [...totals] };
}

/** Adds what the tasks of a job noted. */
export function addNotes(notes: readonly TaskNote[], states: ReadonlyMap<string, AccumulatorState>): void {
  for (const [id, value] of notes) {
    const state = states.get(id);
    if (state !== undefined) state.total = state.merge(state.total, value);
  }
}
