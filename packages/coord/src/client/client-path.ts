import { CoordError } from "../coord-error.ts";
import { isForbiddenUnit } from "../core/zookeeper-path.ts";

function problemOf(path: string): string | undefined {
  if (path === "") return "it is empty";
  if (!path.startsWith("/")) return "it does not start with /";
  if (path === "/") return undefined;
  if (path.endsWith("/")) return "it ends with /";
  for (const name of path.slice(1).split("/")) {
    if (name === "") return "it has an empty name";
    if (name === "." || name === "..") return `it has the relative name ${name}`;
  }
  for (let index = 0; index < path.length; index += 1) {
    const unit = path.charCodeAt(index);
    if (isForbiddenUnit(unit)) return `character ${index} is U+${unit.toString(16).padStart(4, "0")}`;
  }
  return undefined;
}

/** ZooKeeper's rules of a path, before anything is sent. Throws `invalid-path` with the rule that is broken. */
export function validatePath(path: string, operation: string): void {
  const problem = problemOf(path);
  if (problem === undefined) return;
  throw new CoordError("invalid-path", `${operation} ${JSON.stringify(path)}: ${problem}`, { path, operation });
}

export function withChroot(chroot: string, path: string): string {
  if (chroot === "") return path;
  return path === "/" ? chroot : chroot + path;
}

/** The path as the user knows it; undefined for one outside. */
export function withoutChroot(chroot: string, path: string): string | undefined {
  if (chroot === "") return path;
  if (path === chroot) return "/";
  return path.startsWith(`${chroot}/`) ? path.slice(chroot.length) : undefined;
}
