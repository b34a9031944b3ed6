import { CoordError, type CoordErrorCode } from "../coord-error.ts";
import type { JuteReader } from "../protocol/jute-reader.ts";
import type { Request } from "../protocol/requests.ts";
import type { CallOptions } from "./connect-options.ts";

/** What an operation wants from the wire. Paths in `request` are absolute, `path` is the caller's. */
export interface WireCall<T> {
  readonly request: Request;
  readonly operation: string;
  readonly path: string | undefined;
  /** Turns an answer into a result. Runs in the turn of the answer, before any later event is looked at. */
  readonly read: (err: number, body: JuteReader) => T;
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
      return true;
    default:
      return false;
  }
}

/** One call on its way: settles once, whatever comes first. */
export class PendingCall<T = unknown> {
  readonly request: Request;
  readonly isRead: boolean;
  readonly #call: WireCall<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: CoordError) => void;
  #release: (() => void) | undefined;
  #isSettled = false;
  /** -1 while it has not been sent. */
  xid = -1;
  sentMs = 0;

  constructor(
    call: WireCall<T>,
    settle: { readonly resolve: (value: T) => void; readonly reject: (error: CoordError) => void },
    options: CallOptions,
  ) {
    this.#call = call;
    this.request = call.request;
    this.isRead = isRead(call.request);
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
    if (options.signal !== undefined || options.timeoutMs !== undefined) this.#watchOver(options);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  answer(err: number, body: JuteReader): void {
    if (this.#isSettled) return;
    try {
      const result = this.#call.read(err, body);
      this.#settle();
      this.#resolve(result);
    } catch (thrown) {
      this.#settle();
      this.#reject(CoordError.from(thrown, "malformed-record"));
    }
  }

  fail(code: CoordErrorCode, why: string, cause?: unknown): void {
    if (this.#isSettled) return;
    this.#settle();
    const { operation, path } = this.#call;
    const maybeApplied = !this.isRead && this.xid >= 0;
    const where = path === undefined ? operation : `${operation} ${path}`;
    this.#reject(new CoordError(code, `${where}: ${why}`, { operation, path, maybeApplied, cause }));
  }

  #settle(): void {
    this.#isSettled = true;
    this.#release?.();
  }

  #watchOver({ signal, timeoutMs }: CallOptions): void {
    const onAbort = (): void => this.fail("aborted", "the signal was aborted", signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => this.fail("timeout", `no answer within ${timeoutMs} ms`), timeoutMs);
    this.#release = () => {
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    };
    if (signal?.aborted === true) onAbort();
  }
}
