import type { WatchedChange } from "./session.ts";

/** Changes on their way to one reader. Bounded: what does not fit becomes one `resync`. */
export class ChangeQueue {
  readonly #path: string;
  readonly #countMax: number;
  #changes: WatchedChange[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(path: string, countMax: number) {
    this.#path = path;
    this.#countMax = countMax;
  }

  push(change: WatchedChange): void {
    if (this.#changes.length >= this.#countMax) this.#changes = [{ type: "resync", path: this.#path }];
    else this.#changes.push(change);
    this.#wake?.();
  }

  /** Nothing more comes: the reader ends after what is there, or fails with the error. */
  end(error?: Error): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *read(): AsyncGenerator<WatchedChange, void> {
    for (;;) {
      const changes = this.#changes;
      this.#changes = [];
      yield* changes;
      if (this.#changes.length > 0) continue;
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
