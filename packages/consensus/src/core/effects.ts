import type { AcceptedEntry } from "./accepted-entry.ts";
import type { Entry, NodeId, Snapshot } from "./entry.ts";
import type { Zxid } from "./zxid.ts";

/**
 * Names a write of this life of the replica: 1, 2, 3 … in the order in which they must reach the disk. 0 is durable
 * from the start. A restarted replica is a new core with new tokens, and a driver must not carry completions over.
 */
export type Token = number;

/** One connection between two members. A connection that broke and came back has a new number. */
export type LinkId = number;

/** What must survive a crash besides log and snapshots. Written as one, so that no crash can separate the fields. */
export interface Epochs {
  /** The highest epoch promised to a leader. Never decreases. */
  readonly accepted: number;
  /** The highest epoch whose NEWLEADER was acknowledged; votes carry it. Never decreases, never above `accepted`. */
  readonly current: number;
  /** False until this member may vote: its disk was empty and it has not yet been in step with the others. */
  readonly voting: boolean;
}

/** A change of the disk. Each is atomic by itself, except that a crash may keep only the first entries of an append. */
export type Write =
  | { readonly kind: "append"; readonly entries: readonly Entry[] }
  | { readonly kind: "truncate"; readonly last: Zxid }
  | { readonly kind: "epochs"; readonly epochs: Epochs }
  /** Log and snapshot become exactly these, all or nothing: between two histories there must be no half-way disk. */
  | { readonly kind: "replace"; readonly snapshot: Snapshot; readonly entries: readonly Entry[] }
  /**
   * Per-slot Paxos: each takes the place of what its slot held. `chosen`: what the slots hold up to there, this write
   * included, is known to be chosen; it may lag. A crash may keep only the first of them.
   */
  | { readonly kind: "accept"; readonly accepted: readonly AcceptedEntry[]; readonly chosen: Zxid }
  /** Per-slot Paxos, all or nothing: a snapshot of others, and what is held behind it. */
  | {
      readonly kind: "install";
      readonly snapshot: Snapshot;
      readonly accepted: readonly AcceptedEntry[];
      readonly epochs: Epochs;
    }
  /** A snapshot of this replica's own state; entries up to its position are no longer needed for recovery. */
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot };

/** Something for the disk, in this order and before anything that waits for its token. */
export interface PendingWrite {
  readonly token: Token;
  readonly write: Write;
}

/** A message that is to leave. */
export interface Send<Message> {
  readonly to: NodeId;
  /** The link it must travel on, or undefined where any or none will do. */
  readonly link: LinkId | undefined;
  readonly message: Message;
  /** It may leave only when this token is durable. */
  readonly after: Token;
}

/** What the machine is to do next, in order. */
export type Apply =
  | { readonly kind: "commit"; readonly entry: Entry }
  | { readonly kind: "restore"; readonly snapshot: Snapshot };

/** How a proposal ended without being applied here. `answered` and `covered` are found by request in the table. */
export type Outcome =
  | { readonly kind: "lost"; readonly proposal: number; readonly reason: LossReason }
  /** It was applied at or before `position`; the answer is in the table of recent answers once that is applied. */
  | { readonly kind: "answered"; readonly proposal: number; readonly position: Zxid }
  /** Applied now as `zxid`, which is the next commit in this batch of effects. */
  | { readonly kind: "committed"; readonly proposal: number; readonly zxid: Zxid };

/** Why a proposal will never be applied. */
export type LossReason = "superseded" | "overloaded" | "not-taken";

/** Facts for people; nothing may depend on them. */
export type CoreEvent =
  | { readonly kind: "role"; readonly from: string; readonly to: string; readonly reason: string }
  | { readonly kind: "leader"; readonly leader: NodeId | undefined; readonly epoch: number };

/** A condition after which this replica must stop: going on could break what it promised. */
export interface Fatal {
  readonly reason: "history-mismatch";
  readonly detail: string;
}

