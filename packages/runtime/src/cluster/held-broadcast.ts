import type { BroadcastShipment, CapturedBroadcast } from "../broadcast/broadcast.ts";

/** A broadcast of another process, for as long as that one says. */
export interface HeldBroadcast extends CapturedBroadcast {
  readonly release: () => void;
}

export function holdBroadcast(shipment: BroadcastShipment): HeldBroadcast {
  const listeners = new Set<() => void>();
  return {
    shipment,
    onRelease(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    release() {
      for (const listener of [...listeners]) listener();
    },
  };
}
