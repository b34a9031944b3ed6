import type { Replica } from "@tutti/consensus";
import type { Connection } from "../pipeline/connection.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { modeOf } from "./server-mode.ts";
import type { ResolvedOptions } from "./server-options.ts";

/**
 * Clients read the leading digits to know what they may send. The behaviour is that of this ZooKeeper; the date
 * has the form that Go clients parse.
 */
const zookeeperVersion = "3.9.4-tutti";
const builtOn = "01/01/2026 00:00 GMT";

/** What the words tell of. */
export interface WordPlace {
  readonly pipeline: Pipeline;
  readonly replica: Replica | undefined;
  readonly options: ResolvedOptions;
  readonly port: number;
  readonly startedMs: number;
}

type WordAnswer = (place: WordPlace) => string;

function hex(id: bigint): string {
  return `0x${BigInt.asUintN(64, id).toString(16)}`;
}

function lines(entries: readonly (readonly [string, string | number])[], separator: string): string {
  return entries.map(([key, value]) => `${key}${separator}${value}\n`).join("");
}

function latency(averageMs: number): string {
  return String(Math.round(averageMs * 10_000) / 10_000).replace(/^(\d+)$/, "$1.0");
}

function connectionLine(connection: Connection, more = ""): string {
  const { host, stats, outstanding } = connection;
  const interest = connection.sessionId === 0n ? 0 : 1;
  const counts = `queued=${outstanding},recved=${stats.received},sent=${stats.sent}`;
  return ` /${host.remoteName}[${interest}](${counts}${more})\n`;
}

function connectionDetails(connection: Connection): string {
  if (connection.sessionId === 0n) return connectionLine(connection);
  const { sessionId, timeoutMs, stats } = connection;
  const { latencyMinMs, latencyAverageMs, latencyMaxMs } = stats;
  const times = `minlat=${latencyMinMs},avglat=${Math.round(latencyAverageMs)},maxlat=${latencyMaxMs}`;
  return connectionLine(connection, `,sid=${hex(sessionId)},to=${timeoutMs},${times}`);
}

function serverBlock({ pipeline, replica }: WordPlace): string {
  const { stats, machine } = pipeline;
  const { latencyMinMs, latencyAverageMs, latencyMaxMs } = stats;
  return [
    `Latency min/avg/max: ${latencyMinMs}/${latency(latencyAverageMs)}/${latencyMaxMs}`,
    `Received: ${stats.received}`,
    `Sent: ${stats.sent}`,
    `Connections: ${pipeline.connections.size}`,
    `Outstanding: ${pipeline.outstanding}`,
    `Zxid: ${hex(machine.lastZxid)}`,
    `Mode: ${modeOf(replica, pipeline)}`,
    `Node count: ${machine.tree.nodeCount}`,
    "",
  ].join("\n");
}

const versionLine = `Zookeeper version: ${zookeeperVersion}, built on ${builtOn}\n`;

function stat(place: WordPlace): string {
  const clients = [...place.pipeline.connections.values()].map((connection) => connectionLine(connection)).join("");
  return `${versionLine}Clients:\n${clients}\n${serverBlock(place)}`;
}

function mntr({ pipeline, replica, startedMs }: WordPlace): string {
  const { stats, machine, watches } = pipeline;
  let dataBytes = 0;
  for (const [path, node] of machine.tree.entries()) dataBytes += path.length + (node.data?.length ?? 0);
  const entries: readonly (readonly [string, string | number])[] = [
    ["zk_version", `${zookeeperVersion}, built on ${builtOn}`],
    ["zk_server_state", modeOf(replica, pipeline)],
    ["zk_avg_latency", latency(stats.latencyAverageMs)],
    ["zk_max_latency", stats.latencyMaxMs],
    ["zk_min_latency", stats.latencyMinMs],
    ["zk_packets_received", stats.received],
    ["zk_packets_sent", stats.sent],
    ["zk_num_alive_connections", pipeline.connections.size],
    ["zk_outstanding_requests", pipeline.outstanding],
    ["zk_znode_count", machine.tree.nodeCount],
    ["zk_watch_count", watches.count],
    ["zk_ephemerals_count", machine.tree.ephemeralCount],
    ["zk_approximate_data_size", dataBytes],
    ["zk_global_sessions", machine.sessions.all.size],
    ["zk_uptime", Math.round(pipeline.environment.monotonicMs() - startedMs)],
  ];
  return lines(entries, "\t");
}

