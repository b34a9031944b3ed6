import { readFile } from "node:fs/promises";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { CoordError } from "../coord-error.ts";
import { connect } from "../client/connect.ts";
import type { ConnectOptions } from "../client/connect-options.ts";
import type { ClientTls } from "../client/socket-channel.ts";
import { dump, restore } from "./dump-commands.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { get, ls, stat, tree, watch } from "./read-commands.ts";
import { CommandArguments, type CommandIo, jsonLine, type TreeCommand } from "./tree-command.ts";
import { create, remove, set } from "./write-commands.ts";

/** Commands on the tree of a running server, by their names. */
export const treeCommands: ReadonlyMap<string, TreeCommand> = new Map<string, TreeCommand>([
  ["ls", ls],
  ["get", get],
  ["set", set],
  ["create", create],
  ["delete", remove],
  ["watch", watch],
  ["stat", stat],
  ["tree", tree],
  ["dump", dump],
  ["restore", restore],
]);

const serverDefault = "127.0.0.1:2181";
const timeoutMsDefault = 10_000;

const commonOptions = {
  server: { type: "string" },
  json: { type: "boolean" },
  auth: { type: "string", multiple: true },
  "timeout-ms": { type: "string" },
  "read-only": { type: "boolean" },
  tls: { type: "boolean" },
  "tls-ca": { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  help: { type: "boolean" },
} as const satisfies ParseArgsOptionsConfig;

const commonHelp = `  --server HOSTS       host:port,host:port/chroot; default ${serverDefault}
  --json               the result as JSON; 64-bit values are text
  --auth SCHEME:ID     credentials, like digest:user:password; more than one can be given
  --timeout-ms N       how long to look for a server, default ${timeoutMsDefault}
  --read-only          a server that has lost its ensemble will do
  --tls                TLS, with the certificates that Node.js trusts
  --tls-ca FILE        TLS, and trust these certificates (PEM)
  --tls-cert FILE      show this certificate (PEM); with --tls-key FILE
`;

function helpOf(name: string, { usage, summary, help }: TreeCommand): string {
  return `usage: tutti-coord ${name} ${usage} [options]\n\n${summary}\n\n${help}${help === "" ? "" : "\n"}${commonHelp}`;
}

async function readPem(args: CommandArguments, name: string): Promise<Buffer | undefined> {
  const file = args.text(name);
  if (file === undefined) return undefined;
  return readFile(file).catch((cause: unknown) => {
    throw new CoordError("invalid-options", `--${name} ${file} cannot be read`, { cause });
  });
}

async function tlsOf(args: CommandArguments): Promise<ClientTls | undefined> {
  const [ca, cert, key] = await Promise.all(["tls-ca", "tls-cert", "tls-key"].map((name) => readPem(args, name)));
  if (!args.has("tls") && ca === undefined && cert === undefined && key === undefined) return undefined;
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

async function connectOptionsOf(args: CommandArguments, signal: AbortSignal): Promise<ConnectOptions> {
  const tls = await tlsOf(args);
  const auth = args.texts("auth").map((text) => {
    const colon = text.indexOf(":");
    if (colon < 1) throw new CoordError("invalid-options", "--auth is scheme:credential, like digest:user:password");
    return { scheme: text.slice(0, colon), credential: text.slice(colon + 1) };
  });
  return {
    connectTimeoutMs: args.number("timeout-ms", 1) ?? timeoutMsDefault,
    allowReadOnly: args.has("read-only"),
    auth,
    signal,
    ...(tls === undefined ? {} : { tls }),
  };
}

function parse(name: string, command: TreeCommand, given: readonly string[]): CommandArguments {
  const options: ParseArgsOptionsConfig = { ...commonOptions, ...command.options };
  try {
    const { values, positionals } = parseArgs({ args: [...given], options, allowPositionals: true });
    const { positionalsMin: min, positionalsMax: max } = command;
    const fits = positionals.length >= min && positionals.length <= max;
    if (fits || values["help"] === true) return new CommandArguments(positionals, values);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CoordError("invalid-options", message, { cause });
  }
  throw new CoordError("invalid-options", `${name} takes ${command.usage || "no arguments"}; see --help`);
}

function sayError(thrown: unknown, { io, json }: { io: CommandIo; json: boolean }): void {
  const { message, code, path } =
    thrown instanceof CoordError ? thrown : { message: String(thrown), code: undefined, path: undefined };
  io.say(json ? jsonLine({ error: { code, message, path } }) : `${message}\n`);
}

/** Runs one command on the tree. Gives the exit code; what went wrong is said. */
export async function runTreeCommand(name: string, given: readonly string[], io: CommandIo): Promise<number> {
  const command = treeCommands.get(name);
  const json = given.includes("--json");
  try {
    if (command === undefined) throw new CoordError("invalid-options", `there is no command ${name}`);
    const args = parse(name, command, given);
    if (args.has("help")) {
      await io.write(helpOf(name, command));
      return exitCodes.ok;
    }
    const options = await connectOptionsOf(args, io.signal);
    const session = await connect(args.text("server") ?? serverDefault, options);
    try {
      await command.run({ session, args, io, json });
    } finally {
      await session.close();
    }
    return exitCodes.ok;
  } catch (thrown) {
    sayError(thrown, { io, json });
    return exitCodeOf(thrown);
  }
}
