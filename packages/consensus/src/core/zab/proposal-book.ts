import { ChurningMap } from "@tutti/stdx";
import type { EffectsBuffer } from "../effects.ts";
import { requestKey, unnamedClient, type Entry, type ProposalRequest } from "../entry.ts";
import type { LogMirror } from "../log-mirror.ts";
import type { ReplicaMessage } from "../messages.ts";
import type { Zxid } from "../zxid.ts";

interface Open {
  readonly proposal: number;
  readonly request: ProposalRequest;
  /** The epoch in which it was handed to a leader; undefined while it waits here. */
  sentEpoch: number | undefined;
  /** Handed over more than once: then a refusal of one is not the end of the other. */
  isResent: boolean;
  /** A snapshot came since: it may be applied, and only the table of answers can tell. */
  isCovered: boolean;
}

const none: readonly never[] = [];

/**
 * The proposals made at this replica that have not ended.
 *
 * A proposal handed to the leader of epoch e can only become a transaction of epoch e. Once this replica is in step
 * with a leader again, its log holds all that can ever be committed of what was handed over before. So each open
 * proposal is then either in the log, and will be committed, or lost for good: no proposal stays unknown while the
 * replica lives and finds a leader.
 */
export class ProposalBook {
  readonly #open: ChurningMap<string, Open> = new ChurningMap<string, Open>();
  readonly #keys: ChurningMap<number, string> = new ChurningMap<number, string>();
  #waiting: Set<string> = new Set<string>();
  /** Requests without a name. Whether they are in the log is nobody's question here. */
  #unnamed: ProposalRequest[] = [];
  readonly #out: EffectsBuffer<ReplicaMessage>;
  readonly #waitingMax: number;

  constructor(out: EffectsBuffer<ReplicaMessage>, waitingMax: number) {
    this.#out = out;
    this.#waitingMax = waitingMax;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Takes a proposal in; refused as `overloaded` when too many are open. */
  add(proposal: number, request: ProposalRequest): void {
    const key = requestKey(request);
    if (this.#open.has(key) || this.#open.size >= this.#waitingMax) {
      this.#out.outcome({ kind: "lost", proposal, reason: "overloaded" });
      return;
    }
    this.#open.set(key, { proposal, request, sentEpoch: undefined, isResent: false, isCovered: false });
    this.#keys.set(proposal, key);
    this.#waiting.add(key);
  }

  addUnnamed(payload: Uint8Array): void {
    this.#unnamed.push({ client: unnamedClient, sequence: 0, payload });
  }

  /** Gives up the requests without a name that were not handed over. */
  dropUnnamed(): void {
    this.#unnamed = [];
  }

  /** The requests that wait for a leader, oldest first; they count as handed over in `epoch` from now on. */
  takeWaiting(epoch: number): readonly ProposalRequest[] {
    // Asked for at each step, and mostly there is nothing.
    if (this.#unnamed.length === 0 && this.#waiting.size === 0) return none;
    const taken = this.#unnamed;
    this.#unnamed = [];
    for (const key of this.#waiting) {
      const open = this.#open.get(key);
      if (open === undefined) continue;
      open.sentEpoch = epoch;
      taken.push(open.request);
    }
    if (this.#waiting.size > 0) this.#waiting = new Set();
    return taken;
  }

  forget(proposal: number): void {
    const key = this.#keys.get(proposal);
    if (key !== undefined) this.#close(key);
  }

  /** An entry is handed out for application. */
  committed(entry: Entry): void {
    if (this.#open.size === 0) return;
    const key = requestKey(entry);
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#close(key);
    this.#out.outcome({ kind: "committed", proposal: open.proposal, zxid: entry.zxid });
  }

  /** The leader knows this request from before, or refuses it. */
  answered(request: { readonly client: bigint; readonly sequence: number }, position: Zxid, refused: boolean): void {
    const key = requestKey(request);
    const open = this.#open.get(key);
    if (open === undefined) return;
    if (refused && open.isResent) {
      this.#waiting.add(key);
      return;
    }
    this.#close(key);
    this.#out.outcome(
      refused
        ? { kind: "lost", proposal: open.proposal, reason: "overloaded" }
        : { kind: "answered", proposal: open.proposal, position },
    );
  }

  /**
   * This replica is in step with a leader: whatever was handed over before is in the log after `delivered`, or in the
   * snapshot that was installed, or lost.
   */
  settle(log: LogMirror, delivered: Zxid, restored: boolean): void {
    const handedOver = [...this.#open].filter(([, open]) => open.sentEpoch !== undefined);
    if (handedOver.length === 0) return;
    const logged = new Set(log.after(delivered).map((entry) => requestKey(entry)));
    for (const [key, open] of handedOver) {
      if (logged.has(key)) continue;
      this.#close(key);
      // With a snapshot between then and now only the table of answers can tell; it says "never applied" as well.
      if (restored) this.#out.outcome({ kind: "answered", proposal: open.proposal, position: delivered });
      else this.#out.outcome({ kind: "lost", proposal: open.proposal, reason: "superseded" });
    }
  }

  /** What was handed to the leader of `epoch` may not have come: it is handed over again, and recognised if it has. */
  resend(epoch: number): void {
    for (const [key, open] of this.#open) {
      if (open.sentEpoch !== epoch) continue;
      open.isResent = true;
      this.#waiting.add(key);
    }
  }

  /** A snapshot takes the place of the state: it may hold any of them. */
  cover(): void {
    for (const open of this.#open.values()) open.isCovered = true;
  }

  /** All is delivered that can ever come of what was handed over before `epoch`. The rest is lost. */
  settleBefore(epoch: number, delivered: Zxid): void {
    for (const [key, open] of this.#open) {
      if (open.sentEpoch === undefined || open.sentEpoch >= epoch) continue;
      this.#close(key);
      if (open.isCovered) this.#out.outcome({ kind: "answered", proposal: open.proposal, position: delivered });
      else this.#out.outcome({ kind: "lost", proposal: open.proposal, reason: "superseded" });
    }
  }

  #close(key: string): void {
    const open = this.#open.get(key);
    if (open !== undefined) this.#keys.delete(open.proposal);
    this.#open.delete(key);
    this.#waiting.delete(key);
  }
}
