import type { Socket } from "node:net";

/** One direction of a connection: bytes leave in their order, each as late as it was told when it came. */
export class Lane {
  readonly #source: Socket;
  readonly #sink: Socket;
  #waiting: { readonly bytes: Uint8Array; readonly dueMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, sink: Socket) {
    this.#source = source;
    this.#sink = sink;
    sink.on("drain", () => source.resume());
    sink.on("close", () => this.drop());
  }

  pass(bytes: Uint8Array, delayMs: number): void {
    if (delayMs === 0 && this.#waiting.length === 0) {
      this.#write(bytes);
      return;
    }
    const lastMs = this.#waiting.at(-1)?.dueMs ?? 0;
    this.#waiting.push({ bytes, dueMs: Math.max(lastMs, performance.now() + delayMs) });
    this.#arm();
  }

  /** What has not left yet never will. */
  drop(): void {
    this.#waiting = [];
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        const nowMs = performance.now();
        while ((this.#waiting[0]?.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
          const due = this.#waiting.shift();
          if (due !== undefined) this.#write(due.bytes);
        }
        this.#arm();
      },
      Math.max(1, first.dueMs - performance.now()),
    );
  }

  #write(bytes: Uint8Array): void {
    if (this.#sink.destroyed) return;
    if (!this.#sink.write(bytes)) this.#source.pause();
  }
}
