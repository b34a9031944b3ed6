import { ConsensusError, type Replica } from "../../src/index.ts";
import { type KeptJson, type SwapInput, type SwapMachine, toJson } from "./swap-machine.ts";

/** What a client asks a member, by IPC. */
export interface Call {
  readonly call: number;
  readonly input: SwapInput;
  /** The name of a swap, which is the same when it is asked for again. */
  readonly request: { readonly client: string; readonly sequence: number };
}

export type Outcome =
  /** `found`: what was replaced or read; `position`: of the swap, or how far this member had applied when it read. */
  | { readonly kind: "done"; readonly position: string; readonly found: KeptJson | null }
  /** It was not applied, and never will be. */
  | { readonly kind: "lost" }
  | { readonly kind: "unknown" };

export interface Answer {
  readonly call: number;
  readonly outcome: Outcome;
}

const callTimeoutMs = 3000;

/** Answers what the parent asks this process. */
export function answerCalls(replica: Replica, machine: SwapMachine): void {
  process.on("message", (message) => {
    const { call, input, request } = message as Call;
    void outcomeOf(replica, machine, { input, request }).then((outcome) => process.send?.({ call, outcome }));
  });
}

async function outcomeOf(
  replica: Replica,
  machine: SwapMachine,
  { input, request }: Omit<Call, "call">,
): Promise<Outcome> {
  try {
    if (input.kind === "read") {
      return await replica.read(
        (): Outcome => {
          const found = machine.get(input.key);
          const position = String(replica.status().applied);
          return { kind: "done", position, found: found === undefined ? null : toJson(found) };
        },
        { timeoutMs: callTimeoutMs },
      );
    }
    const { key, value } = input;
    const { position, answer } = await replica.propose(Buffer.from(JSON.stringify({ key, value })), {
      timeoutMs: callTimeoutMs,
      request: { client: BigInt(request.client), sequence: request.sequence },
    });
    const found = JSON.parse(Buffer.from(answer).toString()) as KeptJson | null;
    return { kind: "done", position: String(position), found };
  } catch (thrown) {
    return { kind: thrown instanceof ConsensusError && thrown.code === "proposal-lost" ? "lost" : "unknown" };
  }
}
