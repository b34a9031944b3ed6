import type { Connection } from "../pipeline/connection.ts";
import { metricsOf } from "./metrics.ts";
import { modeOf } from "./server-mode.ts";
import {
  hexOf as hex,
  type ServerPlace,
  watchedPaths,
  watchedPathsBySession,
  zookeeperVersion,
} from "./server-place.ts";

type WordAnswer = (place: ServerPlace) => string;

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

function serverBlock({ pipeline, replica }: ServerPlace): string {
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

const versionLine = `Zookeeper version: ${zookeeperVersion}\n`;

function stat(place: ServerPlace): string {
  const clients = [...place.pipeline.connections.values()].map((connection) => connectionLine(connection)).join("");
  return `${versionLine}Clients:\n${clients}\n${serverBlock(place)}`;
}

function mntr(place: ServerPlace): string {
  const entries = metricsOf(place).map(({ name, value }) => [`zk_${name}`, value] as const);
  const state = modeOf(place.replica, place.pipeline);
  return lines([["zk_version", zookeeperVersion], ["zk_server_state", state], ...entries], "\t");
}

function conf({ options, port, securePort }: ServerPlace): string {
  const entries: readonly (readonly [string, string | number])[] = [
    ["clientPort", port],
    ["secureClientPort", securePort],
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
    ["zookeeper.version", zookeeperVersion],
    ["node.version", process.version],
    ["os.name", process.platform],
    ["os.arch", process.arch],
  ];
  return `Environment:\n${lines(entries, "=")}`;
}

function dump({ pipeline }: ServerPlace): string {
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

function watchSummary(place: ServerPlace): string {
  const { size } = watchedPathsBySession(place);
  const { count } = place.pipeline.watches;
  return `${size} connections watching ${watchedPaths(place).size} paths\nTotal watches:${count}\n`;
}

function watchesByPath(place: ServerPlace): string {
  const byPath = [...watchedPaths(place)];
  return byPath.map(([path, ids]) => `${path}\n${ids.map((id) => `\t${hex(id)}\n`).join("")}`).join("");
}

function watchesBySession(place: ServerPlace): string {
  const bySession = [...watchedPathsBySession(place)];
  return bySession.map(([id, paths]) => `${hex(id)}\n${paths.map((path) => `\t${path}\n`).join("")}`).join("");
}

function resetServer({ pipeline }: ServerPlace): string {
  pipeline.stats.reset();
  return "Server stats reset.\n";
}

function resetConnections({ pipeline }: ServerPlace): string {
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
export function answerWord(word: string, place: ServerPlace): string {
  const { leader, isReadOnly } = place.pipeline;
  if (leader === "none" && !isReadOnly && word !== "ruok" && place.options.fourLetterWords.has(word)) {
    return "This ZooKeeper instance is not currently serving requests\n";
  }
  const answer = place.options.fourLetterWords.has(word) ? answers.get(word) : undefined;
  return answer?.(place) ?? `${word} is not executed because it is not in the whitelist.`;
}
