/**
 * - `connecting`: no server has taken the session yet.
 * - `connected`: a server answers.
 * - `connectedReadOnly`: a server answers that is cut off from its ensemble; it serves reads alone.
 * - `suspended`: the connection is lost; the session most likely lives, and may go on at another server.
 * - `uncertain`: no server has been heard of for a whole session timeout: the session may be over. It may still go on.
 * - `expired`: the session is over, with its ephemeral nodes. Final, unless sessions are renewed.
 * - `refused`: the server does not accept the credentials. Final.
 * - `closed`: closed here. Final.
 */
export type SessionState =
  | "connecting"
  | "connected"
  | "connectedReadOnly"
  | "suspended"
  | "uncertain"
  | "expired"
  | "refused"
  | "closed";

/** What a session tells of. */
export interface SessionEvents {
  /** The state has changed. */
  state: [change: { readonly from: SessionState; readonly to: SessionState; readonly reason: string }];
}

export function isFinal(state: SessionState): boolean {
  return state === "expired" || state === "refused" || state === "closed";
}

export function isConnected(state: SessionState): boolean {
  return state === "connected" || state === "connectedReadOnly";
}