/** The duties after a step, in the order in which they must be done: persist, send, apply, answer, tell. */
export interface Effects<Message> {
  /** 1. Persist, in this order. */
  readonly writes: readonly PendingWrite[];
  /** 2. Send. Messages on one link keep their order among those that are ready. */
  readonly sends: readonly Send<Message>[];
  /** 3. Apply, in this order. */
  readonly applies: readonly Apply[];
  /** 4. Answer reads: `read` may be served once `position` is applied. */
  readonly reads: readonly { readonly read: number; readonly position: Zxid }[];
  /** 5. Answer proposals. */
  readonly outcomes: readonly Outcome[];
  /** 6. Tell. */
  readonly events: readonly CoreEvent[];
  /** Instead of all that: stop. */
  readonly fatal: Fatal | undefined;
}

/** Collects effects between two drains. */
export class EffectsBuffer<Message> {
  #writes: PendingWrite[] = [];
  #sends: Send<Message>[] = [];
  #applies: Apply[] = [];
  #reads: { read: number; position: Zxid }[] = [];
  #outcomes: Outcome[] = [];
  #events: CoreEvent[] = [];
  #fatal: Fatal | undefined;
  /** The entries of the last write if that was an append and has not been drained. */
  #tail: Entry[] | undefined;
  /** The last write if that accepted slots and has not been drained. */
  #accepts: { kind: "accept"; accepted: AcceptedEntry[]; chosen: Zxid } | undefined;
  /** The token of the last write that was asked for in this life. */
  lastToken: Token = 0;

  /** Appends that follow one another between two drains become one, so that they share a token and an ack. */
  write(write: Write): Token {
    if (write.kind === "accept") return this.#accept(write);
    this.#accepts = undefined;
    if (write.kind !== "append") {
      this.#tail = undefined;
      this.lastToken += 1;
      this.#writes.push({ token: this.lastToken, write });
    } else if (this.#tail === undefined) {
      this.#tail = [...write.entries];
      this.lastToken += 1;
      this.#writes.push({ token: this.lastToken, write: { kind: "append", entries: this.#tail } });
    } else {
      this.#tail.push(...write.entries);
    }
    return this.lastToken;
  }

  /** As appends do, acceptances that follow one another become one. */
  #accept({ accepted, chosen }: Extract<Write, { readonly kind: "accept" }>): Token {
    this.#tail = undefined;
    if (this.#accepts === undefined) {
      this.#accepts = { kind: "accept", accepted: [...accepted], chosen };
      this.lastToken += 1;
      this.#writes.push({ token: this.lastToken, write: this.#accepts });
    } else {
      this.#accepts.accepted.push(...accepted);
      this.#accepts.chosen = chosen;
    }
    return this.lastToken;
  }

  send(send: Send<Message>): void {
    this.#sends.push(send);
  }

  apply(apply: Apply): void {
    this.#applies.push(apply);
  }

  read(read: number, position: Zxid): void {
    this.#reads.push({ read, position });
  }

  outcome(outcome: Outcome): void {
    this.#outcomes.push(outcome);
  }

  event(event: CoreEvent): void {
    this.#events.push(event);
  }

  fatal(fatal: Fatal): void {
    this.#fatal ??= fatal;
  }

  get isFatal(): boolean {
    return this.#fatal !== undefined;
  }

  drain(): Effects<Message> {
    const drained: Effects<Message> = {
      writes: this.#writes,
      sends: this.#sends,
      applies: this.#applies,
      reads: this.#reads,
      outcomes: this.#outcomes,
      events: this.#events,
      fatal: this.#fatal,
    };
    this.#writes = [];
    this.#tail = undefined;
    this.#accepts = undefined;
    this.#sends = [];
    this.#applies = [];
    this.#reads = [];
    this.#outcomes = [];
    this.#events = [];
    return drained;
  }
}
