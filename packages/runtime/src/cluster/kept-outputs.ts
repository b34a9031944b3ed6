import { jobOf } from "../core/master-state.ts";
import { forgetLost } from "../executor/base-executor.ts";
import type { AttemptOutput } from "../executor/lane.ts";
import { outputOf } from "./cluster-lane.ts";
import type { DriverDesk } from "./driver-desk.ts";
import type { MasterLog } from "./master-log.ts";
import { partitionIdOfTask, stageKeyOf, type ClusterBlock } from "./messages.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** What jobs left with the workers for later jobs of their driver: the log names it, and desks say where it is. */
export interface KeptOutputs {
  /** Stages that are wanted until their driver has come back or is given up. */
  stageKeys(): readonly string[];
  /** Writes down what a job has left under these keys. Gives those that are there still. */
  write(desk: DriverDesk, keys: readonly string[]): Promise<readonly string[]>;
  /** Looks with the workers for what jobs of earlier terms left, for a driver that has come back. */
  recover(desk: DriverDesk): Promise<void>;
  release(desk: DriverDesk, key: string): void;
  /** A driver is given up. */
  releaseAll(driver: string): void;
  forgetLost(desk: DriverDesk, worker: string): void;
}

export interface KeptOutputsParts {
  readonly pool: WorkerPool;
  readonly log: MasterLog;
  /** Resolves when the workers of an earlier term have said what they hold. */
  readonly recovered: Promise<void>;
  /** Jobs of this term that have not ended for their driver. */
  readonly runningJobs: () => ReadonlySet<string>;
}

export function createKeptOutputs({ pool, log, recovered, runningJobs }: KeptOutputsParts): KeptOutputs {
  const stageKeysOf = (tasks: readonly string[]): string[] => [...new Set(tasks.flatMap((id) => stageKeyOf(id) ?? []))];

  /** Frees what is left of it. Nobody waits for the record. */
  const free = (key: string, tasks: readonly string[]): void => {
    pool.dropStages(stageKeysOf(tasks));
    log.append({ kind: "released", key }).catch(() => undefined);
  };

  const tellLost = (desk: DriverDesk, key: string, tasks: readonly string[]): void => {
    free(key, tasks);
    desk.tell({ name: "keptLost", told: { key, atMs: performance.now() } });
  };

  const outputOfTask = async (id: string): Promise<AttemptOutput<ClusterBlock> | undefined> => {
    const found = pool.inherited(partitionIdOfTask(id)).find((one) => one.id === id);
    const answer = await found?.worker.adopt(id);
    return found === undefined || answer?.kind !== "done" ? undefined : await outputOf(found.worker, answer, false);
  };

  return {
    stageKeys: () => [...log.state.kept.values()].flatMap(({ tasks }) => stageKeysOf(tasks)),
    async write(desk, keys) {
      for (const key of keys) {
        const tasks = desk.kept.get(key)?.flatMap(({ task }) => task ?? []);
        if (tasks !== undefined) await log.append({ kind: "kept", key, driver: desk.driver, tasks });
      }
      // A worker may have gone since.
      return keys.filter((key) => desk.kept.has(key));
    },
    async recover(desk) {
      // A job that is run again will keep it anew, and its tasks have the same names.
      const running = runningJobs();
      const missing = [...log.state.kept.values()].filter(
        ({ key, driver, tasks }) =>
          driver === desk.driver && !desk.kept.has(key) && !tasks.some((id) => running.has(jobOf(id))),
      );
      if (missing.length === 0) return;
      await recovered;
      for (const { key, tasks } of missing) {
        const outputs = await Promise.all(tasks.map(outputOfTask));
        const whole = outputs.filter((output) => output !== undefined);
        if (whole.length === outputs.length) desk.kept.set(key, whole);
        else tellLost(desk, key, tasks);
      }
    },
    release(desk, key) {
      const outputs = desk.kept.get(key) ?? [];
      desk.kept.delete(key);
      free(
        key,
        outputs.flatMap(({ task }) => task ?? []),
      );
    },
    releaseAll(driver) {
      for (const one of [...log.state.kept.values()]) if (one.driver === driver) free(one.key, one.tasks);
    },
    forgetLost(desk, worker) {
      const isGone = (block: ClusterBlock): boolean => block.kind === "held" && block.worker === worker;
      forgetLost(desk.kept, isGone, (key, outputs) => {
        tellLost(
          desk,
          key,
          outputs.flatMap(({ task }) => task ?? []),
        );
      });
    },
  };
}
