import type { SimWorld } from "@tutti/consensus/sim";
import { assert } from "@tutti/stdx";
import type { ByteChannel } from "../../src/ports/byte-channel.ts";
import { decodeConnectResponse, encodeConnectRequest } from "../../src/protocol/connect.ts";
import { FrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { xids } from "../../src/protocol/opcodes.ts";
import type { ConnectRequest, ConnectResponse } from "../../src/protocol/records.ts";
import { encodeRequest, type Request } from "../../src/protocol/requests.ts";
import { ConnectionWitness, type SeenAnswer } from "./connection-witness.ts";
import type { Judge } from "./judge.ts";

/** Who has a connection, and hears of it. */
export interface ConnectionOwner {
  opened(response: ConnectResponse): void;
  /** The session is over, says the server. */
  expired(): void;
  closed(): void;
  answered(answer: SeenAnswer): void;
}

interface ConnectionOptions {
  readonly world: SimWorld;
  readonly judge: Judge;
  readonly serverId: number;
  readonly channel: ByteChannel;
  readonly greeting: ConnectRequest;
  readonly owner: ConnectionOwner;
}

/** One connection of a session that says exactly what it is told. */
export class SimConnection {
  readonly serverId: number;
  readonly witness: ConnectionWitness;
  heardMs: number;
  sentMs: number;
  readonly #options: ConnectionOptions;
  readonly #sentMs = new WeakMap<Request, number>();
  readonly #decoder = new FrameDecoder(1 << 24);
  #phase: "connecting" | "open" | "closed" = "connecting";

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { world, judge, serverId, channel, greeting } = options;
    this.serverId = serverId;
    this.witness = new ConnectionWitness({ judge, nowMs: () => world.nowMs, serverId, greeting });
    this.heardMs = world.nowMs;
    this.sentMs = world.nowMs;
    channel.open({
      opened: () => channel.send(encodeConnectRequest(greeting)),
      bytes: (chunk) => this.#checked(() => this.#take(chunk)),
      closed: () => this.#checked(() => this.#closed()),
    });
  }

  get isOpen(): boolean {
    return this.#phase === "open";
  }

  get isClosed(): boolean {
    return this.#phase === "closed";
  }

  ask(xid: number, request: Request): void {
    this.witness.asked(xid, request);
    this.sentMs = this.#options.world.nowMs;
    this.#sentMs.set(request, this.sentMs);
    this.#options.channel.send(encodeRequest(xid, request));
  }

  /** When a request was sent. */
  sentMsOf(request: Request): number {
    return this.#sentMs.get(request) ?? 0;
  }

  ping(): void {
    this.ask(xids.ping, { type: "ping" });
  }

  /** Whoever has it hangs up, and hears no more of it. */
  destroy(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#checked(() => this.witness.ended());
    this.#options.channel.destroy();
  }

  #closed(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.witness.ended();
    this.#options.owner.closed();
  }

  #take(chunk: Uint8Array): void {
    this.heardMs = this.#options.world.nowMs;
    this.#decoder.push(chunk.slice());
    for (let step = this.#decoder.next(); step.kind !== "partial"; step = this.#decoder.next()) {
      assert(step.kind === "frame", "a server sends frames");
      if (this.#phase === "connecting") this.#greeted(decodeConnectResponse(step.payload));
      else if (this.#phase === "open") {
        const answer = this.witness.came(step.payload);
        if (answer !== undefined) this.#options.owner.answered(answer);
      }
    }
  }

  #greeted(response: ConnectResponse): void {
    const { owner } = this.#options;
    this.witness.greeted(response);
    this.#phase = response.timeoutMs === 0 ? "closed" : "open";
    if (this.#phase === "open") owner.opened(response);
    else owner.expired();
  }

  /** What is thrown in a simulated event ends the run. */
  #checked(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#options.world.fail(thrown);
    }
  }
}
