import { fileURLToPath } from "node:url";

const own = fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, "");
const isBuilt = own.endsWith("dataset");
const inside = isBuilt ? `${own}/dist/` : `${own}/`;

/** Where the caller of this package stands: `file:line:column` of the first frame of the stack outside of it. */
export function callSite(): string | undefined {
  const { stack = "" } = new Error("call site");
  for (const line of stack.split("\n").slice(2)) {
    const place = /\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1];
    if (place === undefined || place.startsWith("node:")) continue;
    const file = place.replace(/^file:\/\//, "");
    if (!file.startsWith(inside)) return file;
  }
  return undefined;
}
