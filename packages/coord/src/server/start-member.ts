import {
  ConsensusError,
  createFileDisk,
  createTcpTransport,
  type LinkProblem,
  type MemberAddress,
} from "@tutti/consensus";
import { type EnsembleConfig, membersOf, type ServerSpec } from "../core/ensemble-config.ts";
import { CoordError } from "../coord-error.ts";
import { coordErrorOf } from "./open-pipeline.ts";
import { resolveServerOptions, type ServerOptions } from "./server-options.ts";
import { type CoordServer, startNode } from "./start-node.ts";
import { closeOnAbort } from "./start-server.ts";

/** Where a server takes links from the others, and what `/zookeeper/config` tells of it. */
export interface MemberServer extends MemberAddress {
  readonly isObserver?: boolean;
  /** ZooKeeper's second port. Nothing listens there. */
  readonly electionPort?: number;
  readonly clientHost?: string | undefined;
  readonly clientPort?: number | undefined;
}

/** A server of an ensemble whose servers are processes of their own. */
export interface MemberOptions extends ServerOptions {
  /** Number of this server in the ensemble, 1 to 254. */
  readonly id: number;
  /** Where the servers, this one included, take links from each other; the same on all of them. */
  readonly servers: ReadonlyMap<number, MemberServer>;
  readonly dataDir: string;
  /** Known to all servers and to nobody else, at least 16 bytes. */
  readonly secret?: Uint8Array;
  /** Takes links beyond loopback without a secret. Default false. */
  readonly isNetworkTrusted?: boolean;
  /**
   * Lets an empty server vote at once. Default false: an ensemble starts when all its servers are reachable and empty,
   * and one that lost its data joins without a vote until it is in step.
   */
  readonly bootstrap?: boolean;
  /** Links to other servers that were refused or broke; the server goes on trying. */
  readonly onLinkProblem?: (problem: LinkProblem) => void;
}

const idMax = 254;

function specOf(id: number, server: MemberServer): ServerSpec {
  const { host, port, isObserver = false, electionPort = 0, clientHost, clientPort } = server;
  return { id, host, port, electionPort, isObserver, clientHost, clientPort };
}

/**
 * Starts one server of an ensemble. It resolves when it listens, and does not wait for the others: `serving` does.
 *
 * ```ts
 * import { startMember } from "@tutti/coord/server";
 *
 * const server = await startMember({
 *   id: 1,
 *   servers: new Map([[1, { host: "127.0.0.1", port: 0 }]]), // alone for now
 *   dataDir: `${process.env["TMPDIR"] ?? "/tmp"}/member-${process.pid}`,
 * });
 * await server.serving;
 * console.log(server.mode); // => standalone
 * await server.close();
 * ```
 */
export async function startMember(options: MemberOptions): Promise<CoordServer> {
  const resolved = resolveServerOptions(options);
  const { id, servers, dataDir, secret, isNetworkTrusted = false, bootstrap = false, onLinkProblem, signal } = options;
  const own = servers.get(id);
  if (own === undefined || !Number.isInteger(id) || id < 1 || id > idMax) {
    throw new CoordError("invalid-options", `there is no server ${id} from 1 to ${idMax} among the servers`);
  }
  let config: EnsembleConfig = new Map([...servers].map(([member, server]) => [member, specOf(member, server)]));
  const transport = await createTcpTransport({
    id,
    listen: { host: own.host, port: own.port },
    addressOf: (member) => config.get(member),
    isNetworkTrusted,
    ...(secret === undefined ? {} : { secret }),
    ...(onLinkProblem === undefined ? {} : { onProblem: onLinkProblem }),
  }).catch((thrown: unknown) => {
    const isTaken = thrown instanceof ConsensusError && thrown.code === "listen-failed";
    throw isTaken ? new CoordError("listen-failed", thrown.message, { cause: thrown }) : coordErrorOf(thrown);
  });
  try {
    const storage = createFileDisk(dataDir);
    const onServers = (next: EnsembleConfig): void => void (config = next);
    const members = membersOf(config);
    const server = await startNode(resolved, {
      id,
      members,
      storage,
      transport,
      bootstrap,
      servers: config,
      onServers,
    });
    closeOnAbort(server, signal);
    return server;
  } catch (thrown) {
    await transport.close();
    throw thrown;
  }
}
