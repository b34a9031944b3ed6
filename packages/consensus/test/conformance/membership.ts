import { describe, expect, test } from "vitest";
import {
  ConsensusError,
  createMemoryDisk,
  createMemoryNetwork,
  openReplica,
  type Disk,
  type Members,
  type Protocol,
  type Replica,
} from "../../src/index.ts";
import { bytesOf, Ledger } from "./ledger.ts";

/** Replicas that are each opened with members of their own, as those that join later are. */
class Changing implements AsyncDisposable {
  readonly replicas: Map<number, Replica> = new Map<number, Replica>();
  readonly ledgers: Map<number, Ledger> = new Map<number, Ledger>();
  readonly #protocol: Protocol;
  readonly #network = createMemoryNetwork();
  readonly #disks: Map<number, Disk> = new Map<number, Disk>();

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  async open(id: number, members: Members): Promise<Replica> {
    const storage = this.#disks.get(id) ?? createMemoryDisk();
    this.#disks.set(id, storage);
    const machine = new Ledger();
    const { transport } = this.#network;
    const options = { id, members, protocol: this.#protocol, machine, storage, transport, tickMs: 2 };
    const replica = await openReplica({ ...options, snapshotEntries: 20 });
    this.replicas.set(id, replica);
    this.ledgers.set(id, machine);
    return replica;
  }

  replica(id: number): Replica {
    const replica = this.replicas.get(id);
    if (replica === undefined) throw new Error(`replica ${id} is not open`);
    return replica;
  }

  async stop(id: number): Promise<void> {
    await this.replicas.get(id)?.close();
    this.replicas.delete(id);
  }

  /** Again while it is lost: a leader that leaves takes what it was asked for along. */
  async deposit(id: number): Promise<void> {
    for (;;) {
      try {
        await this.replica(id).propose(bytesOf("1"));
        return;
      } catch (thrown) {
        if (!(thrown instanceof ConsensusError) || thrown.code !== "proposal-lost") throw thrown;
      }
    }
  }

  async balanceAt(id: number): Promise<number | undefined> {
    return this.replica(id).read(() => this.ledgers.get(id)?.balance);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of [...this.replicas.keys()]) await this.stop(id);
  }
}

/** What every protocol must do while members change. */
export function describeMembership(name: string, protocol: () => Protocol): void {
  describe(`${name} changes its members while it serves`, { timeout: 20_000 }, () => {
    test("one becomes three, which are replaced one after the other by three others; nothing is lost", async () => {
      await using ensemble = new Changing(protocol());
      const alone: Members = { voters: [1], observers: [] };
      await ensemble.open(1, alone);
      let deposited = 0;
      const deposit = async (id: number): Promise<void> => {
        await ensemble.deposit(id);
        deposited += 1;
      };
      await deposit(1);
      let voters = [1];
      const changes: readonly { readonly joining?: number; readonly leaving?: number }[] = [
        { joining: 2 },
        { joining: 3 },
        { joining: 4, leaving: 1 },
        { joining: 5, leaving: 3 },
        { joining: 6, leaving: 2 },
        { leaving: 4 },
      ];
      for (const { joining, leaving } of changes) {
        const [asked = 1] = voters;
        if (joining !== undefined) {
          await ensemble.replica(asked).reconfigure({ voters, observers: [joining] });
          const joined = await ensemble.open(joining, { voters, observers: [joining] });
          await joined.read(() => undefined);
        }
        const next = [...voters, ...(joining === undefined ? [] : [joining])].filter((id) => id !== leaving);
        await ensemble.replica(asked).reconfigure({ voters: next, observers: [] });
        if (leaving !== undefined) await ensemble.stop(leaving);
        voters = next;
        for (const id of voters) await deposit(id);
        for (const id of voters) {
          expect(await ensemble.balanceAt(id)).toBe(deposited);
          expect(ensemble.replica(id).config()).toMatchObject({ voters, observers: [], outgoing: undefined });
        }
      }
      expect(voters).toEqual([5, 6]);

      // What they were opened with says nothing any more: the log does.
      for (const id of voters) await ensemble.stop(id);
      for (const id of voters) await ensemble.open(id, { voters: [1], observers: [id] });
      for (const id of voters) expect(await ensemble.balanceAt(id)).toBe(deposited);
    });

    test("voters without a quorum in step are refused, and the ensemble goes on as it is", async () => {
      await using ensemble = new Changing(protocol());
      const members: Members = { voters: [1, 2, 3], observers: [] };
      for (const id of members.voters) await ensemble.open(id, members);
      const replica = ensemble.replica(2);
      const refused = replica.reconfigure({ voters: [1, 7, 8], observers: [] });
      await expect(refused).rejects.toMatchObject({ code: "proposal-rejected", maybeApplied: false });
      await expect(replica.reconfigure({ voters: [], observers: [1] })).rejects.toMatchObject({
        code: "invalid-options",
      });
      await replica.propose(bytesOf("3"));
      expect(replica.config()).toMatchObject({ voters: [1, 2, 3], position: 0n });
    });

    test("a leader that is no longer a voter hands over, and hears of it", async () => {
      await using ensemble = new Changing(protocol());
      const members: Members = { voters: [1, 2, 3], observers: [] };
      for (const id of members.voters) await ensemble.open(id, members);
      await ensemble.replica(1).propose(bytesOf("3"));
      const leader = ensemble.replica(1).status().leader ?? expect.unreachable();
      const voters = members.voters.filter((id) => id !== leader);
      const seen: unknown[] = [];
      for (const id of voters) ensemble.replica(id).events.on("members", (change) => seen.push([id, change.outgoing]));
      await ensemble.replica(leader).reconfigure({ voters, observers: [leader] });
      for (const id of voters) await ensemble.deposit(id);
      for (const id of members.voters) expect(await ensemble.balanceAt(id)).toBe(5);
      expect(ensemble.replica(leader).status().role).toBe("observing");
      for (const id of voters) {
        expect(seen).toContainEqual([id, [1, 2, 3]]);
        expect(seen).toContainEqual([id, undefined]);
      }
    });
  });
}
