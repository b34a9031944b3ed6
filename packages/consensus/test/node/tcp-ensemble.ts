import {
  createMemoryDisk,
  openReplica,
  zab,
  type Disk,
  type LinkProblem,
  type MemberAddress,
  type Protocol,
  type Replica,
  type TcpTransportOptions,
} from "../../src/index.ts";
import { openTcpTransport } from "../../src/node/tcp-transport.ts";
import { wireVersion } from "../../src/wire/replica-codec.ts";
import { Ledger } from "../conformance/ledger.ts";

export interface TcpMember {
  readonly replica: Replica;
  readonly ledger: Ledger;
  readonly problems: LinkProblem[];
}

/** Members that talk over real sockets on loopback. */
export class TcpEnsemble implements AsyncDisposable {
  readonly members: Map<number, TcpMember> = new Map<number, TcpMember>();
  readonly #ids: readonly number[];
  readonly #protocol: Protocol;
  readonly #disks: Map<number, Disk> = new Map<number, Disk>();
  readonly #addresses: Map<number, MemberAddress> = new Map<number, MemberAddress>();

  constructor(ids: readonly number[], protocol: Protocol = zab({ retainedEntriesMax: 10 })) {
    this.#ids = ids;
    this.#protocol = protocol;
  }

  /** `version`: as one that was not upgraded yet speaks. */
  async start(
    id: number,
    options: Partial<TcpTransportOptions> = {},
    snapshotEntries = 10_000,
    version: number = wireVersion,
  ): Promise<TcpMember> {
    const problems: LinkProblem[] = [];
    const transportOptions: TcpTransportOptions = {
      id,
      listen: { host: "127.0.0.1", port: this.#addresses.get(id)?.port ?? 0 },
      addressOf: (member) => this.#addresses.get(member),
      onProblem: (problem) => problems.push(problem),
      ...options,
    };
    const transport = await openTcpTransport(transportOptions, version);
    this.#addresses.set(id, transport.address);
    const storage = this.#disks.get(id) ?? createMemoryDisk();
    this.#disks.set(id, storage);
    const ledger = new Ledger();
    const replica = await openReplica({
      id,
      members: this.#ids,
      protocol: this.#protocol,
      machine: ledger,
      storage,
      transport,
      tickMs: 5,
      snapshotEntries,
    });
    const member = { replica, ledger, problems };
    this.members.set(id, member);
    return member;
  }

  async stop(id: number): Promise<void> {
    await this.members.get(id)?.replica.close();
    this.members.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of [...this.members.keys()]) await this.stop(id);
  }
}

/** Waits until something is so, looking again whenever a replica changes. */
export async function until(member: TcpMember, condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise<void>((resolve) => {
      const events = ["leader", "commit", "role"] as const;
      const look = (): void => {
        for (const event of events) member.replica.events.off(event, look);
        resolve();
      };
      for (const event of events) member.replica.events.on(event, look);
    });
  }
}
