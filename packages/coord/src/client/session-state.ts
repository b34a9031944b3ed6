/**
 * - `connecting`: no server has taken the session yet.
 * - `connected`: a server answers.
 * - `suspended`: the connection is lost; the session may go on at another server, or may be over already.
 * - `expired`: the session is over, with its ephemeral nodes. Final, unless sessions are renewed.
 * - `refused`: the server does not accept the credentials. Final.
 * - `closed`: closed here. Final.
 */
export type SessionState = "connecting" | "connected" | "suspended" | "expired" | "refused" | "closed";

export interface SessionEvents {
  /** The state has changed. */
  state: [change: { readonly from: SessionState; readonly to: SessionState; readonly reason: string }];
}

export function isFinal(state: SessionState): boolean {
  return state === "expired" || state === "refused" || state === "closed";
}
