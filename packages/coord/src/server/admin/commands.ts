import type { Connection } from "../../pipeline/connection.ts";
import { specialPaths } from "../../core/zookeeper-path.ts";
import { metricsOf } from "../metrics.ts";
import { modeOf } from "../server-mode.ts";
import { hexOf, type ServerPlace, watchedPaths, watchedPathsBySession, zookeeperVersion } from "../server-place.ts";

/** One command of the AdminServer: its names, the first one first, and its answer as JSON. */
export interface AdminCommand {
  readonly names: readonly string[];
  readonly answer: (place: ServerPlace) => Readonly<Record<string, unknown>>;
}

function connectionFields(connection: Connection): Readonly<Record<string, unknown>> {
  const { host, stats, sessionId, timeoutMs, outstanding } = connection;
  return {
    remote_socket_address: host.remoteName,
    outstanding_requests: outstanding,
    packets_received: stats.received,
    packets_sent: stats.sent,
    session_id: sessionId,
    session_timeout: timeoutMs,
    min_latency: stats.latencyMinMs,
    avg_latency: stats.latencyAverageMs,
    max_latency: stats.latencyMaxMs,
  };
}

function connectionsOf({ pipeline }: ServerPlace): Readonly<Record<string, unknown>> {
  const all = [...pipeline.connections.values()];
  return {
    connections: all.filter(({ host }) => !host.isSecure).map((one) => connectionFields(one)),
    secure_connections: all.filter(({ host }) => host.isSecure).map((one) => connectionFields(one)),
  };
}

function statsOf({ pipeline, replica, startedMs }: ServerPlace): Readonly<Record<string, unknown>> {
  const { stats, machine, isReadOnly, connections, outstanding } = pipeline;
  return {
    version: zookeeperVersion,
    read_only: isReadOnly,
    server_stats: {
      packets_sent: stats.sent,
      packets_received: stats.received,
      max_latency: stats.latencyMaxMs,
      min_latency: stats.latencyMinMs,
      avg_latency: stats.latencyAverageMs,
      server_state: modeOf(replica, pipeline),
      outstanding_requests: outstanding,
      last_processed_zxid: machine.lastZxid,
      num_alive_client_connections: connections.size,
      uptime: Math.round(pipeline.environment.monotonicMs() - startedMs),
    },
    node_count: machine.tree.nodeCount,
  };
}

function configuration({ options, port, securePort, pipeline }: ServerPlace): Readonly<Record<string, unknown>> {
  return {
    client_port: port,
    secure_client_port: securePort,
    data_dir: options.dataDir ?? "",
    tick_time: options.tickTimeMs,
    max_client_cnxns: options.connectionsPerAddressMax,
    max_cnxns: options.connectionsMax,
    min_session_timeout: options.sessionTimeoutMsMin,
    max_session_timeout: options.sessionTimeoutMsMax,
    server_id: pipeline.options.serverId,
  };
}

function environment(): Readonly<Record<string, unknown>> {
  return {
    "zookeeper.version": zookeeperVersion,
    "node.version": process.version,
    "os.name": process.platform,
    "os.arch": process.arch,
  };
}

function dump({ pipeline: { machine } }: ServerPlace): Readonly<Record<string, unknown>> {
  const sessionIds = [...machine.sessions.all.keys()];
  const owners = sessionIds.filter((id) => machine.tree.ephemeralsOf(id).size > 0);
  return {
    session_timeouts: Object.fromEntries([...machine.sessions.all].map(([id, one]) => [hexOf(id), one.timeoutMs])),
    session_id_to_ephemeral_paths: Object.fromEntries(
      owners.map((id) => [hexOf(id), [...machine.tree.ephemeralsOf(id)]]),
    ),
  };
}

function watchSummary(place: ServerPlace): Readonly<Record<string, unknown>> {
  const bySession = watchedPathsBySession(place);
  return {
    num_connections: bySession.size,
    num_paths: watchedPaths(place).size,
    num_total_watches: place.pipeline.watches.count,
  };
}

function leader({ replica, pipeline }: ServerPlace): Readonly<Record<string, unknown>> {
  const id = replica?.status().leader;
  return { is_leader: pipeline.leader === "self", leader_id: id ?? null };
}

function votingView({ pipeline: { machine } }: ServerPlace): Readonly<Record<string, unknown>> {
  const config = new TextDecoder().decode(machine.tree.get(specialPaths.config)?.data ?? new Uint8Array(0));
  return { current_config: config.split("\n").filter((line) => line !== "") };
}

/** As ZooKeeper 3.9 names them. What writes, and what needs a secret, is not among them. */
export const adminCommands: readonly AdminCommand[] = [
  { names: ["configuration", "conf", "config"], answer: configuration },
  { names: ["connections", "cons"], answer: connectionsOf },
  { names: ["dump"], answer: dump },
  { names: ["environment", "env", "envi"], answer: environment },
  { names: ["is_read_only", "isro"], answer: ({ pipeline }) => ({ read_only: pipeline.isReadOnly }) },
  { names: ["leader", "lead"], answer: leader },
  {
    names: ["monitor", "mntr"],
    answer: (place) => ({
      version: zookeeperVersion,
      server_state: modeOf(place.replica, place.pipeline),
      ...Object.fromEntries(metricsOf(place).map(({ name, value }) => [name, value])),
    }),
  },
  { names: ["ruok"], answer: () => ({}) },
  { names: ["server_stats", "srvr"], answer: statsOf },
  { names: ["stats", "stat"], answer: (place) => ({ ...statsOf(place), ...connectionsOf(place) }) },
  { names: ["voting_view"], answer: votingView },
  {
    names: ["watches", "wchc"],
    answer: (place) => ({
      session_id_to_watched_paths: Object.fromEntries(
        [...watchedPathsBySession(place)].map(([id, paths]) => [hexOf(id), paths]),
      ),
    }),
  },
  {
    names: ["watches_by_path", "wchp"],
    answer: (place) => ({
      path_to_session_ids: Object.fromEntries([...watchedPaths(place)].map(([path, ids]) => [path, ids.map(hexOf)])),
    }),
  },
  { names: ["watch_summary", "wchs"], answer: watchSummary },
];
