// Longer than most: phase, order of replies and back-pressure of a connection constrain each other, and stand together
// so that they can be read together.
import { isAllowed } from "../core/acl.ts";
import type { ApplyResult } from "../core/txn.ts";
import type { WriteOp } from "../core/write-request.ts";
import type { WatchEvent, WatcherId } from "../core/watch-table.ts";
import type { ConnectionHost } from "../ports/connection-host.ts";
import type { SaslExchange } from "../ports/sasl-exchange.ts";
import type { Commit, ProposalToken } from "../ports/replication.ts";
import { decodeConnectRequest, encodeConnectResponse } from "../protocol/connect.ts";
import { type ErrorCode, errorCodes } from "../protocol/error-codes.ts";
import { fourLetterWordOf } from "../protocol/four-letter-words.ts";
import { FrameDecoder } from "../protocol/frame-decoder.ts";
import { JuteReader } from "../protocol/jute-reader.ts";
import { opcodes, permissions, requestTypeOf } from "../protocol/opcodes.ts";
import { type ConnectRequest, type Id, requestHeaderCodec } from "../protocol/records.ts";
import type { RequestHeader } from "../protocol/records.ts";
import { type AuthRequest, decodeRequestBody, type Request } from "../protocol/requests.ts";
import { encodeNotification, encodeReply, type Response } from "../protocol/responses.ts";
import { auditOf } from "./audit.ts";
import { answerRead } from "./answer-read.ts";
import { authenticate, initialIds } from "./authenticate.ts";
import type { ConnectionServices } from "./connection-services.ts";
import { ReplyQueue, type Waiting } from "./reply-queue.ts";
import { TrafficStats } from "./traffic-stats.ts";
import { type ClientWrite, writeResponse } from "./write-reply.ts";

/**
 * `greeting` until the first frame, `connecting` while the session is replicated, `open` from the connect response
 * on, `stopped` once nothing more may be read, `closed` at the end.
 */
type Phase = "greeting" | "connecting" | "open" | "stopped" | "closed";

interface RequestPlace {
  readonly xid: number;
  readonly sinceMs: number;
}

const passwordBytes = 16;
const protocolVersion = 0;
/**
 * A session that was told silent for this share of its timeout may be over for the leader, by clocks that are a third faster.
 * Its client has left this connection by then, at two thirds.
 */
const silentShareMax = 3 / 4;
/** Behind the length of a frame and the xid. */
const opcodeOffset = 8;
/** Replies to auth and SASL carry this instead of the last zxid. */
const noZxid = 0n;
/** zxid in the reply to an unknown opcode. */
const unknownOpcodeZxid = -1n;

/** One client's connection: bytes in, frames out, in the order that ZooKeeper promises. */
export class Connection {
  readonly id: WatcherId;
  readonly stats: TrafficStats = new TrafficStats();
  readonly host: ConnectionHost;
  readonly #services: ConnectionServices;
  readonly #decoder: FrameDecoder;
  readonly #queue = new ReplyQueue();
  #phase: Phase = "greeting";
  #paused = false;
  /** The other side does not take what is sent; no request is looked at meanwhile. */
  #choked = false;
  #draining = false;
  #ids: readonly Id[];
  #heardMs: number;
  #isReadOnly = false;
  #sessionId = 0n;
  #timeoutMs = 0;
  #sendsReadOnly = false;
  #sasl: SaslExchange | undefined;

  constructor(id: WatcherId, host: ConnectionHost, services: ConnectionServices) {
    this.id = id;
    this.host = host;
    this.#heardMs = services.environment.monotonicMs();
    this.#services = services;
    this.#decoder = new FrameDecoder(services.options.frameBytesMax);
    this.#ids = initialIds(host, services.options.superSubject);
  }

  /** 0n before the connect response. */
  get sessionId(): bigint {
    return this.#sessionId;
  }

  /** Who the other side has proved to be. */
  get ids(): readonly Id[] {
    return this.#ids;
  }

  /** Negotiated. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** When the last request came; before the first, when the connection did. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** Whether its session is one for reads, which no other server knows. */
  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /** Requests that wait for an answer. */
  get outstanding(): number {
    return this.#queue.length;
  }