function conf({ options, port }: WordPlace): string {
  const entries: readonly (readonly [string, string | number])[] = [
    ["clientPort", port],
    ["secureClientPort", -1],
    ["dataDir", ""],
    ["dataDirSize", 0],
    ["dataLogDir", ""],
    ["dataLogSize", 0],
    ["tickTime", options.tickTimeMs],
    ["maxClientCnxns", options.connectionsPerAddressMax],
    ["minSessionTimeout", options.sessionTimeoutMsMin],
    ["maxSessionTimeout", options.sessionTimeoutMsMax],
    ["serverId", 0],
  ];
  return lines(entries, "=");
}

function envi(): string {
  const entries: readonly (readonly [string, string])[] = [
    ["zookeeper.version", `${zookeeperVersion}, built on ${builtOn}`],
    ["node.version", process.version],
    ["os.name", process.platform],
    ["os.arch", process.arch],
  ];
  return `Environment:\n${lines(entries, "=")}`;
}

function dump({ pipeline }: WordPlace): string {
  const { machine } = pipeline;
  const sessionIds = [...machine.sessions.all.keys()];
  const owners = sessionIds.filter((sessionId) => machine.tree.ephemeralsOf(sessionId).size > 0);
  const ephemerals = owners.map((sessionId) => {
    const paths = [...machine.tree.ephemeralsOf(sessionId)].map((path) => `\t${path}\n`);
    return `${hex(sessionId)}:\n${paths.join("")}`;
  });
  return [
    `SessionTracker dump:\nGlobal Sessions(${sessionIds.length}):\n`,
    ...[...machine.sessions.all].map(([sessionId, { timeoutMs }]) => `${hex(sessionId)}\t${timeoutMs}ms\n`),
    `ephemeral nodes dump:\nSessions with Ephemerals (${owners.length}):\n`,
    ...ephemerals,
  ].join("");
}

function watchSummary({ pipeline }: WordPlace): string {
  const byPath = pipeline.watches.describe();
  const watchers = new Set([...byPath.values()].flatMap((ids) => [...ids]));
  return `${watchers.size} connections watching ${byPath.size} paths\nTotal watches:${pipeline.watches.count}\n`;
}

function watchesByPath({ pipeline }: WordPlace): string {
  return [...pipeline.watches.describe()]
    .map(([path, watchers]) => {
      const sessions = [...watchers].map((id) => `\t${hex(pipeline.connections.get(id)?.sessionId ?? 0n)}\n`);
      return `${path}\n${sessions.join("")}`;
    })
    .join("");
}

function watchesBySession({ pipeline }: WordPlace): string {
  const bySession = new Map<number, string[]>();
  for (const [path, watchers] of pipeline.watches.describe()) {
    for (const id of watchers) bySession.set(id, [...(bySession.get(id) ?? []), `\t${path}\n`]);
  }
  return [...bySession]
    .map(([id, paths]) => `${hex(pipeline.connections.get(id)?.sessionId ?? 0n)}\n${paths.join("")}`)
    .join("");
}

function resetServer({ pipeline }: WordPlace): string {
  pipeline.stats.reset();
  return "Server stats reset.\n";
}

function resetConnections({ pipeline }: WordPlace): string {
  for (const connection of pipeline.connections.values()) connection.stats.reset();
  return "Connection stats reset.\n";
}

const answers: ReadonlyMap<string, WordAnswer> = new Map<string, WordAnswer>([
  ["ruok", () => "imok"],
  ["isro", ({ pipeline }) => (pipeline.isReadOnly ? "ro" : "rw")],
  ["srvr", (place) => versionLine + serverBlock(place)],
  ["stat", stat],
  ["mntr", mntr],
  ["conf", conf],
  ["envi", envi],
  ["dirs", () => "datadir_size: 0\nlogdir_size: 0\n"],
  ["dump", dump],
  ["cons", ({ pipeline }) => `${[...pipeline.connections.values()].map(connectionDetails).join("")}\n`],
  ["wchs", watchSummary],
  ["wchp", watchesByPath],
  ["wchc", watchesBySession],
  ["srst", resetServer],
  ["crst", resetConnections],
]);

/** The text that answers a word. `hash`, `gtmk` and `stmk` are known and never answered. */
export function answerWord(word: string, place: WordPlace): string {
  const { leader, isReadOnly } = place.pipeline;
  if (leader === "none" && !isReadOnly && word !== "ruok" && place.options.fourLetterWords.has(word)) {
    return "This ZooKeeper instance is not currently serving requests\n";
  }
  const answer = place.options.fourLetterWords.has(word) ? answers.get(word) : undefined;
  return answer?.(place) ?? `${word} is not executed because it is not in the whitelist.`;
}
