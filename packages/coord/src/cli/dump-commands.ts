import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { CoordError } from "../coord-error.ts";
import type { Session } from "../client/session.ts";
import type { Acl } from "../protocol/records.ts";
import { childOf, type CommandPlace, jsonLine, type TreeCommand } from "./tree-command.ts";

const format = "tutti-coord-dump";
const formatVersion = 1;
/** Nodes that are asked for or made at once: enough to hide the way to the server. */
const windowSize = 64;
/** ZooKeeper's own, which differs from server to server. */
const ownNodes: ReadonlySet<string> = new Set(["/zookeeper"]);

/** A line of a dump behind the first one. Paths are relative to the node that was dumped, which is "". */
interface DumpedNode {
  readonly path: string;
  readonly data: string;
  readonly acl: readonly Acl[];
}

type Read =
  | { readonly kind: "node"; readonly node: DumpedNode; readonly children: readonly string[] }
  | { readonly kind: "ephemeral" | "gone" };

async function readNode(session: Session, root: string, path: string): Promise<Read> {
  try {
    const [{ data, stat }, { acl }, children] = await Promise.all([
      session.get(path),
      session.getAcl(path),
      session.children(path),
    ]);
    // It belongs to a session; whoever restores it has another.
    if (stat.ephemeralOwner !== 0n) return { kind: "ephemeral" };
    const relative = root === "/" ? path : path.slice(root.length);
    const node = { path: relative === "/" ? "" : relative, data: Buffer.from(data).toString("base64"), acl };
    return { kind: "node", node, children };
  } catch (thrown) {
    if (thrown instanceof CoordError && thrown.code === "no-node" && path !== root) return { kind: "gone" };
    throw thrown;
  }
}

export const dump: TreeCommand = {
  usage: "[PATH]",
  summary: "a node and everything below it as lines of JSON, for `restore`",
  help: `
Parents come before children. Nodes are read one after another: a tree that changes meanwhile is no state of one
moment. Ephemeral nodes are left out; containers and nodes with a TTL, which clients cannot tell from others, become
persistent ones.
`,
  options: {},
  positionalsMin: 0,
  positionalsMax: 1,
  run: async ({ session, args, io }) => {
    const root = args.path;
    await io.write(jsonLine({ format, version: formatVersion, root }));
    // A stack, next one last: what waits stays small in a deep tree.
    const waiting = [root];
    let ephemeralCount = 0;
    while (waiting.length > 0) {
      const now = waiting.splice(-windowSize).toReversed();
      const below: string[] = [];
      for (const read of await Promise.all(now.map((path) => readNode(session, root, path)))) {
        if (read.kind === "ephemeral") ephemeralCount += 1;
        if (read.kind !== "node") continue;
        await io.write(jsonLine(read.node));
        const parent = root === "/" ? read.node.path || "/" : `${root}${read.node.path}`;
        below.push(...read.children.map((name) => childOf(parent, name)).filter((path) => !ownNodes.has(path)));
      }
      for (const path of below.toReversed()) waiting.push(path);
    }
    if (ephemeralCount > 0) io.say(`${ephemeralCount} ephemeral nodes left out\n`);
  },
};

function parsedLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new CoordError("malformed-record", `line ${number} of the dump is not JSON`, { cause });
  }
}

function checkHead(head: unknown): void {
  const { format: given, version } = (head ?? {}) as { format?: unknown; version?: unknown };
  if (given === format && version === formatVersion) return;
  throw new CoordError("malformed-record", `line 1 is not the beginning of a ${format} of version ${formatVersion}`);
}

function isAcl(value: unknown): value is Acl {
  const { perms, scheme, id } = (value ?? {}) as Partial<Acl>;
  return typeof perms === "number" && typeof scheme === "string" && typeof id === "string";
}

function nodeOf(value: unknown, number: number): DumpedNode {
  const { path, data, acl } = (value ?? {}) as Partial<DumpedNode>;
  if (typeof path === "string" && typeof data === "string" && Array.isArray(acl) && acl.every(isAcl)) {
    return { path, data, acl };
  }
  throw new CoordError("malformed-record", `line ${number} of the dump is no node: it needs path, data and acl`);
}

type Outcome = "created" | "replaced" | "kept";

async function restoreNode({ session, args }: CommandPlace, { path, data, acl }: DumpedNode): Promise<Outcome> {
  const target = path === "" ? args.path : `${args.path === "/" ? "" : args.path}${path}`;
  const bytes = Buffer.from(data, "base64");
  try {
    await session.create(target, bytes, { acl });
    return "created";
  } catch (thrown) {
    if (!(thrown instanceof CoordError) || thrown.code !== "node-exists") throw thrown;
    // The root is everywhere, and its ACL is its administrator's business.
    if (target === "/") return "kept";
    if (!args.has("overwrite")) throw thrown;
  }
  await session.set(target, bytes);
  await session.setAcl(target, acl);
  return "replaced";
}

export const restore: TreeCommand = {
  usage: "[PATH]",
  summary: "makes the nodes of a dump again, at PATH",
  help: `  --file FILE          read the dump from a file, default: standard input
  --overwrite          nodes that are there get the data and the ACL of the dump; default: they end the command

What is above PATH is made when it is missing. A command that fails leaves what it has made so far.
`,
  options: { file: { type: "string" }, overwrite: { type: "boolean" } },
  positionalsMin: 0,
  positionalsMax: 1,
  run: async (place) => {
    const { session, args, io, json } = place;
    const file = args.text("file");
    const input = file === undefined ? Readable.from(io.input) : createReadStream(file);
    const parent = args.path.slice(0, args.path.lastIndexOf("/"));
    const counts: Record<Outcome, number> = { created: 0, replaced: 0, kept: 0 };
    const window: Promise<void>[] = [];
    let lineNumber = 0;
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      lineNumber += 1;
      const value = parsedLine(line, lineNumber);
      if (lineNumber === 1) {
        checkHead(value);
        if (parent !== "") await session.ensurePath(parent);
        continue;
      }
      // Sent in the order of the dump, and taken by the server in that order: a parent is there before its children.
      const done = restoreNode(place, nodeOf(value, lineNumber)).then((outcome) => {
        counts[outcome] += 1;
      });
      done.catch(() => undefined);
      window.push(done);
      if (window.length >= windowSize) await window.shift();
    }
    await Promise.all(window);
    if (lineNumber === 0) checkHead(undefined);
    await io.write(json ? jsonLine(counts) : `${counts.created} created, ${counts.replaced} replaced\n`);
  },
};
