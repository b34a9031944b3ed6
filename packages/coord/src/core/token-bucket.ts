export interface TokenBucketOptions {
  /** How much may come at once. */
  readonly tokensMax: number;
  readonly fillIntervalMs: number;
  /** How many tokens come back in each interval. */
  readonly fillCount: number;
}

/** Lets through a burst, and on average no more than a rate. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #filledMs: number;

  constructor(options: TokenBucketOptions, nowMs: number) {
    this.#options = options;
    this.#tokens = options.tokensMax;
    this.#filledMs = nowMs;
  }

  take(nowMs: number): boolean {
    const { tokensMax, fillIntervalMs, fillCount } = this.#options;
    const intervals = Math.floor((nowMs - this.#filledMs) / fillIntervalMs);
    if (intervals > 0) {
      this.#tokens = Math.min(tokensMax, this.#tokens + intervals * fillCount);
      this.#filledMs += intervals * fillIntervalMs;
    }
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