  /** Takes bytes from the other side. What is wrong with them closes this connection and no other. */
  receive(chunk: Uint8Array): void {
    if (this.#phase === "stopped" || this.#phase === "closed") return;
    this.#decoder.push(chunk);
    this.#drain();
  }

  /** The other side is gone. */
  disconnected(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#queue.clear();
    this.#services.detach(this);
  }

  /** Closes from this side, after what was sent has left. Replies that still wait are never sent. */
  close(): void {
    if (this.#phase === "closed") return;
    this.disconnected();
    this.host.close();
  }

  /** A proposal of this connection is committed and applied; its events are sent already. */
  committed(token: ProposalToken, { txn, result }: Commit): void {
    if (this.#phase === "closed") return;
    if (this.#phase === "connecting") {
      const { body } = txn;
      if (!("password" in body)) return this.#refuseSession();
      this.#opened(txn.sessionId, body.password);
    } else {
      const decided = this.#queue.find(token);
      const header = { xid: decided.xid, zxid: txn.zxid, err: result.err };
      const isAnswered = decided.kind === "write" && result.err === errorCodes.ok;
      const frame = encodeReply(header, isAnswered ? writeResponse(decided.request, result) : undefined);
      this.#queue.decide(token, { frame, last: txn.body.type === "closeSession" });
      if (decided.kind === "write") this.#audit(decided.request, result);
    }
    this.#goOn();
  }

  #audit(request: ClientWrite, result: ApplyResult): void {
    const { options, environment } = this.#services;
    if (!options.audit) return;
    const actor = { sessionId: this.#sessionId, ids: this.#ids, address: this.host.remoteAddress };
    for (const entry of auditOf(request, result, actor)) environment.tell("audit", entry);
  }

  synced(token: ProposalToken): void {
    if (this.#phase === "closed") return;
    this.#queue.synced(token);
    this.#goOn();
  }

  /** Whether it waits for something that only a leader can decide. */
  get waitsForLeader(): boolean {
    return this.#phase === "connecting" || this.#queue.waitsForOthers;
  }

  /** Sends a notification that is encoded already, so that a fan-out encodes once. */
  notify(frame: Uint8Array): void {
    this.#send(frame);
  }

  /** The server takes requests again. */
  resumed(): void {
    if (this.#phase !== "closed") this.#drain();
  }

  /** There is room for answers again. */
  drained(): void {
    this.#choked = false;
    this.#drain();
  }

  #goOn(): void {
    this.#settle();
    this.#drain();
  }

  /** Works off what has arrived, as far as the phase and the bound on waiting requests allow. */
  #drain(): void {
    // A commit may come back while its request is being proposed; the outer loop goes on then.
    if (this.#draining) return;
    this.#draining = true;
    // What is here by now was sent while this server was confirmed, however late it comes to it.
    const isHeld = this.#phase === "open" && !this.#isReadOnly && !this.#services.isConfirmed;
    while (!isHeld && this.#mayRead()) {
      if (this.#phase === "greeting" && this.#answerWord()) break;
      if (this.#phase === "greeting" && !this.#mayGreet) {
        this.#services.keepOut(this);
        break;
      }
      const step = this.#decoder.next();
      if (step.kind === "partial") break;
      if (step.kind === "illegal-length") this.close();
      else this.#handleFrame(step.payload);
    }
    this.#draining = false;
    const isPaused = isHeld || !this.#mayRead();
    this.#setPaused(isPaused);
    if (this.#phase === "open" && isPaused && (isHeld || this.#services.isOverloaded)) this.#services.keepOut(this);
  }

  #mayRead(): boolean {
    if (this.#phase === "greeting") return true;
    if (this.#phase !== "open" || this.#choked) return false;
    // While writes stall, whoever only pings must not take the server for gone.
    if (this.#services.isOverloaded) return (this.#decoder.peekInt(opcodeOffset) ?? opcodes.ping) === opcodes.ping;
    return this.#queue.length < this.#services.options.outstandingPerConnectionMax;
  }

  /** Without a leader it is refused, or served reads alone. */
  get #mayGreet(): boolean {
    return this.#services.leader === "none" || this.#services.isConfirmed;
  }

  #setPaused(paused: boolean): void {
    if (this.#phase === "closed" || this.#paused === paused) return;
    this.#paused = paused;
    this.host.setPaused(paused);
  }

  /** Whether the connection began with a four-letter word, which is answered in plain text and ends it. */
  #answerWord(): boolean {
    const word = fourLetterWordOf(this.#decoder.peekInt() ?? 0);
    if (word === undefined) return false;
    const text = this.#services.environment.answerWord(word);
    this.host.send(new TextEncoder().encode(text));
    this.close();
    return true;
  }

  #handleFrame(payload: Uint8Array): void {
    this.#services.stats.received += 1;
    this.stats.received += 1;
    if (this.#phase === "greeting") this.#handleConnect(payload);
    else this.#handleRequest(payload);
  }

  #handleConnect(payload: Uint8Array): void {
    let request: ConnectRequest;
    try {
      request = decodeConnectRequest(payload);
    } catch {
      // What cannot be a connect request is answered by closing, as ZooKeeper does.
      this.close();
      return;
    }
    const { options, machine, leader, isReadOnly } = this.#services;
    const isServed = leader !== "none" || (isReadOnly && request.readOnly === true);
    if (request.lastZxidSeen > machine.lastZxid || !isServed) {
      // The client has seen more than this server, or nobody would keep its session: another one may serve it.
      this.close();
      return;
    }
    this.#sendsReadOnly = request.readOnly !== undefined;
    this.#timeoutMs = Math.min(Math.max(request.timeoutMs, options.sessionTimeoutMsMin), options.sessionTimeoutMsMax);
    if (leader === "none") {
      this.#connectReadOnly(request);
      return;
    }
    if (request.sessionId === 0n) {
      const password = this.#services.environment.newPassword();
      this.#connect(this.#services.nextSessionId(), { type: "createSession", timeoutMs: this.#timeoutMs, password });
    } else {
      this.#reattach(request);
    }
  }

  /** A session for reads, which begins and ends here; or one of the ensemble, which nobody can end meanwhile. */
  #connectReadOnly({ sessionId, password: given }: ConnectRequest): void {
    const password = given ?? new Uint8Array(0);
    const session = this.#services.machine.sessions.get(sessionId);
    this.#isReadOnly = true;
    if (sessionId === 0n) this.#opened(this.#services.nextSessionId(), this.#services.environment.newPassword());
    else if (session === undefined) this.close();
    else if (sameBytes(password, session.password)) this.#opened(sessionId, password);
    else this.#refuseSession();
  }

  #connect(sessionId: bigint, op: Extract<WriteOp, { type: "createSession" | "attachSession" }>): void {
    this.#phase = "connecting";
    this.#propose(op, { sessionId, xid: 0, token: this.#services.nextToken(this) });
  }

  #propose(op: WriteOp, { sessionId, xid, token }: { sessionId: bigint; xid: number; token: ProposalToken }): void {
    const { replication, options } = this.#services;
    replication.propose({ serverId: options.serverId, sessionId, xid, ids: this.#ids, op }, token);
  }

  /** Whether a session that was heard of then surely lives. The leader itself knows. */
  #isAlive(sessionId: bigint, heardMs: number | undefined, timeoutMs: number): boolean {
    const { leader, toldMs } = this.#services;
    if (this.#isReadOnly) return true;
    if (leader === "self") return !this.#services.isEnding(sessionId);
    return heardMs !== undefined && toldMs - heardMs <= timeoutMs * silentShareMax;
  }

  /** A session that this server has just heard of goes on at once; of any other, only the leader knows whether it still lives. */
  #reattach({ sessionId, password: given }: ConnectRequest): void {
    const { machine, options, leader } = this.#services;
    const password = given ?? new Uint8Array(0);
    const session = machine.sessions.get(sessionId);
    // As committed and as prepared: a leader that is deposed may have prepared it in vain.
    const isHere = [session, machine.sessions.getOutstanding(sessionId)].every((known) => {
      return known?.serverId === options.serverId && known.timeoutMs === this.#timeoutMs;
    });
    if (session === undefined && leader === "self") {
      this.#refuseSession();
    } else if (
      session === undefined ||
      !isHere ||
      !this.#isAlive(sessionId, this.#services.heardOfMs(sessionId), session.timeoutMs)
    ) {
      this.#connect(sessionId, { type: "attachSession", timeoutMs: this.#timeoutMs, password });
    } else if (sameBytes(password, session.password)) {
      this.#opened(sessionId, password);
    } else {
      this.#refuseSession();
    }
  }

  #refuseSession(): void {
    this.#sendConnectResponse({ timeoutMs: 0, sessionId: 0n, password: new Uint8Array(passwordBytes) });
    this.close();
  }

  #opened(sessionId: bigint, password: Uint8Array): void {
    this.#sessionId = sessionId;
    this.#phase = "open";
    this.#heardMs = this.#services.environment.monotonicMs();
    if (!this.#isReadOnly) this.#services.touch(sessionId);
    this.#services.attach(this);
    this.#services.environment.tell("sessionAttached", {
      remote: this.host.remoteName,
      sessionId,
      timeoutMs: this.#timeoutMs,
    });
    this.#sendConnectResponse({ timeoutMs: this.#timeoutMs, sessionId, password });
  }

  #sendConnectResponse(body: { timeoutMs: number; sessionId: bigint; password: Uint8Array }): void {
    const readOnly = this.#sendsReadOnly ? this.#isReadOnly : undefined;
    this.#send(encodeConnectResponse({ protocolVersion, ...body, readOnly }));
  }

