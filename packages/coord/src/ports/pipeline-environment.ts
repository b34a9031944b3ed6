import type { SaslExchange } from "./sasl-exchange.ts";
import type { TellEvent } from "./server-event.ts";

/** Time, chance and secrets, which the pipeline does not have by itself. */
export interface PipelineEnvironment {
  /** A clock that never goes back; its zero means nothing. */
  monotonicMs(): number;
  wallMs(): bigint;
  /** 16 bytes that nobody can guess, to prove the ownership of a new session. */
  newPassword(): Uint8Array;
  /** `user:base64(sha1("user:password"))` for the clear text that addauth sends. */
  digestOf(userAndPassword: Uint8Array): string;
  /** Begins a SASL authentication; undefined where no mechanism is offered. */
  beginSasl(): SaslExchange | undefined;
  /** The text that answers a four-letter word; undefined for one that is not allowed to be asked. */
  answerWord(word: string): string;
  readonly tell: TellEvent;
}
