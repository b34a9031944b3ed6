import type { PipelineEnvironment } from "../../src/ports/pipeline-environment.ts";
import { CoordMachine } from "../../src/core/coord-machine.ts";
import type { WriteRequest } from "../../src/core/write-request.ts";
import type { Connection } from "../../src/pipeline/connection.ts";
import type { PipelineOptions } from "../../src/pipeline/connection-services.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { SendOutcome } from "../../src/ports/connection-host.ts";
import type { Replication } from "../../src/ports/replication.ts";
import { decodeConnectResponse, encodeConnectRequest } from "../../src/protocol/connect.ts";
import type { ConnectRequest, ConnectResponse } from "../../src/protocol/records.ts";
import { encodeRequest, type Request } from "../../src/protocol/requests.ts";
import { decodeReplyHeader, decodeWatcherEvent } from "../../src/protocol/responses.ts";

export const open = [{ perms: 31, scheme: "world", id: "anyone" }];

export function create(path: string, flags = 0): Request {
  return { type: "create", path, data: null, acl: open, flags };
}

type Held = { readonly request: WriteRequest; readonly token: number } | { readonly syncToken: number };

/** Replication that commits when the test says so. */
class HeldReplication implements Replication {
  readonly held: Held[] = [];

  propose(request: WriteRequest, token: number): void {
    this.held.push({ request, token });
  }

  sync(token: number): void {
    this.held.push({ syncToken: token });
  }

  readonly reports: (readonly bigint[])[] = [];
  /** Undefined: each is confirmed at once. */
  unconfirmed: ((isConfirmed: boolean) => void)[] | undefined;

  report(sessionIds: readonly bigint[], ended: (isConfirmed: boolean) => void): void {
    this.reports.push(sessionIds);
    if (this.unconfirmed === undefined) ended(true);
    else this.unconfirmed.push(ended);
  }
}

const optionsDefault: PipelineOptions = {
  tickTimeMs: 100,
  frameBytesMax: 1000,
  sessionTimeoutMsMin: 200,
  sessionTimeoutMsMax: 2000,
  outstandingPerConnectionMax: 1000,
  superDigest: undefined,
  superSubject: undefined,
  audit: false,
  outstandingMax: 1000,
  serverId: 1,
};

/** One server without sockets: time, commits and bytes move only when a test moves them. */
export class PipelineWorld {
  readonly machine = new CoordMachine({ extendedTypesEnabled: true, enforceQuota: false, reconfigEnabled: false });
  readonly replication = new HeldReplication();
  #passwords = 0;
  readonly pipeline: Pipeline;
  readonly events: (readonly [type: string, event: unknown])[] = [];
  nowMs = 0;

  constructor(options: Partial<PipelineOptions> = {}) {
    const environment: PipelineEnvironment = {
      monotonicMs: () => this.nowMs,
      wallMs: () => 1_000_000n + BigInt(this.nowMs),
      newPassword: () => new Uint8Array(16).fill((this.#passwords += 1)),
      digestOf: (clear: Uint8Array) => `digest-of:${new TextDecoder().decode(clear)}`,
      beginSasl: () => undefined,
      answerWord: (word: string) => `you said ${word}`,
      tell: (type, event) => void this.events.push([type, event]),
    };
    const { machine, replication } = this;
    this.pipeline = new Pipeline({ ...optionsDefault, ...options }, { machine, replication, environment });
    this.pipeline.ledBy("self");
  }

  /** Commits the next `count` proposals, all that wait by default. */
  commit(count: number = this.replication.held.length): void {
    for (const held of this.replication.held.splice(0, count)) {
      if ("syncToken" in held) {
        this.pipeline.synced(held.syncToken);
        continue;
      }
      const txn = this.machine.prepare(held.request, { position: 1n, epoch: 0n, nowMs: BigInt(this.nowMs) });
      this.pipeline.committed({ token: held.token, txn, result: this.machine.apply(1n, txn) });
    }
  }

  /** Commits what was proposed last before all that waits. */
  commitLast(): void {
    const last = this.replication.held.pop();
    if (last === undefined) throw new Error("something waits");
    this.replication.held.unshift(last);
    this.commit(1);
  }

  /** Time passes, tick by tick. */
  pass(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += 100;
      this.pipeline.tick();
      this.commit();
    }
  }

  dial(): Wire {
    return new Wire(this.pipeline);
  }

  /** A connection with a session. */
  client(): Wire {
    const wire = this.dial();
    wire.connect();
    this.commit();
    wire.taken();
    return wire;
  }
}

/** The client's end of one connection. */
export class Wire {
  readonly connection: Connection;
  readonly #frames: Uint8Array[] = [];
  #xid = 0;
  closed = false;
  paused = false;
  /** What becomes of the next bytes that are sent. */
  outcome: SendOutcome = "free";
  session: ConnectResponse | undefined;

  constructor(pipeline: Pipeline) {
    this.connection = pipeline.open({
      remoteAddress: "127.0.0.1",
      remoteName: "127.0.0.1:1",
      isSecure: false,
      subject: undefined,
      send: (bytes) => {
        this.#frames.push(bytes);
        return this.outcome;
      },
      close: () => (this.closed = true),
      setPaused: (paused) => (this.paused = paused),
    });
  }

  connect(request: Partial<ConnectRequest> = {}): void {
    const common = { protocolVersion: 0, lastZxidSeen: 0n, timeoutMs: 300, sessionId: 0n };
    this.connection.receive(encodeConnectRequest({ ...common, password: new Uint8Array(16), ...request }));
  }

  /** Sends a request; xids count from 1. */
  send(request: Request, xid?: number): void {
    this.#xid += 1;
    this.connection.receive(encodeRequest(xid ?? this.#xid, request));
  }

  raw(bytes: Uint8Array): void {
    this.connection.receive(bytes);
  }

  /** What has come since the last call: connect responses, replies `xid err`, events `event type path`. */
  taken(): readonly string[] {
    return this.#frames.splice(0).map((frame) => {
      if (this.session === undefined) {
        this.session = decodeConnectResponse(frame.subarray(4));
        return `session ${this.session.timeoutMs}`;
      }
      const { header, body } = decodeReplyHeader(frame.subarray(4));
      if (header.xid !== -1) return `${header.xid} ${header.err}`;
      const event = decodeWatcherEvent(body);
      return `event ${event.type} ${event.path}`;
    });
  }

  /** Replies that have come since the last call, by their zxids: `xid at zxid`. */
  answers(): readonly string[] {
    return this.#frames.splice(0).map((frame) => {
      const { xid, zxid } = decodeReplyHeader(frame.subarray(4)).header;
      return `${xid} at ${zxid}`;
    });
  }

  /** Raw text that has come, for four-letter words. */
  text(): string {
    return this.#frames
      .splice(0)
      .map((frame) => new TextDecoder().decode(frame))
      .join("");
  }
}
