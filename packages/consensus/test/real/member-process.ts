// A member of an ensemble of real processes, on files. Its parent tells it everything in its arguments, and may ask it by IPC.
import { createFileDisk, createTcpTransport, openReplica, type Machine, type MemberAddress } from "../../src/index.ts";
import { createUnsyncedDisk } from "../../src/sim/index.ts";
import { answerCalls } from "./answer-calls.ts";
import { type ProtocolName, protocols } from "./protocols.ts";
import { SwapMachine } from "./swap-machine.ts";

export interface Orders {
  readonly id: number;
  readonly directory: string;
  /** Its own port, and those by which it reaches the others. */
  readonly ports: Readonly<Record<number, number>>;
  readonly observers?: readonly number[];
  /** Default `zab`. */
  readonly protocol?: ProtocolName;
  /** Default `nothing`; `swaps` keeps texts by key, and is asked for them by IPC. */
  readonly serves?: "nothing" | "swaps";
  /** Default `files`; on an unsynced one, what was not synced is lost with the process; one that never syncs loses all. */
  readonly disk?: "files" | "unsynced" | "never-synced";
  readonly snapshotEntries?: number;
}

const orders = JSON.parse(process.argv[2] ?? "") as Orders;
const { id, directory, ports, observers = [], protocol = "zab", serves = "nothing", disk = "files" } = orders;
const host = "127.0.0.1";
const empty = new Uint8Array(0);
const idle: Machine = { apply: () => empty, snapshot: () => [], restore: () => undefined };
const swaps = new SwapMachine();
const files = createFileDisk(directory);

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
  machine: serves === "swaps" ? swaps : idle,
  storage: disk === "files" ? files : createUnsyncedDisk(files, { neverSyncs: () => disk === "never-synced" }),
  transport,
  ...(orders.snapshotEntries === undefined ? {} : { snapshotEntries: orders.snapshotEntries }),
});
if (serves === "swaps") answerCalls(replica, swaps);
// In step with a leader, not just open: what is measured next counts on it. Whoever serves may have nobody to be in step with yet.
else if (replica.status().leader === undefined) {
  await new Promise<void>((resolve) => {
    replica.events.once("leader", () => resolve());
  });
}
process.stdout.write("ready\n");
process.once("SIGTERM", () => void replica.close());
process.once("disconnect", () => process.exit());
void replica.stopped.then((error) => {
  if (error === undefined) return;
  process.stderr.write(`${id}: ${error.message}\n`);
  process.exit(1);
});
