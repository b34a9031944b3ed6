import { CoordError, type CoordErrorCode } from "../coord-error.ts";
import type { JuteReader } from "../protocol/jute-reader.ts";
import { errorCodes } from "../protocol/error-codes.ts";
import type { RequestType } from "../protocol/opcodes.ts";
import type { Request } from "../protocol/requests.ts";
import { decodeResponseBody, type ResponseBodies } from "../protocol/responses.ts";
import type { ClientClock } from "./client-clock.ts";
import type { CallOptions } from "./session.ts";

/** What a server answered. */
export interface Reply {
  readonly err: number;
  /** Undefined where the answer has none: most errors. */
  readonly body: ResponseBodies[RequestType] | undefined;
}

export interface WireCallOptions extends CallOptions {
  /** The path as the caller knows it, for errors. */
  readonly path?: string | undefined;
  /** Runs in the turn of the answer, before any later event is looked at: a watch must be in place by then. */
  readonly onAnswer?: ((err: number) => void) | undefined;
}

interface PendingCallOptions extends WireCallOptions {
  readonly clock: ClientClock;
}

/** Requests that change nothing are sent again after a reconnect; of any other, nobody knows. */
function isRead(request: Request): boolean {
  switch (request.type) {
    case "exists":
    case "getData":
    case "getAcl":
    case "getChildren":
    case "getChildren2":
    case "multiRead":
    case "sync":
    case "getEphemerals":
    case "getAllChildrenNumber":
    case "whoAmI":
    case "addWatch":
    case "checkWatches":
    case "removeWatches":
      return true;
    default:
      return false;
  }
}

/** One call on its way: settles once, whatever comes first. */
export class PendingCall {
  readonly request: Request;
  readonly isRead: boolean;
  readonly #options: PendingCallOptions;
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: CoordError) => void;
  #release: (() => void) | undefined;
  #isSettled = false;
  /** -1 while it has not been sent. */
  xid = -1;
  sentMs = 0;

  constructor(
    request: Request,
    settle: { readonly resolve: (reply: Reply) => void; readonly reject: (error: CoordError) => void },
    options: PendingCallOptions,
  ) {
    this.request = request;
    this.isRead = isRead(request);
    this.#options = options;
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
    if (options.signal !== undefined || options.timeoutMs !== undefined) this.#watchOver(options);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Throws when the body cannot be read: the rest of the connection cannot be trusted then either. */
  answer(err: number, body: JuteReader): void {
    if (this.#isSettled) return;
    // A failed multi is answered with the reason of each of its operations.
    const hasBody = err === errorCodes.ok && body.remaining > 0;
    const decoded = hasBody ? decodeResponseBody(this.request.type, body) : undefined;
    this.#settle();
    this.#options.onAnswer?.(err);
    this.#resolve({ err, body: decoded });
  }

  fail(code: CoordErrorCode, why: string, cause?: unknown): void {
    if (this.#isSettled) return;
    this.#settle();
    const { path } = this.#options;
    const operation = this.request.type;
    const maybeApplied = !this.isRead && this.xid >= 0;
    const where = path === undefined ? operation : `${operation} ${path}`;
    this.#reject(new CoordError(code, `${where}: ${why}`, { operation, path, maybeApplied, cause }));
  }

  #settle(): void {
    this.#isSettled = true;
    this.#release?.();
  }

  #watchOver({ signal, timeoutMs, clock }: PendingCallOptions): void {
    const onAbort = (): void => this.fail("aborted", "the signal was aborted", signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const cancel =
      timeoutMs === undefined
        ? undefined
        : clock.after(timeoutMs, () => this.fail("timeout", `no answer within ${timeoutMs} ms`));
    this.#release = () => {
      signal?.removeEventListener("abort", onAbort);
      cancel?.();
    };
    if (signal?.aborted === true) onAbort();
  }
}
