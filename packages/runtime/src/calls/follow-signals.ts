import { linkSignals } from "@tutti/stdx";
import { RuntimeError } from "../runtime-error.ts";

export interface Limits {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Throws where the signal is aborted already. Else calls back when it is, or when the time is up, until `stop`. */
export function followSignals({ signal, timeoutMs }: Limits, onEnd: (error: RuntimeError) => void): () => void {
  const canceled = (): RuntimeError =>
    new RuntimeError("canceled", "the signal of the call was aborted", { cause: signal?.reason });
  if (signal?.aborted === true) throw canceled();
  const linked = signal && linkSignals([signal]);
  linked?.signal.addEventListener("abort", () => onEnd(canceled()), { once: true });
  const late = (): void => onEnd(new RuntimeError("timeout", `the call took longer than ${timeoutMs} ms`));
  const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
  return () => {
    clearTimeout(timer);
    linked?.[Symbol.dispose]();
  };
}
