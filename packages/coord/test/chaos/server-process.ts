// One server of the ensemble under test: a process that can be killed. Its parent tells it everything in its arguments.
import { createFileDisk, createTcpTransport, type MemberAddress } from "@tutti/consensus";
import { createUnsyncedDisk } from "@tutti/consensus/sim";
import { resolveServerOptions } from "../../src/server/server-options.ts";
import { startNode } from "../../src/server/start-node.ts";

interface Orders {
  readonly id: number;
  readonly directory: string;
  readonly clientPort: number;
  readonly linkPort: number;
  /** How this server reaches the others. */
  readonly peers: Readonly<Record<number, number>>;
  readonly neverSyncs: boolean;
  readonly snapshotTxns: number;
}

const orders = JSON.parse(process.argv[2] ?? "") as Orders;
const { id, directory, clientPort, linkPort, peers, neverSyncs, snapshotTxns } = orders;
const host = "127.0.0.1";
const transport = await createTcpTransport({
  id,
  listen: { host, port: linkPort },
  addressOf: (member): MemberAddress | undefined => {
    const port = peers[member];
    return port === undefined ? undefined : { host, port };
  },
});
const voters = [id, ...Object.keys(peers).map(Number)].toSorted((left, right) => left - right);
const server = await startNode(
  resolveServerOptions({
    port: clientPort,
    tickTimeMs: 250,
    sessionTimeoutMsMax: 60_000,
    snapshotTxns,
    fourLetterWords: "*",
  }),
  {
    id,
    members: { voters, observers: [] },
    storage: createUnsyncedDisk(createFileDisk(directory), {
      neverSyncs: (name) => neverSyncs && name.startsWith("log-"),
    }),
    transport,
    bootstrap: false,
  },
);
process.stdout.write("listening\n");
process.once("SIGTERM", () => void server.close());
const error = await server.stopped;
if (error !== undefined) {
  process.stderr.write(`${id}: ${error.message}\n`);
  process.exitCode = 1;
}
