/** About 50 microseconds of an event loop that has nothing else to do. */
const turnsMax = 32;
const pauseMax = 1024;

/**
 * Keeps the event loop awake for a moment after a lone request. On a machine that is otherwise idle, to be woken takes
 * longer than a server nearby takes to answer, so that a caller who awaits one call after another waits twice as long as he
 * needs to. Where answers take longer than that moment, it is tried ever more rarely: once in 1,024 requests in the end.
 */
export class ShortWait {
  /** Whether exactly one request is under way: of many, answers are cheaper when they come together. */
  readonly #isLone: () => boolean;
  #turnsLeft = 0;
  #isTurning = false;
  /** Requests that are sent without a wait after the next one in vain. */
  #pause = 1;
  #pauseLeft = 0;

  constructor(isLone: () => boolean) {
    this.#isLone = isLone;
  }

  /** A request has left. */
  begin(): void {
    if (!this.#isLone()) return;
    if (this.#pauseLeft > 0) {
      this.#pauseLeft -= 1;
      return;
    }
    this.#turnsLeft = turnsMax;
    if (this.#isTurning) return;
    this.#isTurning = true;
    // Others may follow in the same turn.
    process.nextTick(this.#turn);
  }

  /** An answer came. */
  end(): void {
    if (this.#turnsLeft > 0) this.#pause = 1;
    this.#turnsLeft = 0;
  }

  readonly #turn = (): void => {
    if (this.#turnsLeft > 1 && this.#isLone()) {
      this.#turnsLeft -= 1;
      setImmediate(this.#turn);
      return;
    }
    const isInVain = this.#turnsLeft === 1;
    this.#isTurning = false;
    this.#turnsLeft = 0;
    if (!isInVain) return;
    this.#pauseLeft = this.#pause;
    this.#pause = Math.min(pauseMax, this.#pause * 2);
  };
}