  #handleRequest(payload: Uint8Array): void {
    const nowMs = this.#services.environment.monotonicMs();
    // It comes back, by way of the leader.
    if (!this.#isAlive(this.#sessionId, this.#heardMs, this.#timeoutMs)) return this.close();
    this.#heardMs = nowMs;
    if (!this.#isReadOnly) this.#services.touch(this.#sessionId);
    const reader = new JuteReader(payload);
    let header: RequestHeader;
    try {
      header = requestHeaderCodec.read(reader);
    } catch {
      this.close();
      return;
    }
    const type = requestTypeOf(header.opcode);
    if (type === undefined || type === "check") {
      this.#phase = "stopped";
      const { unimplemented: err } = errorCodes;
      this.#enqueue({ kind: "refusal", xid: header.xid, sinceMs: nowMs, err, zxid: unknownOpcodeZxid, last: true });
      return;
    }
    let request: Request;
    try {
      request = decodeRequestBody(type, reader);
    } catch {
      // Authentication is read outside of the request pipeline, where nothing answers what cannot be read.
      if (type === "auth" || type === "sasl") this.close();
      else this.#handleMalformed(type === "multi", { xid: header.xid, sinceMs: nowMs });
      return;
    }
    this.#dispatch(request, { xid: header.xid, sinceMs: nowMs });
  }

  /** The connection stays. Only a multi takes a zxid although nobody could read it. */
  #handleMalformed(isMulti: boolean, at: RequestPlace): void {
    if (!isMulti || this.#isReadOnly) {
      const { marshalling: err } = errorCodes;
      this.#enqueue({ ...at, kind: "refusal", err, zxid: undefined, last: false });
      return;
    }
    if (this.#leaveLeaderless()) return;
    const token = this.#services.nextToken(this);
    this.#queue.push({ ...at, kind: "malformedMulti", token });
    this.#propose({ type: "malformedMulti" }, { sessionId: this.#sessionId, xid: at.xid, token });
  }

  #dispatch(request: Request, at: RequestPlace): void {
    switch (request.type) {
      case "ping":
        // At once, also while writes stall: a client without an answer leaves at two thirds of its timeout.
        this.#reply(at, encodeReply({ xid: at.xid, zxid: this.#services.machine.lastZxid, err: 0 }));
        return;
      case "auth":
        this.#authenticate(request, at);
        return;
      case "sasl":
        this.#authenticateBySasl(request.token ?? new Uint8Array(0), at);
        return;
      case "deleteContainer":
        // For the server's own reaper alone; it has no ACL check.
        this.#enqueue({ ...at, kind: "refusal", err: errorCodes.badArguments, zxid: undefined, last: false });
        return;
      case "sync": {
        if (this.#refuseChange(request, at)) return;
        const token = this.#services.nextToken(this);
        this.#queue.push({ ...at, kind: "sync", token, path: request.path });
        this.#services.replication.sync(token);
        return;
      }
      case "create":
      case "create2":
      case "createContainer":
      case "createTtl":
      case "delete":
      case "setData":
      case "setAcl":
      case "multi":
      case "reconfig":
      case "closeSession": {
        if (this.#refuseChange(request, at)) return;
        const token = this.#services.nextToken(this);
        this.#queue.push({ ...at, kind: "write", token, request });
        this.#propose(request, { sessionId: this.#sessionId, xid: at.xid, token });
        return;
      }
      case "check":
        // Refused before it is decoded.
        return;
      default:
        this.#enqueue({ ...at, kind: "read", request, ids: this.#ids });
    }
  }

  /** Without a leader nothing can change, and a session that only this server knows ends with its connection. */
  #refuseChange({ type }: Request, at: RequestPlace): boolean {
    if (!this.#isReadOnly) return this.#leaveLeaderless();
    const isEnd = type === "closeSession";
    const err = isEnd ? errorCodes.ok : errorCodes.notReadOnly;
    this.#enqueue({ ...at, kind: "refusal", err, zxid: undefined, last: isEnd });
    return true;
  }

  /** A client that asks for what only a leader can decide goes elsewhere: nobody here could say what became of it. */
  #leaveLeaderless(): boolean {
    if (this.#services.leader !== "none") return false;
    this.close();
    return true;
  }

  /** Takes effect at once: requests that arrived before keep the ids that they came with. */
  #authenticate(request: AuthRequest, at: RequestPlace): void {
    const { environment, options } = this.#services;
    const ids = authenticate(request, this.#ids, {
      superDigest: options.superDigest,
      digestOf: (clear) => environment.digestOf(clear),
    });
    const err = ids === undefined ? errorCodes.authFailed : errorCodes.ok;
    this.#reply(at, encodeReply({ xid: at.xid, zxid: noZxid, err }));
    if (ids !== undefined) {
      this.#ids = ids;
      return;
    }
    environment.tell("authFailed", { remote: this.host.remoteName, scheme: request.scheme });
    this.close();
  }

