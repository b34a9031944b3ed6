import type { SimWorld } from "@tutti/consensus/sim";
import { assert, type Prng } from "@tutti/stdx";
import { xids } from "../../src/protocol/opcodes.ts";
import type { ConnectRequest, ConnectResponse } from "../../src/protocol/records.ts";
import type { Request } from "../../src/protocol/requests.ts";
import type { SeenAnswer } from "./connection-witness.ts";
import type { Judge } from "./judge.ts";
import { anyRequest } from "./random-requests.ts";
import { type ConnectionOwner, SimConnection } from "./sim-connection.ts";
import type { SimLines } from "./sim-lines.ts";
import { WatchModel } from "./watch-model.ts";

export interface SimClientOptions {
  readonly world: SimWorld;
  readonly chance: Prng;
  readonly lines: SimLines;
  readonly judge: Judge;
  readonly servers: readonly number[];
  readonly trace: (kind: string, detail: () => string, salt: number) => void;
}

interface OwnSession {
  readonly id: bigint;
  readonly password: Uint8Array;
  timeoutMs: number;
  lastZxid: bigint;
  lastXid: number;
  /** When the youngest request was sent that was answered: the session lives for its timeout from then on. */
  provenMs: number;
}

export interface ClientCounts {
  sessions: number;
  expired: number;
  closed: number;
  attached: number;
  moved: number;
  silent: number;
  thefts: number;
  stolen: number;
}

const pendingMax = 8;
/** No server's clock runs so fast. */
const clientPace = 0.94;
const noPassword = new Uint8Array(16);

/** A client with one session after the other. It works, wanders, falls silent, hangs up and comes back, all by chance. */
export class SimClient {
  readonly counts: ClientCounts = {
    sessions: 0,
    expired: 0,
    closed: 0,
    attached: 0,
    moved: 0,
    silent: 0,
    thefts: 0,
    stolen: 0,
  };
  readonly #options: SimClientOptions;
  readonly #thinkMs: number;
  readonly #wantedTimeoutMs: number;
  /** How often it does something unusual. */
  readonly #unrest: number;
  /** It goes from server to server, and what else it does it does seldom. */
  readonly #wanders: boolean;
  #servers: readonly number[];
  #session: OwnSession | undefined;
  #connection: SimConnection | undefined;
  /** Watches of the last connection, which the next one sets again. */
  #lost = new WatchModel();
  #silentUntilMs = 0;
  #isClosing = false;
  /** Nobody disturbs any more: it only wants to be served. */
  #probe: "none" | "wanted" | "asked" | "done" = "none";

  constructor(options: SimClientOptions) {
    this.#options = options;
    const { chance } = options;
    this.#servers = options.servers;
    this.#thinkMs = 4 + chance.nextUnit() * 30;
    this.#wantedTimeoutMs = 100 + chance.nextBelow(800);
    this.#wanders = chance.nextUnit() < 0.2;
    this.#unrest = this.#wanders ? 0.3 : chance.nextUnit() < 0.3 ? 0 : chance.nextUnit() * 0.15;
  }

  get sessionId(): bigint | undefined {
    return this.#session?.id;
  }

  /** Its session is alive, and it has been served since everything was healed. */
  get isServed(): boolean {
    return this.#probe === "done" && this.#connection?.isOpen === true;
  }

  /** For people. */
  toString(): string {
    const { isOpen, isClosed, serverId, witness } = this.#connection ?? {};
    const phase = isOpen ? "open" : isClosed ? "closed" : "connecting";
    return `session ${this.#session?.id} ${phase} at ${serverId}, ${witness?.pendingCount ?? 0} pending, probe ${this.#probe}`;
  }

  start(): void {
    this.#after(this.#thinkMs * this.#options.chance.nextUnit(), () => this.#act());
    this.#watchOver();
  }

