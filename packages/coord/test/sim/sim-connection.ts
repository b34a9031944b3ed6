import type { SimWorld } from "@tutti/consensus/sim";
import { assert } from "@tutti/stdx";
import type { ByteChannel } from "../../src/ports/byte-channel.ts";
import { decodeConnectResponse, encodeConnectRequest } from "../../src/protocol/connect.ts";
import { errorCodes } from "../../src/protocol/error-codes.ts";
import { FrameDecoder } from "../../src/protocol/frame-decoder.ts";
import type { JuteReader } from "../../src/protocol/jute-reader.ts";
import { xids } from "../../src/protocol/opcodes.ts";
import type { ConnectRequest, ConnectResponse, ReplyHeader } from "../../src/protocol/records.ts";
import { encodeRequest, type Request } from "../../src/protocol/requests.ts";
import { decodeReplyHeader, decodeResponseBody, decodeWatcherEvent } from "../../src/protocol/responses.ts";
import type { Asked, Judge } from "./judge.ts";
import { type ReplyBody, shown } from "./judge-write.ts";
import { type SeenEvent, WatchModel } from "./watch-model.ts";

/** Who has a connection, and hears of it. */
export interface ConnectionOwner {
  opened(response: ConnectResponse): void;
  /** The session is over, says the server. */
  expired(): void;
  closed(): void;
  answered(request: Request, header: ReplyHeader): void;
}

interface ConnectionOptions {
  readonly world: SimWorld;
  readonly judge: Judge;
  readonly serverId: number;
  readonly channel: ByteChannel;
  readonly greeting: ConnectRequest;
  readonly owner: ConnectionOwner;
}

/** One connection of a session, which holds each frame that comes against what it has to be. */
export class SimConnection {
  readonly serverId: number;
  readonly watches = new WatchModel();
  /** The newest zxid of a reply here. */
  lastZxid: bigint;
  /** Its session goes on over another one. */
  isLeft = false;
  /** Counted over all of the run. */
  readonly number: number;
  heardMs: number;
  sentMs: number;
  readonly #options: ConnectionOptions;
  readonly #decoder = new FrameDecoder(1 << 24);
  readonly #pending: Asked[] = [];
  #sessionId = 0n;
  #phase: "connecting" | "open" | "closed" = "connecting";
  /** Changes up to here have had their events. */
  #cursor: bigint;
  readonly #events: SeenEvent[] = [];
  readonly #madeUp: SeenEvent[] = [];

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { world, judge, serverId, channel, greeting } = options;
    this.serverId = serverId;
    this.number = judge.nextConnection();
    this.lastZxid = greeting.lastZxidSeen;
    this.#cursor = greeting.lastZxidSeen;
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

  /** It had a session once. */
  get isGreeted(): boolean {
    return this.#sessionId !== 0n;
  }

  get isClosed(): boolean {
    return this.#phase === "closed";
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  ask(xid: number, request: Request): void {
    const { world, judge, channel, serverId } = this.#options;
    const asked = { sessionId: this.#sessionId, xid, serverId, request, calledAt: world.nowMs, connection: this };
    this.#pending.push(asked);
    if (xid > 0) judge.asked(asked);
    this.sentMs = world.nowMs;
    channel.send(encodeRequest(xid, request));
  }

  ping(): void {
    this.sentMs = this.#options.world.nowMs;
    this.#options.channel.send(encodeRequest(xids.ping, { type: "ping" }));
  }

  /** Whoever has it hangs up, and hears no more of it. */
  destroy(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#checked(() => this.#takeLastEvents());
    this.#options.channel.destroy();
  }

  #closed(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#takeLastEvents();
    this.#options.owner.closed();
  }

  #take(chunk: Uint8Array): void {
    this.heardMs = this.#options.world.nowMs;
    this.#decoder.push(chunk.slice());
    for (let step = this.#decoder.next(); step.kind !== "partial"; step = this.#decoder.next()) {
      assert(step.kind === "frame", "a server sends frames");
      if (this.#phase === "connecting") this.#greeted(decodeConnectResponse(step.payload));
      else if (this.#phase === "open") this.#frame(step.payload);
    }
  }

  #greeted(response: ConnectResponse): void {
    const { owner, greeting } = this.#options;
    if (response.timeoutMs === 0) {
      this.#phase = "closed";
      owner.expired();
      return;
    }
    this.#phase = "open";
    this.#sessionId = response.sessionId;
    const isSame = greeting.sessionId === 0n || greeting.sessionId === response.sessionId;
    assert(isSame, `a session that comes back is the same: ${greeting.sessionId}, not ${response.sessionId}`);
    owner.opened(response);
  }

  #frame(payload: Uint8Array): void {
    const { header, body } = decodeReplyHeader(payload);
    if (header.xid === xids.notification) return this.#event(header, body);
    this.#advance(header.zxid);
    if (header.xid === xids.ping) return;
    const asked = this.#pending.shift();
    assert(asked?.xid === header.xid, `answers come in the order of requests: ${asked?.xid}, not ${header.xid}`);
    const reply = header.err === 0 ? this.#bodyOf(asked.request, body) : undefined;
    const { judge, world, owner } = this.#options;
    judge.answered(asked, { zxid: header.zxid, err: header.err, body: reply, returnedAt: world.nowMs });
    this.#setWatches(asked.request, header);
    if (header.zxid > this.lastZxid) this.lastZxid = header.zxid;
    owner.answered(asked.request, header);
  }

