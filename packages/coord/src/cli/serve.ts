import { unwatchFile, watchFile } from "node:fs";
import type { AuditEntry } from "../ports/server-event.ts";
import { hexOf } from "../server/server-place.ts";
import { startMember } from "../server/start-member.ts";
import type { CoordServer } from "../server/start-node.ts";
import { startServer } from "../server/start-server.ts";
import { boundYoungGeneration } from "./bound-young-generation.ts";
import { exitCodes } from "./exit-codes.ts";
import { type CertificateFiles, type Configured, readConfig } from "./read-config.ts";

export const serveHelp = `usage: tutti-coord serve --config zoo.cfg

Runs one server of ZooKeeper's protocol in the foreground, as the configuration file says, until SIGTERM or SIGINT.
Its data stays in dataDir. A file with server.N lines makes it a member of an ensemble; dataDir/myid says which.
`;

type Say = (text: string) => void;

function start(configured: Configured, say: Say): Promise<CoordServer> {
  if (configured.ignored.length > 0) say(`settings without effect here: ${configured.ignored.join(", ")}`);
  if (configured.kind === "alone") return startServer(configured.options);
  if (configured.options.secret === undefined) {
    say("links between servers are not authenticated: set tutti.secretFile, or keep their ports from everybody else");
  }
  const onLinkProblem = ({
    peer,
    code,
    message,
  }: {
    peer: number | undefined;
    code: string;
    message: string;
  }): void => {
    // A server that is not up yet is no news, and there may be many such lines.
    if (code !== "connect-failed" && code !== "closed") say(`link to ${peer ?? "?"}: ${message}`);
  };
  return startMember({ ...configured.options, onLinkProblem });
}

/** How often the files are looked at. By their state, since a mounted secret is exchanged without an event. */
const certificatesPollMs = 1000;

/** Takes over certificates that were renewed. What cannot be used is said, and the server goes on with what it has. */
function followCertificates(server: CoordServer, files: CertificateFiles, say: Say): () => void {
  const onChange = (): void => {
    files
      .read()
      .then((certificates) => {
        server.reloadTls(certificates);
        say("certificates were read again");
      })
      .catch((thrown: unknown) => say(thrown instanceof Error ? thrown.message : String(thrown)));
  };
  for (const path of files.paths) watchFile(path, { interval: certificatesPollMs, persistent: false }, onChange);
  return () => {
    for (const path of files.paths) unwatchFile(path, onChange);
  };
}

/** As ZooKeeper writes its audit log. */
function auditLine({ sessionId, user, address, operation, path, nodeType, result }: AuditEntry): string {
  const type = nodeType === undefined ? "" : `\tznode_type=${nodeType}`;
  const who = `session=${hexOf(sessionId)}\tuser=${user}\tip=${address}`;
  return `${who}\toperation=${operation}\tznode=${path}${type}\tresult=${result}`;
}

/** Serves until a signal comes or the server cannot go on. Gives the exit code. */
export async function serve(config: string, say: Say): Promise<number> {
  boundYoungGeneration();
  const configured = await readConfig(config, process.env);
  const server = await start(configured, say);
  const { certificates } = configured;
  const unfollow = certificates === undefined ? undefined : followCertificates(server, certificates, say);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void server.close());
  if (configured.options.audit === true) {
    server.events.on("audit", (entry) => void process.stdout.write(`${auditLine(entry)}\n`));
  }
  const { secureAddress, adminAddress, metricsAddress } = server;
  if (adminAddress !== undefined) say(`commands on http://${adminAddress.host}:${adminAddress.port}/commands`);
  if (metricsAddress !== undefined) say(`metrics on http://${metricsAddress.host}:${metricsAddress.port}/metrics`);
  if (secureAddress !== undefined) say(`serving TLS on ${secureAddress.host}:${secureAddress.port}`);
  say(`serving clients on ${server.connectString}`);
  const error = await server.stopped;
  unfollow?.();
  if (error === undefined) return exitCodes.ok;
  say(error.message);
  return exitCodes.failed;
}