  /** Faults are over; from now on it keeps its session, and goes to these servers alone. */
  settle(servers: readonly number[]): void {
    this.#servers = servers;
    this.#probe = "wanted";
    this.#silentUntilMs = 0;
    if (this.#connection !== undefined && !servers.includes(this.#connection.serverId)) this.#hangUp();
  }

  /** Servers have ended a session: none that its owner could believe in. */
  ended(sessionId: bigint): void {
    if (this.#session?.id !== sessionId) return;
    const { provenMs, timeoutMs } = this.#session;
    const trustedMs = provenMs + timeoutMs * clientPace;
    const { nowMs } = this.#options.world;
    assert(
      nowMs >= trustedMs,
      `session ${sessionId} is over at ${nowMs}, when its owner trusts in it until ${trustedMs}`,
    );
  }

  /** It is gone, and its session with it when its time is over. */
  vanish(): void {
    this.#silentUntilMs = Number.POSITIVE_INFINITY;
  }

  get #isSilent(): boolean {
    return this.#options.world.nowMs < this.#silentUntilMs;
  }

  #act(): void {
    const { chance } = this.#options;
    this.#after(-Math.log(1 - chance.nextUnit()) * this.#thinkMs, () => this.#act());
    if (this.#isSilent) return;
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed) return this.#connect();
    if (!connection.isOpen || this.#isClosing) return;
    if (this.#probe !== "none") return this.#askToBeServed(connection);
    if (chance.nextUnit() < this.#unrest) return this.#doSomethingUnusual(connection);
    const count = Math.min(1 + chance.nextBelow(3), pendingMax - connection.witness.pendingCount);
    for (let index = 0; index < count; index += 1) this.#ask(connection, anyRequest(chance));
  }

  #askToBeServed(connection: SimConnection): void {
    if (this.#probe !== "wanted") return;
    this.#probe = "asked";
    this.#ask(connection, { type: "setData", path: "/", data: new Uint8Array(1), version: -1 });
    this.#ask(connection, { type: "sync", path: "/" });
    this.#ask(connection, { type: "getChildren2", path: "/a", watch: true });
  }

  #ask(connection: SimConnection, request: Request): void {
    const session = this.#session;
    assert(session !== undefined, "who asks has a session");
    session.lastXid += 1;
    connection.ask(session.lastXid, request);
  }

  #doSomethingUnusual(connection: SimConnection): void {
    const { chance } = this.#options;
    const timeoutMs = this.#session?.timeoutMs ?? 0;
    const draw = this.#wanders && chance.nextUnit() < 0.8 ? 0.4 : chance.nextUnit();
    if (draw < 0.15) {
      this.#isClosing = true;
      this.#ask(connection, { type: "closeSession" });
    } else if (draw < 0.45) {
      this.#move(connection);
    } else if (draw < 0.6) {
      this.counts.silent += 1;
      this.#silentUntilMs = this.#options.world.nowMs + timeoutMs * chance.nextUnit() * 2.5;
    } else if (draw < 0.9) {
      this.#hangUp();
      if (chance.nextUnit() < 0.3) this.#silentUntilMs = this.#options.world.nowMs + timeoutMs * chance.nextUnit() * 2;
    } else this.#steal();
  }

  /** To another server, or the same one once more, while the old connection is there still. */
  #move(old: SimConnection): void {
    const { chance } = this.#options;
    this.counts.moved += 1;
    this.#connect();
    if (chance.nextUnit() < 0.5) {
      this.#after(chance.nextUnit() * 10, () => {
        if (old.isOpen && this.#session !== undefined) this.#ask(old, anyRequest(chance));
      });
    }
    this.#after(chance.nextUnit() * 60, () => old.destroy());
  }

  /** Somebody without the password wants the session. */
  #steal(): void {
    const { world, judge, lines, chance } = this.#options;
    const session = this.#session;
    if (session === undefined) return;
    this.counts.thefts += 1;
    const serverId = this.#anyServer();
    const greeting = { ...this.#greeting(), password: Uint8Array.from({ length: 16 }, () => chance.nextBelow(256)) };
    const owner: ConnectionOwner = {
      opened: () => world.fail(new Error(`session ${session.id} is given to somebody without its password`)),
      expired: () => void (this.counts.stolen += 1),
      closed: () => undefined,
      answered: () => undefined,
    };
    const thief = new SimConnection({ world, judge, serverId, channel: lines.dial(serverId), greeting, owner });
    this.#after(200, () => thief.destroy());
  }

  #anyServer(): number {
    return this.#servers[this.#options.chance.nextBelow(this.#servers.length)] ?? 1;
  }

  #greeting(): ConnectRequest {
    const { id = 0n, password = noPassword, lastZxid = 0n } = this.#session ?? {};
    const timeoutMs = this.#session?.timeoutMs ?? this.#wantedTimeoutMs;
    return { protocolVersion: 0, lastZxidSeen: lastZxid, timeoutMs, sessionId: id, password, readOnly: false };
  }

  #connect(): void {
    const { world, judge, lines } = this.#options;
    const serverId = this.#anyServer();
    const old = this.#connection;
    if (old !== undefined) {
      this.#keep(old);
      old.witness.isLeft = true;
    }
    const { nowMs } = world;
    const owner: ConnectionOwner = {
      opened: (response) => {
        this.#opened(connection, response);
        this.#proved(nowMs);
      },
      expired: () => this.#expired(connection),
      closed: () => this.#closed(connection),
      answered: (answer) => this.#answered(connection, answer),
    };
    const greeting = this.#greeting();
    const channel = lines.dial(serverId);
    const connection = new SimConnection({ world, judge, serverId, channel, greeting, owner });
    this.#connection = connection;
  }

  #hangUp(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    connection.destroy();
    this.#left(connection);
  }

  /** Whether what was asked over it came through, nobody knows. */
  #left(connection: SimConnection): void {
    this.#keep(connection);
    this.#connection = undefined;
    this.#isClosing = false;
    if (this.#probe === "asked") this.#probe = "wanted";
  }

  /** What it watched, for the next connection; one that was never greeted has nothing to keep. */
  #keep({ witness: { watches, lastZxid, sessionId } }: SimConnection): void {
    if (sessionId !== 0n) this.#lost = watches;
    if (this.#session !== undefined && lastZxid > this.#session.lastZxid) this.#session.lastZxid = lastZxid;
  }

  #opened(connection: SimConnection, { sessionId, timeoutMs, password }: ConnectResponse): void {
    this.#trace("opened", connection.serverId);
    if (this.#session?.id !== sessionId) {
      this.counts.sessions += 1;
      this.#lost = new WatchModel();
      this.#session = {
        id: sessionId,
        password: password ?? noPassword,
        timeoutMs,
        lastZxid: 0n,
        lastXid: 0,
        provenMs: 0,
      };
    } else {
      this.counts.attached += 1;
      this.#session.timeoutMs = timeoutMs;
    }
    if (this.#connection !== connection) return;
    if (this.#lost.isEmpty) return;
    connection.ask(xids.setWatches, { type: "setWatches2", ...this.#lost.asRequest(this.#session.lastZxid) });
  }

  #proved(sentMs: number): void {
    const session = this.#session;
    if (session !== undefined && sentMs > session.provenMs) session.provenMs = sentMs;
  }

  #expired(connection: SimConnection): void {
    if (this.#connection !== connection) return;
    this.#trace("expired", connection.serverId);
    this.counts.expired += 1;
    if (this.#session !== undefined) this.#options.judge.toldExpired(this.#session.id);
    this.#forget();
  }

  #closed(connection: SimConnection): void {
    if (this.#connection !== connection) return;
    this.#trace("closed", connection.serverId);
    this.#left(connection);
  }

  #forget(): void {
    this.#session = undefined;
    this.#connection = undefined;
    this.#lost = new WatchModel();
    this.#isClosing = false;
  }

  #answered(connection: SimConnection, { request, header }: SeenAnswer): void {
    this.#trace(`${request.type} ${header.err}`, connection.serverId);
    const session = this.#session;
    if (session === undefined || this.#connection !== connection) return;
    this.#proved(connection.sentMsOf(request));
    if (connection.witness.lastZxid > session.lastZxid) session.lastZxid = connection.witness.lastZxid;
    if (request.type === "closeSession" && header.err === 0) {
      this.counts.closed += 1;
      connection.destroy();
      this.#forget();
    } else if (request.type === "closeSession") this.#isClosing = false;
    if (this.#probe === "asked" && request.type === "getChildren2" && connection.witness.pendingCount === 0) {
      this.#probe = header.err === -112 ? "wanted" : "done";
    }
  }

  /** Pings when it has nothing else to say, and gives up who says nothing. */
  #watchOver(): void {
    const { world } = this.#options;
    const timeoutMs = this.#session?.timeoutMs ?? this.#wantedTimeoutMs;
    this.#after(timeoutMs / 8, () => this.#watchOver());
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed || this.#isSilent) return;
    const limitMs = connection.isOpen ? (timeoutMs * 2) / 3 : Math.max(60, timeoutMs / 3);
    if (world.nowMs - connection.heardMs > limitMs) this.#hangUp();
    else if (connection.isOpen && world.nowMs - connection.sentMs > timeoutMs / 5) connection.ping();
  }

  #after(delayMs: number, action: () => void): void {
    const { queue } = this.#options.world;
    queue.at(queue.now + delayMs, action);
  }

  #trace(kind: string, serverId: number): void {
    this.#options.trace(kind, () => `${this.#session?.id ?? "none"} at ${serverId}`, serverId);
  }
}