  #bodyOf({ type }: Request, body: JuteReader): ReplyBody {
    return { type, ...decodeResponseBody(type, body) } as ReplyBody;
  }

  #event({ zxid }: ReplyHeader, body: JuteReader): void {
    const { type, path } = decodeWatcherEvent(body);
    const event = { type, path, zxid };
    if (zxid === -1n) {
      this.#madeUp.push(event);
      return;
    }
    assert(zxid > this.#cursor, `${this.#named(event)} comes before any answer that shows its change`);
    this.#events.push(event);
  }

  /** Up to here each watch has had its event, and nobody else one. */
  #advance(zxid: bigint): void {
    if (zxid <= this.#cursor) return;
    for (const { zxid: at, changes } of this.#options.judge.changesBetween(this.#cursor, zxid)) {
      for (const change of changes) {
        for (const expected of this.watches.eventsOf(change, at)) {
          const event = this.#events.shift();
          assert(event !== undefined, `${this.#named(expected)} has come before the answer at ${shown(zxid)}`);
          assert(isSameEvent(event, expected), `${this.#named(expected)} comes, not ${this.#named(event)}`);
          expected.consume();
        }
      }
    }
    const [more] = this.#events;
    assert(more === undefined || more.zxid > zxid, `nobody watches what ${more && this.#named(more)} tells`);
    this.#cursor = zxid;
  }

  /** The connection ended somewhere between two events. */
  #takeLastEvents(): void {
    const { judge } = this.#options;
    for (const { zxid, changes } of judge.changesBetween(this.#cursor, judge.tree.zxid)) {
      for (const change of changes) {
        for (const expected of this.watches.eventsOf(change, zxid)) {
          const event = this.#events.shift();
          if (event === undefined) return;
          assert(isSameEvent(event, expected), `${this.#named(expected)} comes, not ${this.#named(event)}`);
          expected.consume();
        }
      }
    }
    const [more] = this.#events;
    assert(more === undefined, `nobody watches what ${more && this.#named(more)} tells`);
  }

  #setWatches(request: Request, { err, zxid }: ReplyHeader): void {
    const { watches } = this;
    const isDone = err === errorCodes.ok;
    switch (request.type) {
      case "getData":
        if (isDone && request.watch) watches.watchData(request.path, true);
        return;
      case "exists":
        if (request.watch && (isDone || err === errorCodes.noNode)) watches.watchData(request.path, isDone);
        return;
      case "getChildren":
      case "getChildren2":
        if (isDone && request.watch) watches.child.add(request.path);
        return;
      case "addWatch":
        if (isDone) watches.watchPersistently(request.path, request.mode);
        return;
      case "removeWatches": {
        if (err === errorCodes.sessionExpired) return;
        const expected = watches.remove(request.path, request.watcherType);
        assert(err === expected, `removing watches of ${request.path} comes to ${expected}, not to ${err}`);
        return;
      }
      case "setWatches2": {
        if (!isDone) return;
        const expected = watches.setAgain(request, this.#options.judge.tree, zxid);
        const seen = this.#madeUp.splice(0);
        assert(shown(seen) === shown(expected), `who comes back hears ${shown(expected)}, not ${shown(seen)}`);
        return;
      }
      default:
    }
  }

  #named({ type, path, zxid }: SeenEvent): string {
    return `the event ${type} of ${path} at ${shown(zxid)} for ${this.#sessionId}`;
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

function isSameEvent(left: SeenEvent, right: SeenEvent): boolean {
  return left.type === right.type && left.path === right.path && left.zxid === right.zxid;
}
