import type { Prng } from "@tutti/stdx";
import type { NodeId } from "../core/entry.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import type { Transport } from "../ports/transport.ts";
import type { EventQueue } from "./event-queue.ts";

/** One life of a simulated process, and all that it has of the world. What it leaves undone when it dies stays undone. */
export interface SimProcess {
  readonly id: NodeId;
  /** Counted from 1. */
  readonly life: number;
  readonly isAlive: boolean;
  readonly storage: Disk;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Something comes from outside, a client's bytes for example: it runs when the process does, and never after its end. */
  turn(run: () => void): void;
}

/** What a process waits for: a timer of its own, or something that comes from outside. */
export type TurnKind = "timer" | "input";

export interface ProcessOptions {
  readonly id: NodeId;
  readonly life: number;
  readonly queue: EventQueue;
  /** For names, and for how fast its clock runs. */
  readonly chance: Prng;
  readonly wall: WallClock;
  /** Called before anything of this process runs. */
  readonly onTurn: () => void;
}

/** What one machine believes of the time. It outlives its processes. */
export interface WallClock {
  offsetMs: number;
  /** Virtual milliseconds for one of its own. */
  readonly pace: number;
}

interface Turn {
  readonly kind: TurnKind;
  readonly run: () => void;
}

const epochMs = 1_700_000_000_000;

/** Gives a process its turns: in order of arrival, none while it is stopped, and none after its end. */
export class ProcessTurns {
  readonly clock: Clock;
  readonly #options: ProcessOptions;
  #isAlive = true;
  #stoppedUntilMs = 0;
  #waiting: Turn[] = [];
  #callsLeft = Number.POSITIVE_INFINITY;
  #onCallsOver: () => void = () => undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
    const { queue, chance, wall } = options;
    this.clock = {
      nowMs: () => Math.floor(epochMs + wall.offsetMs + queue.now / wall.pace),
      after: (delayMs, run) => this.#after(delayMs * wall.pace, run),
      every: (intervalMs, run) => this.#every(intervalMs * wall.pace, run),
      soon: (run) => void this.#after(0, run),
      drawName: () => (BigInt(chance.nextUint32()) << 32n) | BigInt(chance.nextUint32() | 1),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  end(): void {
    this.#isAlive = false;
    this.#waiting = [];
  }

  /**
   * Nothing of it runs for so long. Of what waited meanwhile, all in order of arrival; or the timers first, which is what
   * an event loop does that was kept from turning.
   */
  stop(durationMs: number, timersFirst: boolean): void {
    const { queue } = this.#options;
    const untilMs = queue.now + durationMs;
    if (untilMs <= this.#stoppedUntilMs) return;
    this.#stoppedUntilMs = untilMs;
    queue.at(untilMs, () => {
      if (queue.now < this.#stoppedUntilMs) return;
      if (timersFirst) {
        const isTimer = ({ kind }: Turn): boolean => kind === "timer";
        this.#waiting = [...this.#waiting.filter(isTimer), ...this.#waiting.filter((turn) => !isTimer(turn))];
      }
      this.#resume();
    });
  }

  turn(kind: TurnKind, run: () => void): void {
    if (!this.#isAlive) return;
    if (this.#waiting.length > 0 || this.#options.queue.now < this.#stoppedUntilMs) this.#waiting.push({ kind, run });
    else this.#run(run);
  }

  /** Its machine loses power at its so-many-th call of a port from now. */
  endAtCall(count: number, end: () => void): void {
    this.#callsLeft = count;
    this.#onCallsOver = end;
  }

  /** Whether a call of a port has any effect. */
  mayCall(): boolean {
    if (!this.#isAlive) return false;
    this.#callsLeft -= 1;
    if (this.#callsLeft === 0) this.#onCallsOver();
    return this.#isAlive;
  }

  #run(run: () => void): void {
    this.#options.onTurn();
    run();
  }

  /** One turn an event: promises are followed in between. */
  #resume(): void {
    const { queue } = this.#options;
    if (queue.now < this.#stoppedUntilMs) return;
    const next = this.#waiting[0];
    if (next === undefined) return;
    this.#run(next.run);
    this.#waiting.shift();
    if (this.#waiting.length > 0) queue.at(queue.now, () => this.#resume());
  }

  #after(delayMs: number, run: () => void): () => void {
    let isWanted = true;
    this.#options.queue.at(this.#options.queue.now + delayMs, () => {
      if (isWanted) this.turn("timer", () => isWanted && run());
    });
    return () => {
      isWanted = false;
    };
  }

  #every(intervalMs: number, run: () => void): () => void {
    const { queue } = this.#options;
    let isWanted = true;
    let isDue = false;
    const next = (): void => {
      queue.at(queue.now + intervalMs, () => {
        if (!isWanted || !this.#isAlive) return;
        if (!isDue) {
          isDue = true;
          this.turn("timer", () => {
            isDue = false;
            if (isWanted) run();
          });
        }
        next();
      });
    };
    next();
    return () => {
      isWanted = false;
    };
  }
}

/** A disk as one life of a process sees it: no call has an effect after its end, and every answer comes in a turn. */
export function diskOf(turns: ProcessTurns, disk: Disk, onCall: (change: number) => void): Disk {
  const call = <Value>(begin: () => Promise<Value>): Promise<Value> => {
    if (!turns.mayCall()) return new Promise(() => undefined);
    onCall(1);
    return new Promise<Value>((resolve, reject) => {
      const end = (settle: () => void): void => {
        turns.turn("input", () => {
          onCall(-1);
          settle();
        });
      };
      begin().then(
        (value) => end(() => resolve(value)),
        (error: unknown) => end(() => reject(error as Error)),
      );
    });
  };
  const fileOf = (file: DiskFile): DiskFile => ({
    write: (bytes, offset) => call(() => file.write(bytes, offset)),
    sync: () => call(() => file.sync()),
    close: () => call(() => file.close()),
  });
  return {
    list: () => call(() => disk.list()),
    read: (name) => call(() => disk.read(name)),
    open: (name) => call(async () => fileOf(await disk.open(name))),
    rename: (source, target) => call(() => disk.rename(source, target)),
    remove: (name) => call(() => disk.remove(name)),
    syncDirectory: () => call(() => disk.syncDirectory()),
  };
}
