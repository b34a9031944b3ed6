/** A signal that follows others until it is disposed of. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * One signal that follows several, cut loose when the call that needs it is over.
 *
 * `AbortSignal.any` would keep memory for every call for as long as a long-lived source has a listener
 * (nodejs/node#54614); this keeps none after disposal.
 */
export function linkSignals(sources: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const unlinks: (() => void)[] = [];
  const dispose = (): void => {
    for (const unlink of unlinks.splice(0)) unlink();
  };
  for (const source of sources) {
    if (source === undefined) continue;
    if (source.aborted) {
      controller.abort(source.reason);
      break;
    }
    const onAbort = (): void => {
      controller.abort(source.reason);
      dispose();
    };
    source.addEventListener("abort", onAbort, { once: true });
    unlinks.push(() => source.removeEventListener("abort", onAbort));
  }
  if (controller.signal.aborted) dispose();
  return { signal: controller.signal, [Symbol.dispose]: dispose };
}
