// A member of the ensemble under measurement, as a process of its own. Its parent tells it everything in its arguments.
import {
  createFileDisk,
  createTcpTransport,
  openReplica,
  paxos,
  slotPaxos,
  zab,
  type Machine,
  type MemberAddress,
} from "../src/index.ts";

const protocols = { zab, paxos, "slot-paxos": slotPaxos };

interface Orders {
  readonly id: number;
  readonly directory: string;
  readonly ports: Readonly<Record<number, number>>;
  readonly observers?: readonly number[];
  /** Default `zab`. */
  readonly protocol?: keyof typeof protocols;
}

const { id, directory, ports, observers = [], protocol = "zab" } = JSON.parse(process.argv[2] ?? "") as Orders;
const host = "127.0.0.1";
const empty = new Uint8Array(0);
const machine: Machine = { apply: () => empty, snapshot: () => [], restore: () => undefined };

const transport = await createTcpTransport({
  id,
  listen: { host, port: ports[id] ?? 0 },
  addressOf: (member): MemberAddress | undefined => {
    const port = ports[member];
    return port === undefined ? undefined : { host, port };
  },
});
const replica = await openReplica({
  id,
  members: {
    voters: Object.keys(ports)
      .map(Number)
      .filter((member) => !observers.includes(member)),
    observers,
  },
  protocol: protocols[protocol](),
  machine,
  storage: createFileDisk(directory),
  transport,
});
// In step with a leader, not just open: what is measured next counts on it.
if (replica.status().leader === undefined) {
  await new Promise<void>((resolve) => {
    replica.events.once("leader", () => resolve());
  });
}
process.stdout.write("ready\n");
process.once("SIGTERM", () => void replica.close());
process.once("disconnect", () => process.exit());
