// A member of the ensemble under measurement, as a process of its own. Its parent tells it everything in its arguments.
import {
  createFileDisk,
  createTcpTransport,
  openReplica,
  zab,
  type Machine,
  type MemberAddress,
} from "../src/index.ts";

interface Orders {
  readonly id: number;
  readonly directory: string;
  readonly ports: Readonly<Record<number, number>>;
}

const { id, directory, ports } = JSON.parse(process.argv[2] ?? "") as Orders;
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
  members: Object.keys(ports).map(Number),
  protocol: zab(),
  machine,
  storage: createFileDisk(directory),
  transport,
});
process.stdout.write("ready\n");
process.once("SIGTERM", () => void replica.close());
process.once("disconnect", () => process.exit());
