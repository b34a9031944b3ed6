import type { EventEmitter } from "eventemitter3";
import type { ServerEvents, TellEvent } from "../ports/server-event.ts";
import type { ServerMode } from "./server-mode.ts";

/** What a server tells of while it runs. */
export interface CoordServerEvents extends ServerEvents {
  /** The server has another part in its ensemble. */
  mode: [event: { readonly mode: ServerMode }];
}

/** Each listener in a turn of its own, so that one that throws cannot stop what the server has to do. */
export function createTell(events: EventEmitter<CoordServerEvents>): TellEvent {
  const emit = (type: string, event: unknown): boolean => (events as unknown as EventEmitter).emit(type, event);
  return (type, event) => {
    if (events.listenerCount(type) > 0) queueMicrotask(() => emit(type, event));
  };
}
