import { parseArgs } from "node:util";

export interface Options {
  readonly workerCount: number;
  /** Whether parts of the cluster are killed. */
  readonly isDisturbed: boolean;
}

export const help: string = `npm start -- [--workers N] [--no-chaos]

Counts three million flights on a cluster: three servers that agree, a master and its standby, and workers, each a process of
its own. In the middle a worker is killed, then the leading master and a server. Ends with 1 when the answers differ from
those of one process, or when the log does not show how the cluster got over it.

  --workers N   how many workers, from 2 to 16 (default 3)
  --no-chaos    kills nobody
  --help        prints this`;

/** undefined: help is wanted. Ends the program with 2 where the arguments make no sense. */
export function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { workers: { type: "string" }, "no-chaos": { type: "boolean" }, help: { type: "boolean" } },
    });
    if (values.help === true) return undefined;
    const workerCount = Number(values.workers ?? 3);
    if (!Number.isInteger(workerCount) || workerCount < 2 || workerCount > 16) {
      throw new RangeError(`--workers is ${values.workers}; it must be a whole number from 2 to 16`);
    }
    return { workerCount, isDisturbed: values["no-chaos"] !== true };
  } catch (thrown) {
    console.error(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${help}`);
    process.exit(2);
  }
}
