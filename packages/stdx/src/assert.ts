/** A programmer's error: something that must always hold did not. Never caught inside Tutti. */
export class InvariantError extends Error {
  override readonly name: string = "InvariantError";
}

/** Checks an invariant, in production too. `truth` states what should hold, not what went wrong. */
export function assert(condition: boolean, truth: string): asserts condition {
  if (!condition) throw new InvariantError(truth);
}
