import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const prefix = "tutti-fragment-";

/** How the names of all files begin that fragments of a process leave while they run. */
export function fragmentPrefix(pid: number): string {
  return `${prefix}${pid}-`;
}

let sweeping: Promise<void> | undefined;

/** A directory for the files of one task. Whoever opened it removes it. */
export interface FragmentDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

export async function openFragmentDirectory(): Promise<FragmentDirectory> {
  await (sweeping ??= sweep());
  const made = await mkdtemp(path.join(tmpdir(), fragmentPrefix(process.pid)));
  return { path: made, remove: () => rm(made, { recursive: true, force: true }) };
}

/** Processes of another container may share the directory, and have ids that mean nothing here. */
const staleMs = 24 * 60 * 60 * 1000;

/** A process that was killed left its directories: one that runs fragments here a day later removes them, once. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const left = path.join(tmpdir(), name);
    const found = await stat(left).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > staleMs) await rm(left, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as { readonly code?: unknown }).code !== "ESRCH";
  }
}
