import type { Prng } from "@tutti/stdx";
import type { NodeId } from "../core/entry.ts";
import type { CoreStatus } from "../core/replica-core.ts";
import { recover, type Recovery } from "../log/recover.ts";
import type { Victim } from "./nemesis.ts";
import type { EndKind, SimHost } from "./sim-host.ts";
import type { SimWorld } from "./sim-world.ts";

export interface VictimOptions {
  readonly id: NodeId;
  readonly world: SimWorld;
  readonly chance: Prng;
}

/** A machine with a replica on it, as the nemesis sees it. */
export abstract class SimVictim implements Victim {
  readonly id: NodeId;
  readonly #options: VictimOptions;
  #isTrusted = false;
  /** Something on its disk was damaged on purpose, and nobody has looked since. */
  #isDamaged = false;
  #damageCount = 0;

  constructor(options: VictimOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** Of its replica, while there is one. */
  abstract get status(): CoreStatus | undefined;

  /** Its process has ended. */
  abstract ended(): void;

  get host(): SimHost {
    return this.#options.world.host(this.id);
  }

  get isUp(): boolean {
    return this.host.isUp;
  }

  get isTrusted(): boolean {
    return this.#isTrusted && !this.#isDamaged;
  }

  /** How often its disk was damaged. */
  get damageCount(): number {
    return this.#damageCount;
  }

  get pendingWrites(): number {
    return this.host.openCalls;
  }

  start(): void {
    this.#options.world.start(this.id);
  }

  crash(): void {
    this.end(this.#options.chance.nextUnit() < 0.3 ? "kill" : "power");
  }

  end(kind: EndKind): void {
    this.#options.world.end(this.id, kind);
    this.ended();
  }

  /** Its replica was stopped by its disk: whoever looks after it starts it again. */
  stoppedByDisk(): void {
    const { world, chance } = this.#options;
    this.end("kill");
    world.queue.at(world.nowMs + 20 + chance.nextBelow(300), () => this.start());
  }

  pause(durationMs: number): void {
    this.host.stop(durationMs, false);
  }

  wipe(): void {
    this.host.wipe();
    this.ended();
    this.#isTrusted = false;
    this.#isDamaged = false;
  }

  mend(): void {
    this.host.isFull = false;
    this.host.isSyncBroken = false;
    this.host.slow = { untilMs: 0, factor: 1 };
    this.host.endAtCall(Number.POSITIVE_INFINITY, () => undefined);
  }

  /** Something on its disk was changed by other means than its replica. */
  damaged(): void {
    this.#isDamaged = true;
    this.#damageCount += 1;
  }

  /** What its disk would be found to hold if the power went now. */
  recovered(): Promise<Recovery> {
    return recover(this.host.disk.durable(), this.id, { accepted: 0, current: 0, voting: false });
  }

  /** Whether its disk has the vote, and all that belongs to it: asked again until it does. */
  async lookAtDisk(): Promise<void> {
    if (this.isTrusted) return;
    const { state, report } = await this.recovered();
    this.#isTrusted = state.epochs.voting;
    if (report.damage === undefined && state.epochs.voting) this.#isDamaged = false;
  }
}
