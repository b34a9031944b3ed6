import { isFinished, type Model, type Operation } from "./history.ts";

/** One end of an operation in the doubly linked list of events, in the order of time. */
interface Event {
  readonly operation: number;
  /** The matching return of a call; undefined for a return, and for a call whose end is unknown. */
  readonly end: Event | undefined;
  readonly isCall: boolean;
  previous: Event | undefined;
  next: Event | undefined;
}

export type SearchState = "running" | "linearizable" | "impossible";

/**
 * The algorithm of Wing and Gong (1993) with Lowe's memory of visited configurations (2017): try to let each call that
 * is minimal in real time take effect, go back when none can, and never visit the same (set of operations, state) twice.
 * It can be stopped after any number of steps and goes on from there.
 */
export class Search<State, Input, Output> {
  readonly operations: readonly Operation<Input, Output>[];
  state: SearchState = "running";
  steps = 0;
  /** The longest order of operations found to be possible, as indices: where a picture shows the end of reason. */
  longest: readonly number[] = [];
  readonly #model: Model<State, Input, Output>;
  readonly #head: Event;
  readonly #stack: { readonly event: Event; readonly before: State }[] = [];
  readonly #visited: Set<string> = new Set<string>();
  readonly #done: Uint16Array;
  #finishedLeft: number;
  #current: State;
  #at: Event | undefined;

  constructor(model: Model<State, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    this.#model = model;
    this.operations = operations;
    this.#done = new Uint16Array(Math.ceil(operations.length / 16));
    this.#finishedLeft = operations.filter(isFinished).length;
    this.#current = model.initial;
    this.#head = linkEvents(operations);
    this.#at = this.#head.next;
  }

  run(stepsMax: number): void {
    for (let left = stepsMax; left > 0 && this.state === "running"; left -= 1) {
      this.steps += 1;
      if (this.#finishedLeft === 0) {
        // Those whose end is unknown need not have happened.
        this.state = "linearizable";
        this.longest = this.#order();
      } else if (this.#at?.isCall === true) this.#tryCall(this.#at);
      else this.#goBack();
    }
  }

  #tryCall(event: Event): void {
    const operation = this.operations[event.operation];
    if (operation === undefined) return;
    const output = isFinished(operation) ? operation.output : undefined;
    const stepped = this.#model.step(this.#current, operation.input, output);
    if (stepped !== undefined) {
      this.#flip(event.operation);
      const configuration = `${String.fromCharCode(...this.#done)}|${this.#model.identify(stepped.next)}`;
      if (!this.#visited.has(configuration)) {
        this.#visited.add(configuration);
        this.#stack.push({ event, before: this.#current });
        this.#current = stepped.next;
        unlink(event);
        if (event.end !== undefined) unlink(event.end);
        if (isFinished(operation)) this.#finishedLeft -= 1;
        if (this.#stack.length > this.longest.length) this.longest = this.#order();
        this.#at = this.#head.next;
        return;
      }
      this.#flip(event.operation);
    }
    this.#at = event.next;
  }

  /** A return was reached whose call has not taken effect, or the end of the list: the last choice was wrong. */
  #goBack(): void {
    const last = this.#stack.pop();
    if (last === undefined) {
      this.state = "impossible";
      return;
    }
    const { event, before } = last;
    this.#current = before;
    this.#flip(event.operation);
    if (event.end !== undefined) {
      relink(event.end);
      this.#finishedLeft += 1;
    }
    relink(event);
    this.#at = event.next;
  }

  #flip(operation: number): void {
    const word = operation >>> 4;
    this.#done[word] = (this.#done[word] ?? 0) ^ (1 << (operation & 15));
  }

  #order(): readonly number[] {
    return this.#stack.map(({ event }) => event.operation);
  }
}

function unlink(event: Event): void {
  if (event.previous !== undefined) event.previous.next = event.next;
  if (event.next !== undefined) event.next.previous = event.previous;
}

/** Puts an event back between the neighbours that it had: right only in the reverse order of unlinking. */
function relink(event: Event): void {
  if (event.previous !== undefined) event.previous.next = event;
  if (event.next !== undefined) event.next.previous = event;
}

/** Calls come before returns of the same time: two calls that only touch are taken as concurrent. */
function linkEvents<Input, Output>(operations: readonly Operation<Input, Output>[]): Event {
  const blank = { previous: undefined, next: undefined };
  const timed: { readonly time: number; readonly event: Event }[] = [];
  for (const [index, operation] of operations.entries()) {
    const end: Event | undefined = isFinished(operation)
      ? { operation: index, end: undefined, isCall: false, ...blank }
      : undefined;
    timed.push({ time: operation.calledAt, event: { operation: index, end, isCall: true, ...blank } });
    if (end !== undefined && isFinished(operation)) timed.push({ time: operation.returnedAt, event: end });
  }
  timed.sort((left, right) => left.time - right.time || Number(right.event.isCall) - Number(left.event.isCall));
  const head: Event = { operation: -1, end: undefined, isCall: false, ...blank };
  let last = head;
  for (const { event } of timed) {
    event.previous = last;
    last.next = event;
    last = event;
  }
  return head;
}
