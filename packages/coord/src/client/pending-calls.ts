import { CoordError } from "../coord-error.ts";
import type { ResponseBodies } from "../protocol/responses.ts";
import type { RequestType } from "../protocol/opcodes.ts";
import type { Request } from "../protocol/requests.ts";

/** What a server answered, with the position that it had reached. */
export interface Reply {
  readonly zxid: bigint;
  readonly err: number;
  /** Undefined where the answer has none: most errors. */
  readonly body: ResponseBodies[RequestType] | undefined;
}

/** A request whose caller waits. */
export interface PendingCall {
  readonly request: Request;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: CoordError) => void;
  /** Its number on the connection; 0 while it waits to be sent. */
  xid: number;
  /** The caller waits no longer. Its answer must be passed over all the same. */
  isGivenUp: boolean;
}

const readTypes: ReadonlySet<RequestType> = new Set<RequestType>([
  "exists",
  "getData",
  "getAcl",
  "getChildren",
  "getChildren2",
  "sync",
  "multiRead",
  "checkWatches",
  "removeWatches",
  "addWatch",
  "getEphemerals",
  "getAllChildrenNumber",
  "whoAmI",
  "ping",
]);

export function isWrite(request: Request): boolean {
  return !readTypes.has(request.type);
}

/** The path that a request is about, for errors. */
export function pathOf(request: Request): string | undefined {
  return "path" in request ? request.path : undefined;
}

/** Calls in the order of their answers: those on the connection, and behind them those that wait for one. */
export class PendingCalls {
  #sent: PendingCall[] = [];
  #waiting: PendingCall[] = [];
  #nextSent = 0;
  #nextWaiting = 0;

  get count(): number {
    return this.#sent.length - this.#nextSent + this.#waiting.length - this.#nextWaiting;
  }

  get isAllAnswered(): boolean {
    return this.#nextSent === this.#sent.length;
  }

  add(call: PendingCall): void {
    this.#waiting.push(call);
  }

  /** The next one to send, which counts as sent from now on. */
  takeToSend(): PendingCall | undefined {
    while (this.#nextWaiting < this.#waiting.length) {
      const call = this.#waiting[this.#nextWaiting] as PendingCall;
      this.#nextWaiting += 1;
      if (this.#nextWaiting * 2 > this.#waiting.length) {
        this.#waiting = this.#waiting.slice(this.#nextWaiting);
        this.#nextWaiting = 0;
      }
      if (call.isGivenUp) continue;
      this.#sent.push(call);
      return call;
    }
    return undefined;
  }

  /** The one that the next answer belongs to. */
  takeAnswered(): PendingCall | undefined {
    const call = this.#sent[this.#nextSent];
    if (call === undefined) return undefined;
    this.#nextSent += 1;
    if (this.#nextSent * 2 > this.#sent.length) {
      this.#sent = this.#sent.slice(this.#nextSent);
      this.#nextSent = 0;
    }
    return call;
  }

  /** The connection is lost: nobody will answer what was sent. Reads are asked again, writes may have happened. */
  failSent(): void {
    const lost = this.#sent.slice(this.#nextSent).filter((call) => !call.isGivenUp);
    this.#sent = [];
    this.#nextSent = 0;
    const again = lost.filter(({ request }) => !isWrite(request));
    for (const call of again) call.xid = 0;
    this.#waiting = [...again, ...this.#waiting.slice(this.#nextWaiting)];
    this.#nextWaiting = 0;
    for (const { request, reject } of lost) {
      if (!isWrite(request)) continue;
      const operation = request.type;
      const path = pathOf(request);
      const message = `${operation} ${path ?? ""}: the connection broke before the answer`;
      reject(new CoordError("connection-lost", message, { path, operation, maybeApplied: true }));
    }
  }

  /** Nobody will ever send or answer anything. */
  failAll(code: "session-expired" | "closed" | "auth-failed", reason: string): void {
    this.failSent();
    const waiting = this.#waiting.slice(this.#nextWaiting);
    this.#waiting = [];
    this.#nextWaiting = 0;
    for (const { request, reject } of waiting) {
      reject(new CoordError(code, `${request.type}: ${reason}`, { path: pathOf(request), operation: request.type }));
    }
  }
}
