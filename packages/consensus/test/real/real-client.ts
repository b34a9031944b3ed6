import type { Prng } from "@tutti/stdx";
import type { Answer, Call, Outcome } from "./answer-calls.ts";
import type { RealEnsemble } from "./real-ensemble.ts";
import { fromJson, type Kept, type SwapInput } from "./swap-machine.ts";

/** One call, as its client saw it. */
export interface RealOperation {
  readonly client: number;
  readonly input: SwapInput;
  readonly calledAt: number;
  /** Infinite where nobody knows how it ended. */
  readonly returnedAt: number;
  readonly outcome: "done" | "lost" | "unknown";
  /** Of what is done: its place in the log; for a read, how far the member was that answered. */
  readonly position: bigint;
  /** What was replaced, or read. */
  readonly found: Kept | undefined;
}

export interface RealClientOptions {
  readonly client: number;
  readonly prng: Prng;
  readonly ensemble: RealEnsemble;
  /** A number that grows with every use, shared by all clients: their one clock. */
  readonly turn: () => number;
  readonly isOver: () => boolean;
}

const keyCount = 5;
const attemptsMax = 4;
/** A stopped process keeps its channel. */
const answerMsMax = 4000;
const unknown: Outcome = { kind: "unknown" };

/** Calls one member after another, one call at a time; a swap whose end it does not know it may ask for again, by its name. */
export class RealClient {
  readonly operations: RealOperation[] = [];
  readonly #options: RealClientOptions;
  #sequence = 0;

  constructor(options: RealClientOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    while (!this.#options.isOver()) await this.#callOnce();
  }

  async #callOnce(): Promise<void> {
    const { client, prng, turn } = this.#options;
    this.#sequence += 1;
    const key = `k${prng.nextBelow(keyCount)}`;
    const isRead = prng.nextUnit() < 0.3;
    const input: SwapInput = isRead
      ? { kind: "read", key }
      : { kind: "swap", key, value: `${client}.${this.#sequence}` };
    const isPatient = prng.nextUnit() < 0.7;
    const calledAt = turn();
    let outcome = await this.#ask(input);
    for (let attempt = 1; attempt < attemptsMax && isPatient && outcome.kind === "unknown"; attempt += 1) {
      outcome = await this.#ask(input);
    }
    const end = turn();
    this.operations.push({
      client,
      input,
      calledAt,
      returnedAt: outcome.kind === "unknown" ? Number.POSITIVE_INFINITY : end,
      outcome: outcome.kind,
      position: outcome.kind === "done" ? BigInt(outcome.position) : 0n,
      found: outcome.kind === "done" && outcome.found !== null ? fromJson(outcome.found) : undefined,
    });
  }

  async #ask(input: SwapInput): Promise<Outcome> {
    const { ensemble, prng, client } = this.#options;
    const id = ensemble.ids[prng.nextBelow(ensemble.ids.length)] as number;
    // Clients of their own names each: those of the replicas are drawn at random.
    const request = { client: String(client + 1), sequence: this.#sequence };
    return askMember(ensemble, id, { input, request });
  }
}

let calls = 0;

/** Asks a member, and says `unknown` when it is gone or silent. */
export async function askMember(ensemble: RealEnsemble, id: number, asked: Omit<Call, "call">): Promise<Outcome> {
  const child = ensemble.child(id);
  if (child === undefined || !child.connected) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return unknown;
  }
  calls += 1;
  const call = calls;
  return new Promise((resolve) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(outcome);
    };
    const onMessage = (message: unknown): void => {
      const answer = message as Answer;
      if (answer.call === call) end(answer.outcome);
    };
    const onExit = (): void => end(unknown);
    const timer = setTimeout(onExit, answerMsMax);
    child.setMaxListeners(0);
    child.on("message", onMessage);
    child.once("exit", onExit);
    child.send({ call, ...asked }, (error) => {
      if (error !== null) end(unknown);
    });
  });
}
