#!/usr/bin/env node
import { parseArgs } from "node:util";
import { CoordError } from "../coord-error.ts";
import { startMember } from "../server/start-member.ts";
import type { CoordServer } from "../server/start-node.ts";
import { startServer } from "../server/start-server.ts";
import { type Configured, readConfig } from "./read-config.ts";

const help = `usage: tutti-coord serve --config zoo.cfg

Runs one server of ZooKeeper's protocol in the foreground, as the configuration file says, until SIGTERM or SIGINT.
Its data stays in dataDir. A file with server.N lines makes it a member of an ensemble; dataDir/myid says which.
`;

const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function start(configured: Configured): Promise<CoordServer> {
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

async function serve(config: string): Promise<number> {
  const server = await start(await readConfig(config, process.env));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void server.close());
  say(`serving clients on ${server.connectString}`);
  const error = await server.stopped;
  if (error === undefined) return exitCodes.ok;
  say(error.message);
  return exitCodes.failed;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { config: { type: "string" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help === true) {
    process.stdout.write(help);
    return exitCodes.ok;
  }
  if (positionals.length !== 1 || positionals[0] !== "serve" || values.config === undefined) {
    process.stderr.write(help);
    return exitCodes.usage;
  }
  return serve(values.config);
}

try {
  process.exitCode = await main();
} catch (thrown) {
  if (thrown instanceof CoordError) say(thrown.message);
  else say(thrown instanceof Error ? thrown.message : String(thrown));
  process.exitCode = thrown instanceof TypeError ? exitCodes.usage : exitCodes.failed;
}
