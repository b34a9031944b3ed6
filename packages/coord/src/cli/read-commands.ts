import { CoordError } from "../coord-error.ts";
import type { Session, WatchedChange } from "../client/session.ts";
import { dataFields, statLines } from "./show-node.ts";
import { childOf, type CommandPlace, jsonLine, type TreeCommand } from "./tree-command.ts";

export const ls: TreeCommand = {
  usage: "[PATH]",
  summary: "names of the children, one a line",
  help: "",
  options: {},
  positionalsMin: 0,
  positionalsMax: 1,
  run: async ({ session, args, io, json }) => {
    const names = (await session.children(args.path)).toSorted();
    await io.write(json ? jsonLine(names) : names.map((name) => `${name}\n`).join(""));
  },
};

export const get: TreeCommand = {
  usage: "PATH",
  summary: "the data, byte for byte",
  help: "  --stat               the Stat behind the data, on standard error\n",
  options: { stat: { type: "boolean" } },
  positionalsMin: 1,
  positionalsMax: 1,
  run: async ({ session, args, io, json }) => {
    const { data, stat } = await session.get(args.path);
    if (json) return io.write(jsonLine({ path: args.path, ...dataFields(data), stat }));
    await io.write(data);
    if (args.has("stat")) io.say(statLines(stat));
  },
};

export const stat: TreeCommand = {
  usage: "PATH",
  summary: "versions, times, owner and sizes",
  help: "",
  options: {},
  positionalsMin: 1,
  positionalsMax: 1,
  run: async ({ session, args, io, json }) => {
    const found = await session.exists(args.path);
    if (found === undefined) throw new CoordError("no-node", `there is no node ${args.path}`, { path: args.path });
    await io.write(json ? jsonLine({ path: args.path, ...found }) : statLines(found));
  },
};

interface Branch {
  readonly path: string;
  readonly name: string;
  readonly dataLength: number;
  readonly isEphemeral: boolean;
  readonly children: readonly Branch[];
}

/** Undefined for a node that went while it was looked at. */
async function branchOf(
  session: Session,
  { path, name, depth }: { path: string; name: string; depth: number },
): Promise<Branch | undefined> {
  const found = await session.exists(path);
  if (found === undefined) return undefined;
  const names = depth === 0 || found.numChildren === 0 ? [] : await childrenOf(session, path);
  const children: Branch[] = [];
  for (const child of names) {
    const branch = await branchOf(session, { path: childOf(path, child), name: child, depth: depth - 1 });
    if (branch !== undefined) children.push(branch);
  }
  return { path, name, dataLength: found.dataLength, isEphemeral: found.ephemeralOwner !== 0n, children };
}

async function childrenOf(session: Session, path: string): Promise<readonly string[]> {
  try {
    return (await session.children(path)).toSorted();
  } catch (thrown) {
    if (thrown instanceof CoordError && thrown.code === "no-node") return [];
    throw thrown;
  }
}

function branchLines({ children }: Branch, indent: string): string {
  return children
    .map((child, index) => {
      const isLast = index === children.length - 1;
      const bytes = child.dataLength === 0 ? "" : ` (${child.dataLength} bytes)`;
      const mark = child.isEphemeral ? " [ephemeral]" : "";
      const line = `${indent}${isLast ? "└── " : "├── "}${child.name}${mark}${bytes}\n`;
      return line + branchLines(child, `${indent}${isLast ? "    " : "│   "}`);
    })
    .join("");
}

export const tree: TreeCommand = {
  usage: "[PATH]",
  summary: "the nodes below, drawn as a tree",
  help: "  --depth N            so many levels and no more\n",
  options: { depth: { type: "string" } },
  positionalsMin: 0,
  positionalsMax: 1,
  run: async ({ session, args, io, json }) => {
    const { path } = args;
    const depth = args.number("depth") ?? Number.POSITIVE_INFINITY;
    const root = await branchOf(session, { path, name: path, depth });
    if (root === undefined) throw new CoordError("no-node", `there is no node ${path}`, { path });
    await io.write(json ? jsonLine(root) : `${path}\n${branchLines(root, "")}`);
  },
};

async function showChange(change: WatchedChange, { session, io, json, args }: CommandPlace): Promise<void> {
  if (json) return io.write(jsonLine({ atMs: Date.now(), ...change }));
  await io.write(`${new Date().toISOString()} ${change.type} ${change.path}\n`);
  if (!args.has("data") || (change.type !== "dataChanged" && change.type !== "created")) return;
  const found = await session.get(change.path).catch((thrown: unknown) => {
    if (thrown instanceof CoordError && thrown.code === "no-node") return undefined;
    throw thrown;
  });
  if (found !== undefined) await io.write(`${Buffer.from(found.data).toString()}\n`);
}

export const watch: TreeCommand = {
  usage: "PATH",
  summary: "each change as it comes, until interrupted",
  help: `  --recursive          changes below PATH too
  --count N            end after so many
  --data               the new data behind each change
`,
  options: { recursive: { type: "boolean" }, count: { type: "string" }, data: { type: "boolean" } },
  positionalsMin: 1,
  positionalsMax: 1,
  run: async (place) => {
    const { session, args, io } = place;
    const countMax = args.number("count", 1) ?? Number.POSITIVE_INFINITY;
    let count = 0;
    let isWatching = false;
    const options = { recursive: args.has("recursive"), initial: true, signal: io.signal };
    try {
      for await (const change of session.watch(args.path, options)) {
        if (change.type === "resync") {
          // The first one says that the server has the watch.
          io.say(isWatching ? "changes may have been missed here\n" : `watching ${args.path}\n`);
          isWatching = true;
          continue;
        }
        await showChange(change, place);
        count += 1;
        if (count >= countMax) return;
      }
    } catch (thrown) {
      if (!io.signal.aborted) throw thrown;
    }
  },
};
