/** What a server tells of itself. Events inform: nothing waits for who listens, and nobody can change what happens. */
export interface ServerEvents {
  connectionOpened: [event: { readonly remote: string }];
  /** `sessionId` is 0n when it never had one. The session may go on elsewhere. */
  connectionClosed: [event: { readonly remote: string; readonly sessionId: bigint }];
  /** Not taken: too many, or too fast. */
  connectionRefused: [event: { readonly remote: string; readonly reason: RefusalReason }];
  /** A session has begun here, or goes on here. */
  sessionAttached: [event: { readonly remote: string; readonly sessionId: bigint; readonly timeoutMs: number }];
  /** On the leader: a session was silent for too long. */
  sessionExpired: [event: { readonly sessionId: bigint }];
  /** On every server: a session is over, with its ephemeral nodes. */
  sessionEnded: [event: { readonly sessionId: bigint }];
  authFailed: [event: { readonly remote: string; readonly scheme: string }];
  /** A change that a client has asked for, and what came of it. Only when `audit` is on. */
  audit: [entry: AuditEntry];
}

/** ZooKeeper's `maxClientCnxns`, `maxCnxns`, and connection throttle. */
export type RefusalReason = "too-many-of-address" | "too-many" | "too-fast";

/** One operation as the audit log tells it: who asked for what, and how it ended. */
export interface AuditEntry {
  readonly sessionId: bigint;
  /** Whoever the connection has proved to be; its address when it is nobody. */
  readonly user: string;
  readonly address: string;
  readonly operation: "create" | "delete" | "setData" | "setAcl" | "reconfig";
  readonly path: string;
  /** Of a create. */
  readonly nodeType: string | undefined;
  readonly result: "success" | "failure";
}

/** Takes one event. */
export type TellEvent = <K extends keyof ServerEvents>(type: K, event: ServerEvents[K][0]) => void;
