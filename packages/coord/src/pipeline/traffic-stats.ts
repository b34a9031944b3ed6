/** Counts of one connection or of a whole server, as the words `stat`, `srvr`, `cons` and `mntr` show them. */
export class TrafficStats {
  received = 0;
  sent = 0;
  #latencyCount = 0;
  #latencySumMs = 0;
  #latencyMinMs = 0;
  #latencyMaxMs = 0;

  get latencyMinMs(): number {
    return this.#latencyMinMs;
  }

  get latencyMaxMs(): number {
    return this.#latencyMaxMs;
  }

  get latencyAverageMs(): number {
    return this.#latencyCount === 0 ? 0 : this.#latencySumMs / this.#latencyCount;
  }

  answered(latencyMs: number): void {
    const ms = Math.max(0, Math.round(latencyMs));
    this.#latencyMinMs = this.#latencyCount === 0 ? ms : Math.min(this.#latencyMinMs, ms);
    this.#latencyMaxMs = Math.max(this.#latencyMaxMs, ms);
    this.#latencySumMs += ms;
    this.#latencyCount += 1;
  }

  reset(): void {
    this.received = 0;
    this.sent = 0;
    this.#latencyCount = 0;
    this.#latencySumMs = 0;
    this.#latencyMinMs = 0;
    this.#latencyMaxMs = 0;
  }
}