  /** An exchange of several requests, each answered at once; a failure says so and closes. */
  #authenticateBySasl(token: Uint8Array, at: RequestPlace): void {
    this.#sasl ??= this.#services.environment.beginSasl();
    const step = this.#sasl?.next(token) ?? { kind: "failed" };
    const err = step.kind === "failed" ? errorCodes.authFailed : errorCodes.ok;
    const answer = step.kind === "failed" ? null : step.token;
    this.#reply(at, encodeReply({ xid: at.xid, zxid: noZxid, err }, { type: "sasl", token: answer }));
    if (step.kind === "failed") {
      this.#services.environment.tell("authFailed", { remote: this.host.remoteName, scheme: "sasl" });
      this.close();
    }
    if (step.kind !== "done") return;
    this.#sasl = undefined;
    this.#ids = [...this.#ids, { scheme: "sasl", id: step.user }];
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#settle();
  }

  /** Answers from the head what needs nobody else. */
  #settle(): void {
    for (let ready = this.#queue.takeReady(); ready !== undefined; ready = this.#queue.takeReady()) {
      const { waiting } = ready;
      if (ready.kind === "decided") {
        this.#reply(waiting, ready.frame);
        if (ready.last) this.close();
      } else if (ready.waiting.kind === "read") {
        this.#answerRead(ready.waiting);
      } else if (ready.waiting.kind === "sync") {
        this.#answer(waiting, { type: "sync", path: ready.waiting.path });
      } else {
        const { xid, err, last, zxid = this.#services.machine.lastZxid } = ready.waiting;
        this.#reply(waiting, encodeReply({ xid, zxid, err }));
        if (last) this.close();
      }
    }
  }

  #answerRead(waiting: Extract<Waiting, { kind: "read" }>): void {
    const { machine, watches } = this.#services;
    // Its end is on its way, which may lead nowhere with this leader: nobody can say that it is over, nor that it is not.
    if (!this.#isReadOnly && machine.sessions.getOutstanding(this.#sessionId) === undefined) return this.close();
    const outcome = answerRead(waiting.request, {
      tree: machine.tree,
      watches,
      watcher: this.id,
      sessionId: this.#sessionId,
      ids: waiting.ids,
      tell: (event) => this.#tell(event),
    });
    this.#answer(waiting, outcome);
  }

  #tell(event: WatchEvent): void {
    if (event.acl !== undefined && !isAllowed(event.acl, permissions.read, this.#ids)) return;
    this.#send(encodeNotification(event.zxid, event));
  }

  #answer(place: RequestPlace, outcome: Response | ErrorCode): void {
    const zxid = this.#services.machine.lastZxid;
    const frame =
      typeof outcome === "number"
        ? encodeReply({ xid: place.xid, zxid, err: outcome })
        : encodeReply({ xid: place.xid, zxid, err: errorCodes.ok }, outcome);
    this.#reply(place, frame);
  }

  #reply(place: RequestPlace, frame: Uint8Array): void {
    const latencyMs = this.#services.environment.monotonicMs() - place.sinceMs;
    this.stats.answered(latencyMs);
    this.#services.stats.answered(latencyMs);
    this.#send(frame);
  }

  #send(frame: Uint8Array): void {
    if (this.#phase === "closed") return;
    this.stats.sent += 1;
    this.#services.stats.sent += 1;
    const outcome = this.host.send(frame);
    if (outcome === "full") this.#choked = true;
    else if (outcome === "cut") this.disconnected();
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
