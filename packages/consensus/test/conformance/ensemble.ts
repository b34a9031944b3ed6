import {
  createMemoryDisk,
  createMemoryNetwork,
  openReplica,
  type Disk,
  type MemoryNetwork,
  type Protocol,
  type Replica,
  type ReplicaOptions,
} from "../../src/index.ts";
import { Ledger } from "./ledger.ts";

export interface Member {
  readonly replica: Replica;
  readonly ledger: Ledger;
}

type EnsembleOptions = Partial<ReplicaOptions> & { readonly protocol: Protocol };

/** An ensemble in one process, whose members can be stopped, started again, wiped, and cut off. */
export class Ensemble implements AsyncDisposable {
  readonly members: Map<number, Member> = new Map<number, Member>();
  readonly disks: Map<number, Disk> = new Map<number, Disk>();
  readonly network: MemoryNetwork = createMemoryNetwork();
  readonly #voters: readonly number[];
  readonly #observers: readonly number[];
  readonly #options: EnsembleOptions;
  readonly #ledger: () => Ledger;

  constructor(
    voters: readonly number[],
    { ledger = () => new Ledger(), ...options }: EnsembleOptions & { readonly ledger?: () => Ledger },
    observers: readonly number[] = [],
  ) {
    this.#ledger = ledger;
    this.#voters = voters;
    this.#observers = observers;
    this.#options = options;
  }

  async startAll(): Promise<void> {
    for (const id of [...this.#voters, ...this.#observers]) await this.start(id);
  }

  async start(id: number): Promise<Member> {
    const storage = this.disks.get(id) ?? createMemoryDisk();
    this.disks.set(id, storage);
    const ledger = this.#ledger();
    const members = { voters: this.#voters, observers: this.#observers };
    const { transport } = this.network;
    const replica = await openReplica({
      tickMs: 2,
      id,
      members,
      machine: ledger,
      storage,
      transport,
      ...this.#options,
    });
    const member = { replica, ledger };
    this.members.set(id, member);
    return member;
  }

  async stop(id: number): Promise<void> {
    await this.members.get(id)?.replica.close();
    this.members.delete(id);
  }

  member(id: number): Member {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`member ${id} is not running`);
    return member;
  }

  isolate(id: number, isolated: boolean): void {
    for (const other of [...this.#voters, ...this.#observers]) {
      if (other === id) continue;
      if (isolated) this.network.cut(id, other);
      else this.network.mend(id, other);
    }
  }

  /** The member that leads, once all members that run are in step with it. */
  async leader(of: readonly number[] = [...this.members.keys()]): Promise<number> {
    for (;;) {
      const leaders = new Set(of.map((id) => this.member(id).replica.status().leader));
      const [leader] = leaders;
      if (leaders.size === 1 && leader !== undefined && of.includes(leader)) return leader;
      await this.#change(of);
    }
  }

  async #change(of: readonly number[]): Promise<void> {
    await new Promise<void>((resolve) => {
      const onLeader = (): void => {
        for (const id of of) this.members.get(id)?.replica.events.off("leader", onLeader);
        resolve();
      };
      for (const id of of) this.member(id).replica.events.on("leader", onLeader);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of [...this.members.keys()]) await this.stop(id);
  }
}
