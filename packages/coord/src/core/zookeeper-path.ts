/** Paths of the tree at birth, which nobody can delete. */
export const specialPaths = {
  root: "/",
  zookeeper: "/zookeeper",
  quota: "/zookeeper/quota",
  config: "/zookeeper/config",
} as const;

/** The root has two names: "" is what a parent lookup of "/" yields. */
export function normalPath(path: string): string {
  return path === "" ? "/" : path;
}

/** Everything before the last slash, "/" for children of the root. Assumes that there is a slash. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

/** Everything behind the last slash. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function childPath(parent: string, name: string): string {
  return parent === "/" ? `/${name}` : `${parent}/${name}`;
}

export function isSpecialPath(path: string): boolean {
  return (
    path === specialPaths.root ||
    path === specialPaths.zookeeper ||
    path === specialPaths.quota ||
    path === specialPaths.config
  );
}

/** Enough of a path to look for its parent: `PrepRequestProcessor` checks no more before the ACL. */
export function hasParent(path: string): boolean {
  return path.includes("/") && !path.includes("\0");
}

const slash = 0x2f;
const dot = 0x2e;

/** `PathUtils.validatePath`: in UTF-16 units, so that every character beyond the basic plane is refused. */
export function isValidPath(path: string): boolean {
  if (path === "/") return true;
  if (!path.startsWith("/") || path.endsWith("/")) return false;
  let dots = 0;
  let start = 1;
  for (let index = 1; index <= path.length; index += 1) {
    const unit = index === path.length ? slash : path.charCodeAt(index);
    if (unit === slash) {
      // A component is neither empty nor one dot or two.
      const length = index - start;
      if (length === 0 || (length === dots && length <= 2)) return false;
      dots = 0;
      start = index + 1;
    } else if (unit === dot) dots += 1;
    else if (isForbiddenUnit(unit)) return false;
  }
  return true;
}

/** A UTF-16 unit that no path may have. */
export function isForbiddenUnit(unit: number): boolean {
  if (unit <= 0x1f) return true;
  if (unit < 0x7f) return false;
  return unit <= 0x9f || (unit >= 0xd800 && unit <= 0xf8ff) || unit >= 0xfff0;
}
