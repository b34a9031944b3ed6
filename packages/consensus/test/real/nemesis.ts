import type { Prng } from "@tutti/stdx";
import type { RealEnsemble } from "./real-ensemble.ts";

/** Torments real processes: one fault after another, each healed before the next. */
export class RealNemesis {
  readonly counts: Record<string, number> = {};
  readonly #ensemble: RealEnsemble;
  readonly #prng: Prng;
  readonly #tell: (line: string) => void;

  constructor(ensemble: RealEnsemble, prng: Prng, tell: (line: string) => void) {
    this.#ensemble = ensemble;
    this.#prng = prng;
    this.#tell = tell;
  }

  async step(): Promise<void> {
    const faults = [
      ["kill", () => this.#kill([this.#anyone()])],
      ["kill", () => this.#kill([this.#anyone()])],
      ["kill all", () => this.#kill(this.#ensemble.ids)],
      ["stop", () => this.#stop()],
      ["cut", () => this.#cut("both")],
      ["one-way cut", () => this.#cut("fromDialers")],
      ["isolate", () => this.#isolate()],
    ] as const;
    const [name, fault] = faults[this.#prng.nextBelow(faults.length)] as (typeof faults)[number];
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    await fault();
    await this.#wait(200, 1000);
  }

  #anyone(): number {
    return this.#ensemble.ids[this.#prng.nextBelow(this.#ensemble.ids.length)] as number;
  }

  async #wait(fromMs: number, toMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, fromMs + this.#prng.nextBelow(toMs - fromMs)));
  }

  async #kill(ids: readonly number[]): Promise<void> {
    this.#tell(`kill ${ids.join(", ")}`);
    await Promise.all(ids.map((id) => this.#ensemble.kill(id)));
    await this.#wait(0, 800);
    await Promise.all(ids.map((id) => this.#ensemble.start(id)));
  }

  async #stop(): Promise<void> {
    const id = this.#anyone();
    this.#tell(`stop ${id}`);
    this.#ensemble.setStopped(id, true);
    await this.#wait(200, 2000);
    this.#ensemble.setStopped(id, false);
  }

  async #cut(direction: "both" | "fromDialers"): Promise<void> {
    const left = this.#anyone();
    const right = (left % 3) + 1;
    this.#tell(`cut ${left} from ${right}, ${direction}`);
    this.#ensemble.cut(left, right, direction);
    await this.#wait(200, 2000);
    this.#ensemble.healLinks();
  }

  async #isolate(): Promise<void> {
    const id = this.#anyone();
    this.#tell(`isolate ${id}`);
    this.#ensemble.isolate(id);
    await this.#wait(200, 2000);
    this.#ensemble.healLinks();
  }
}
