import { membersOf, type LoggedConfiguration } from "../core/configuration.ts";
import type { NodeId, Snapshot } from "../core/entry.ts";
import type { Zxid } from "../core/zxid.ts";

interface OpenChange {
  readonly position: Zxid;
  readonly resolve: () => void;
}

/** Who takes part, as the driver of one replica follows it, and who waits for a change to be over. */
export class MemberBook {
  readonly #id: NodeId;
  readonly #initial: LoggedConfiguration;
  /** As of the last entry applied. */
  #applied: LoggedConfiguration;
  /** The newest in the log, as the transport knows it. */
  #logged: LoggedConfiguration;
  #untold: LoggedConfiguration[] = [];
  readonly #open: Set<OpenChange> = new Set<OpenChange>();

  constructor(id: NodeId, initial: LoggedConfiguration) {
    this.#id = id;
    this.#initial = initial;
    this.#applied = initial;
    this.#logged = initial;
  }

  /** What a snapshot says: nothing as long as nothing has changed. */
  get ofSnapshot(): Pick<Snapshot, "configuration"> {
    return this.#applied.position === 0n ? {} : { configuration: this.#applied };
  }

  /**
   * Everybody in the newest configuration of the log, and in the last that was applied: whoever leaves hears of it. Nobody
   * for one that has left.
   */
  get peers(): readonly NodeId[] {
    const all = new Set([...membersOf(this.#logged), ...membersOf(this.#applied)]);
    return all.delete(this.#id) ? [...all] : [];
  }

  /** True when that changes whom this replica keeps links to. */
  log(configuration: LoggedConfiguration): boolean {
    if (configuration === this.#logged) return false;
    this.#logged = configuration;
    return true;
  }

  load({ configuration }: Snapshot): void {
    this.#applied = configuration ?? this.#initial;
    this.#endChanges();
  }

  apply(configuration: LoggedConfiguration): void {
    this.#applied = configuration;
    this.#untold.push(configuration);
    this.#endChanges();
  }

  takeUntold(): readonly LoggedConfiguration[] {
    const untold = this.#untold;
    this.#untold = [];
    return untold;
  }

  /** Calls `resolve` when an entry at or after `position` names new voters alone. Returns how to stop waiting. */
  whenAlone(position: Zxid, resolve: () => void): () => void {
    const open: OpenChange = { position, resolve };
    this.#open.add(open);
    this.#endChanges();
    return () => this.#open.delete(open);
  }

  #endChanges(): void {
    const { outgoing, position } = this.#applied;
    if (outgoing !== undefined) return;
    for (const open of this.#open) if (open.position <= position) open.resolve();
  }
}
