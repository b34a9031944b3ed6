import { readFile } from "node:fs/promises";
import { acls } from "../client/acls.ts";
import type { CreateMode } from "../client/create-mode.ts";
import { CoordError } from "../coord-error.ts";
import { permissions } from "../protocol/opcodes.ts";
import type { Acl } from "../protocol/records.ts";
import { type CommandArguments, type CommandIo, jsonLine, readAll, type TreeCommand } from "./tree-command.ts";

const dataOptions = { file: { type: "string" }, stdin: { type: "boolean" } } as const;
const dataHelp = `  --file FILE          take the data from a file
  --stdin              take the data from standard input
`;

/** From the argument, a file or standard input; undefined when none of them is given. */
async function givenData(args: CommandArguments, io: CommandIo): Promise<Uint8Array | undefined> {
  const file = args.text("file");
  const text = args.positionals[1];
  const count = Number(file !== undefined) + Number(text !== undefined) + Number(args.has("stdin"));
  if (count > 1) throw new CoordError("invalid-options", "give the data once: as an argument, by --file or by --stdin");
  if (file !== undefined) {
    return readFile(file).catch((cause: unknown) => {
      throw new CoordError("invalid-options", `--file ${file} cannot be read`, { cause });
    });
  }
  if (args.has("stdin")) return readAll(io.input);
  return text === undefined ? undefined : Buffer.from(text);
}

const letters: Readonly<Record<string, number>> = {
  r: permissions.read,
  w: permissions.write,
  c: permissions.create,
  d: permissions.delete,
  a: permissions.admin,
};

/** `scheme:id:cdrwa`, several with commas between them, as ZooKeeper's shell takes them. */
function parseAcl(text: string): readonly Acl[] {
  return text.split(",").map((entry) => {
    const first = entry.indexOf(":");
    const last = entry.lastIndexOf(":");
    const given = entry.slice(last + 1);
    const perms = given.split("").map((letter) => letters[letter]);
    if (first < 1 || last === first || given === "" || perms.includes(undefined)) {
      throw new CoordError("invalid-options", `"${entry}" is no ACL like world:anyone:cdrwa or digest:user:hash:r`);
    }
    const sum = perms.reduce<number>((all, one) => all | (one ?? 0), 0);
    return { perms: sum, scheme: entry.slice(0, first), id: entry.slice(first + 1, last) };
  });
}

function modeOf(args: CommandArguments): CreateMode {
  const ttlMs = args.number("ttl-ms", 1);
  const sequential = args.has("sequential");
  if (ttlMs !== undefined) return { ttlMs, sequential };
  if (!args.has("container")) return sequential ? "persistentSequential" : "persistent";
  if (sequential) throw new CoordError("invalid-options", "a container cannot be sequential");
  return "container";
}

export const create: TreeCommand = {
  usage: "PATH [DATA]",
  summary: "makes a node and prints its path",
  help: `${dataHelp}  --parents            make what is missing above it
  --sequential         with a number behind the name
  --container          goes when its last child has gone
  --ttl-ms N           goes when it has no children and was not changed for so long
  --acl LIST           like world:anyone:cdrwa; several with commas; default: everybody may do everything
`,
  options: {
    ...dataOptions,
    parents: { type: "boolean" },
    sequential: { type: "boolean" },
    container: { type: "boolean" },
    "ttl-ms": { type: "string" },
    acl: { type: "string" },
  },
  positionalsMin: 1,
  positionalsMax: 2,
  run: async ({ session, args, io, json }) => {
    const given = args.text("acl");
    const acl = given === undefined ? acls.open : parseAcl(given);
    const mode = modeOf(args);
    const data = (await givenData(args, io)) ?? null;
    const parent = args.path.slice(0, args.path.lastIndexOf("/"));
    if (args.has("parents") && parent !== "") await session.ensurePath(parent);
    const made = await session.create(args.path, data, { mode, acl });
    await io.write(json ? jsonLine(made) : `${made.path}\n`);
  },
};

export const set: TreeCommand = {
  usage: "PATH DATA",
  summary: "replaces the data and prints the new version",
  help: `${dataHelp}  --version N          only if the node has this version
`,
  options: { ...dataOptions, version: { type: "string" } },
  positionalsMin: 1,
  positionalsMax: 2,
  run: async ({ session, args, io, json }) => {
    const version = args.number("version", -1) ?? -1;
    const data = await givenData(args, io);
    if (data === undefined) throw new CoordError("invalid-options", "set takes DATA, --file or --stdin");
    const stat = await session.set(args.path, data, { version });
    await io.write(json ? jsonLine({ path: args.path, ...stat }) : `${stat.version}\n`);
  },
};

export const remove: TreeCommand = {
  usage: "PATH",
  summary: "deletes a node",
  help: `  --recursive          and everything below it; it may end half-way
  --version N          only if the node has this version
`,
  options: { recursive: { type: "boolean" }, version: { type: "string" } },
  positionalsMin: 1,
  positionalsMax: 1,
  run: async ({ session, args, io, json }) => {
    const version = args.number("version", -1);
    if (!args.has("recursive")) await session.delete(args.path, { version: version ?? -1 });
    else if (version === undefined) await session.deleteRecursive(args.path);
    else throw new CoordError("invalid-options", "--version is for one node, --recursive for many");
    if (json) await io.write(jsonLine({ path: args.path }));
  },
};
