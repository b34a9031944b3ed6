import { assert } from "@tutti/stdx";
import { errorCodes } from "../../src/protocol/error-codes.ts";
import type { JuteReader } from "../../src/protocol/jute-reader.ts";
import { xids } from "../../src/protocol/opcodes.ts";
import type { ConnectRequest, ConnectResponse, ReplyHeader } from "../../src/protocol/records.ts";
import type { Request } from "../../src/protocol/requests.ts";
import { decodeReplyHeader, decodeResponseBody, decodeWatcherEvent } from "../../src/protocol/responses.ts";
import type { Asked, Judge } from "./judge.ts";
import { type ReplyBody, shown } from "./judge-write.ts";
import { type SeenEvent, WatchModel } from "./watch-model.ts";

interface WitnessOptions {
  readonly judge: Judge;
  readonly nowMs: () => number;
  readonly serverId: number;
  readonly greeting: ConnectRequest;
}

/** An answer to a request, and what was asked. */
export interface SeenAnswer {
  readonly request: Request;
  readonly header: ReplyHeader;
}

/** Sees all that goes over one connection, and holds each frame that comes against what it has to be. */
export class ConnectionWitness {
  readonly watches = new WatchModel();
  /** The newest zxid of a reply here. */
  lastZxid: bigint;
  /** Its session goes on over another one. */
  isLeft = false;
  /** Counted over all of the run. */
  readonly number: number;
  readonly #options: WitnessOptions;
  readonly #pending: Asked[] = [];
  #sessionId = 0n;
  /** Changes up to here have had their events. */
  #cursor: bigint;
  readonly #events: SeenEvent[] = [];
  readonly #madeUp: SeenEvent[] = [];

  constructor(options: WitnessOptions) {
    this.#options = options;
    const { judge, greeting } = options;
    this.number = judge.nextConnection();
    this.lastZxid = greeting.lastZxidSeen;
    this.#cursor = greeting.lastZxidSeen;
  }

  /** 0n before the connect response. */
  get sessionId(): bigint {
    return this.#sessionId;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  asked(xid: number, request: Request): void {
    const { judge, nowMs, serverId } = this.#options;
    if (xid === xids.ping) return;
    const asked = { sessionId: this.#sessionId, xid, serverId, request, calledAt: nowMs(), connection: this };
    this.#pending.push(asked);
    if (xid > 0) judge.asked(asked);
  }

  greeted({ sessionId, timeoutMs }: ConnectResponse): void {
    const { greeting } = this.#options;
    if (timeoutMs === 0) return;
    this.#sessionId = sessionId;
    const isSame = greeting.sessionId === 0n || greeting.sessionId === sessionId;
    assert(isSame, `a session that comes back is the same: ${greeting.sessionId}, not ${sessionId}`);
  }

  /** Undefined for what answers no request. */
  came(payload: Uint8Array): SeenAnswer | undefined {
    const { header, body } = decodeReplyHeader(payload);
    if (header.xid === xids.notification) return this.#event(header, body);
    this.#advance(header.zxid);
    if (header.xid === xids.ping) return undefined;
    const asked = this.#pending.shift();
    assert(asked?.xid === header.xid, `answers come in the order of requests: ${asked?.xid}, not ${header.xid}`);
    const reply = header.err === 0 ? this.#bodyOf(asked.request, body) : undefined;
    const { judge, nowMs } = this.#options;
    judge.answered(asked, { zxid: header.zxid, err: header.err, body: reply, returnedAt: nowMs() });
    this.#setWatches(asked.request, header);
    if (header.zxid > this.lastZxid) this.lastZxid = header.zxid;
    return { request: asked.request, header };
  }

  /** The connection ended somewhere between two events. */
  ended(): void {
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

  #bodyOf({ type }: Request, body: JuteReader): ReplyBody {
    return { type, ...decodeResponseBody(type, body) } as ReplyBody;
  }

  #event({ zxid }: ReplyHeader, body: JuteReader): undefined {
    const { type, path } = decodeWatcherEvent(body);
    const event = { type, path, zxid };
    if (zxid === -1n) {
      this.#madeUp.push(event);
      return undefined;
    }
    assert(zxid > this.#cursor, `${this.#named(event)} comes before any answer that shows its change`);
    this.#events.push(event);
    return undefined;
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
      case "setWatches":
      case "setWatches2": {
        if (!isDone) return;
        const expected = watches.setAgain(
          { persistent: [], persistentRecursive: [], ...request },
          this.#options.judge.tree,
          zxid,
        );
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
}

function isSameEvent(left: SeenEvent, right: SeenEvent): boolean {
  return left.type === right.type && left.path === right.path && left.zxid === right.zxid;
}
