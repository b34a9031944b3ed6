/**
 * One call of a client, as the client saw it. Times are of one clock that all clients share, in any unit; two calls are
 * ordered only if one returned strictly before the other was made.
 */
export type Operation<Input, Output> = FinishedOperation<Input, Output> | UnknownOperation<Input>;

/** A call whose answer the caller has seen. */
export interface FinishedOperation<Input, Output> {
  readonly process: number | string;
  readonly input: Input;
  readonly output: Output;
  readonly calledAt: number;
  readonly returnedAt: number;
}

/** Nobody knows how it ended: it may have taken effect at any time after the call, or never. */
export interface UnknownOperation<Input> {
  readonly process: number | string;
  readonly input: Input;
  readonly calledAt: number;
  readonly returnedAt?: undefined;
}

/** What a sequential object does. All functions are pure: a checker runs them many times over the same states. */
export interface Model<State, Input, Output> {
  readonly name: string;
  readonly initial: State;
  /**
   * The state after the call, or undefined when the output is impossible in `state`. `output` is undefined for a call
   * whose end is unknown: then any output will do.
   */
  step(state: State, input: Input, output: Output | undefined): { readonly next: State } | undefined;
  /** Equal states have equal texts and different states different ones. */
  identify(state: State): string;
  /** Names the part of the object that the call touches, where parts do not influence one another. Default: one part. */
  partition?(input: Input): string;
  /** For pictures. Default: JSON. */
  explain?(input: Input, output: Output | undefined): string;
}

export function isFinished<Input, Output>(
  operation: Operation<Input, Output>,
): operation is FinishedOperation<Input, Output> {
  return operation.returnedAt !== undefined;
}
