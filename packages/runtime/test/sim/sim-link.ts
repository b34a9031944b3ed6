import { LinkError, type Link, type LinkListener } from "@tutti/link";
import type { VirtualTime } from "./virtual-time.ts";

/** Both ends of a link, and how it breaks. */
export interface LinkPair {
  readonly dialer: Link;
  readonly acceptor: Link;
  /** Nothing passes from now on; each side hears of it some time later. */
  cut(): void;
}

export interface LinkSpy {
  /** Told even of what nobody will receive. */
  sent(frame: Uint8Array): void;
  taken(frame: Uint8Array): void;
  down(): void;
}

interface LinkPairParts {
  readonly time: VirtualTime;
  /** What the dialer says of itself. */
  readonly about: Readonly<Record<string, string>>;
  /** Sees what the acceptor does. */
  readonly spy: LinkSpy;
  /** How long a frame, or the news of an end, takes. */
  readonly delayMs: () => number;
}

class End implements Link {
  readonly peer;
  readonly remoteName = "simulated";
  readonly unsentBytes = 0;
  readonly #parts: LinkPairParts;
  readonly #isCut: () => boolean;
  readonly #spy: LinkSpy | undefined;
  #other: End | undefined;
  #listener: LinkListener | undefined;
  #isDown = false;
  /** Frames keep their order. */
  #lastAtMs = 0;

  constructor(
    parts: LinkPairParts,
    { about, spy, isCut }: { about: Readonly<Record<string, string>>; spy: LinkSpy | undefined; isCut: () => boolean },
  ) {
    this.#parts = parts;
    this.#spy = spy;
    this.peer = { protocol: "tutti-cluster", version: 1, cluster: "", node: "simulated", about };
    this.#isCut = isCut;
  }

  join(other: End): void {
    this.#other = other;
  }

  listen(listener: LinkListener): void {
    this.#listener = listener;
  }

  send(frame: Uint8Array): void {
    this.#spy?.sent(frame);
    if (this.#isDown || this.#isCut()) return;
    this.#afterAll(() => this.#other?.take(frame));
  }

  take(frame: Uint8Array): void {
    if (this.#isDown || this.#isCut()) return;
    this.#spy?.taken(frame);
    this.#listener?.frame(frame);
  }

  close(): void {
    this.#afterAll(() => {
      this.down();
      this.#other?.down();
    });
  }

  destroy(): void {
    if (this.#isDown) return;
    this.#parts.time.after(this.#parts.delayMs(), () => this.#other?.down());
    this.down();
  }

  down(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#spy?.down();
    this.#listener?.down(new LinkError("silent", "the simulated link is down"));
  }

  #afterAll(run: () => void): void {
    const { time, delayMs } = this.#parts;
    this.#lastAtMs = Math.max(this.#lastAtMs, time.now() + delayMs());
    time.after(this.#lastAtMs - time.now(), run);
  }
}

export function createLinkPair(parts: LinkPairParts): LinkPair {
  let isCut = false;
  const dialer = new End(parts, { about: {}, spy: undefined, isCut: () => isCut });
  const acceptor = new End(parts, { about: parts.about, spy: parts.spy, isCut: () => isCut });
  dialer.join(acceptor);
  acceptor.join(dialer);
  return {
    dialer,
    acceptor,
    cut() {
      isCut = true;
      for (const end of [dialer, acceptor]) parts.time.after(parts.delayMs() * 3, () => end.down());
    },
  };
}
