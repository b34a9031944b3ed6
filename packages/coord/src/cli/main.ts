#!/usr/bin/env node
import { once } from "node:events";
import { parseArgs } from "node:util";
import { CoordError } from "../coord-error.ts";
import { runBackup, runImport } from "./data-commands.ts";
import { exitCodes } from "./exit-codes.ts";
import { runTreeCommand, treeCommands } from "./run-tree-command.ts";
import { serve, serveHelp } from "./serve.ts";
import type { CommandIo } from "./tree-command.ts";

function help(): string {
  const lines = [...treeCommands].map(([name, { usage, summary }]) => `  ${`${name} ${usage}`.padEnd(24)}${summary}\n`);
  return `usage: tutti-coord COMMAND ...

  serve --config FILE     runs a server
  import SOURCE           takes over a data directory of Apache ZooKeeper, or a backup
  backup DIRECTORY        writes a backup of a running server, which ZooKeeper can read too
${lines.join("")}
Each command but these three works on any ZooKeeper: --server host:port,host:port/chroot. More by COMMAND --help.
Exit status: 0 done, 1 the server said no, 2 wrong command line, 3 no server answered.
`;
}

function say(text: string): void {
  process.stderr.write(text);
}

async function runServe(given: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...given],
    options: { config: { type: "string" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help === true) {
    process.stdout.write(serveHelp);
    return exitCodes.ok;
  }
  if (positionals.length > 0 || values.config === undefined) {
    say(serveHelp);
    return exitCodes.usage;
  }
  return serve(values.config, (text) => say(`${text}\n`));
}

/** Standard streams; the first interrupt ends a command in good order, the second ends the process. */
function processIo(): CommandIo {
  const controller = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => controller.abort());
  return {
    write: async (chunk) => {
      if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
    },
    say,
    input: process.stdin,
    signal: controller.signal,
  };
}

async function main([command, ...rest]: readonly string[]): Promise<number> {
  if (command === "serve") return runServe(rest);
  if (command === "import") return runImport(rest, say);
  if (command === "backup") return runBackup(rest, say);
  if (command === "--help" || command === "help") {
    process.stdout.write(help());
    return exitCodes.ok;
  }
  if (command === undefined || !treeCommands.has(command)) {
    if (command !== undefined) say(`there is no command ${command}\n\n`);
    say(help());
    return exitCodes.usage;
  }
  return runTreeCommand(command, rest, processIo());
}

// Whoever reads our output may have seen enough: `tutti-coord ls / | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? exitCodes.ok : exitCodes.failed);
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  if (thrown instanceof CoordError) say(`${thrown.message}\n`);
  else say(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = thrown instanceof TypeError ? exitCodes.usage : exitCodes.failed;
}
