import { createExecutor } from "@tutti/runtime";
import { startMembers } from "../../../runtime/test/cluster/member-processes.ts";
import { packageFolder } from "../rdd/on-workers.ts";
import type { PlanPlace } from "../rules/check-plans.ts";

export interface OpenPlace {
  readonly place: PlanPlace;
  readonly close: () => Promise<void>;
}

const inParts = { kind: "in parts", partitionCount: 3, broadcastBytesMax: 0 } as const;

/** Everywhere that plans run, by name. */
export const planPlaces: Readonly<Record<string, () => Promise<OpenPlace>>> = {
  "whole, in this process": () => Promise.resolve({ place: { kind: "whole" }, close: () => Promise.resolve() }),
  "in parts in this process, both sides of joins changing places": () => {
    const executor = createExecutor();
    return Promise.resolve({ place: { ...inParts, executor }, close: () => executor.close() });
  },
  "in parts in this process, small sides going everywhere": () => {
    const executor = createExecutor();
    const place = { kind: "in parts", executor, partitionCount: 2, broadcastBytesMax: 150 } as const;
    return Promise.resolve({ place, close: () => executor.close() });
  },
  "in parts on threads": () => {
    const executor = createExecutor({ threads: 2 });
    return Promise.resolve({ place: { ...inParts, executor }, close: () => executor.close() });
  },
  "in parts on three worker processes": async () => {
    const cluster = await startMembers({ masterCount: 1, workerCount: 3, sessionTimeoutMs: 4000, cwd: packageFolder });
    return { place: { ...inParts, executor: cluster.executor }, close: () => cluster.close() };
  },
};
