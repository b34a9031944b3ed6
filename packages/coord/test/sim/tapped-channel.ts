import type { SimWorld } from "@tutti/consensus/sim";
import { assert } from "@tutti/stdx";
import type { ByteChannel, ByteChannelListener } from "../../src/ports/byte-channel.ts";
import { decodeConnectRequest, decodeConnectResponse } from "../../src/protocol/connect.ts";
import { FrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { JuteReader } from "../../src/protocol/jute-reader.ts";
import { requestTypeOf } from "../../src/protocol/opcodes.ts";
import { requestHeaderCodec } from "../../src/protocol/records.ts";
import { decodeRequestBody } from "../../src/protocol/requests.ts";
import { ConnectionWitness } from "./connection-witness.ts";
import type { Judge } from "./judge.ts";

interface TapOptions {
  readonly world: SimWorld;
  readonly judge: Judge;
  readonly serverId: number;
  readonly line: ByteChannel;
}

const frameBytesMax = 1 << 24;

/** A line with a witness who reads along in both directions. What comes is delivered in a turn that is followed to its end. */
export class TappedChannel implements ByteChannel {
  readonly #options: TapOptions;
  readonly #sent = new FrameDecoder(frameBytesMax);
  readonly #received = new FrameDecoder(frameBytesMax);
  #witness: ConnectionWitness | undefined;
  #isGreeted = false;
  #isOver = false;

  constructor(options: TapOptions) {
    this.#options = options;
  }

  open(listener: ByteChannelListener): void {
    const { world, line } = this.#options;
    const turn = (run: () => void): void => {
      world.after(0, () => {
        if (!this.#isOver) run();
      });
    };
    line.open({
      opened: () => turn(() => listener.opened()),
      bytes: (chunk) =>
        turn(() => {
          this.#came(chunk);
          listener.bytes(chunk.slice());
        }),
      closed: (cause) =>
        turn(() => {
          this.#end();
          listener.closed(cause);
        }),
    });
  }

  send(bytes: Uint8Array): void {
    for (const payload of framesOf(this.#sent, bytes)) this.#asked(payload);
    this.#options.line.send(bytes);
  }

  close(): void {
    this.destroy();
  }

  destroy(): void {
    this.#end();
    this.#options.line.destroy();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#witness?.ended();
  }

  #asked(payload: Uint8Array): void {
    if (this.#witness === undefined) {
      const { judge, world, serverId } = this.#options;
      const greeting = decodeConnectRequest(payload);
      this.#witness = new ConnectionWitness({ judge, nowMs: () => world.nowMs, serverId, greeting });
      return;
    }
    const reader = new JuteReader(payload.slice());
    const { xid, opcode } = requestHeaderCodec.read(reader);
    const type = requestTypeOf(opcode);
    assert(type !== undefined, "a client asks for what there is");
    this.#witness.asked(xid, decodeRequestBody(type, reader));
  }

  #came(chunk: Uint8Array): void {
    for (const payload of framesOf(this.#received, chunk)) {
      if (this.#isGreeted) this.#witness?.came(payload);
      else this.#witness?.greeted(decodeConnectResponse(payload));
      this.#isGreeted = true;
    }
  }
}

function* framesOf(decoder: FrameDecoder, bytes: Uint8Array): Generator<Uint8Array> {
  decoder.push(bytes.slice());
  for (let step = decoder.next(); step.kind !== "partial"; step = decoder.next()) {
    assert(step.kind === "frame", "both sides send frames");
    yield step.payload;
  }
}
