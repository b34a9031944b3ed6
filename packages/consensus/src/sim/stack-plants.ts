import type { Effects } from "../core/effects.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { ReplicaCore } from "../core/replica-core.ts";
import type { Zxid } from "../core/zxid.ts";
import type { Protocol } from "../driver/protocol.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import { plantedFaults, type PlantedFault } from "./faults.ts";

function withFiles(disk: Disk, change: (file: DiskFile, name: string) => DiskFile): Disk {
  return { ...disk, open: async (name) => change(await disk.open(name), name) };
}

const nothing = async (): Promise<void> => undefined;

/** Mistakes between the log and its disk, which only level B has. */
const diskFaults: readonly PlantedFault[] = [
  {
    name: "sync-does-nothing",
    source: "a sync of the log that resolves before the disk holds it",
    disk: (disk) => withFiles(disk, (file, name) => (name.endsWith(".tmp") ? file : { ...file, sync: nothing })),
  },
  {
    name: "new-file-not-synced",
    source: "a snapshot or a segment gets its name before its content is durable",
    disk: (disk) => withFiles(disk, (file, name) => (name.endsWith(".tmp") ? { ...file, sync: nothing } : file)),
  },
  {
    name: "directory-not-synced",
    source: "a new name is taken for durable when it was given",
    disk: (disk) => ({ ...disk, syncDirectory: nothing }),
  },
  {
    name: "sync-error-ignored",
    source: "a sync that failed is taken for one that worked, as by databases before 2018",
    disk: (disk) => withFiles(disk, (file) => ({ ...file, sync: () => file.sync().catch(() => undefined) })),
  },
  {
    name: "write-error-ignored",
    source: "a write to a full disk is taken for one that worked",
    disk: (disk) =>
      withFiles(disk, (file) => ({ ...file, write: (bytes, at) => file.write(bytes, at).catch(() => undefined) })),
  },
  {
    name: "tail-not-written-again",
    source: "what a killed process wrote is read, and taken for durable",
    disk: (disk) => {
      const own = new Set<string>();
      const rename = (source: string, target: string): Promise<void> => {
        own.add(target);
        return disk.rename(source, target);
      };
      const changed = withFiles(disk, (file, name) => {
        const isOld = name.startsWith("log-") && !own.has(name);
        return isOld ? { ...file, write: nothing, sync: nothing } : file;
      });
      return { ...changed, rename };
    },
  },
];

/** The mistakes that can be put into what ships. */
export const stackFaults: readonly PlantedFault[] = [
  ...diskFaults,
  ...plantedFaults.filter(({ send, quorum }) => send !== undefined || quorum !== undefined),
];

/** A protocol whose messages leave as the mistake has it. */
export function plantedProtocol(protocol: Protocol, { send: distort }: PlantedFault): Protocol {
  if (distort === undefined) return protocol;
  return {
    ...protocol,
    create: (context) => {
      const core = protocol.create(context);
      let applied: Zxid = 0n;
      const planted: ReplicaCore<ReplicaMessage> = {
        step: (input) => {
          if (input.kind === "applied") applied = input.position;
          core.step(input);
        },
        effects: (): Effects<ReplicaMessage> => {
          const effects = core.effects();
          const seen = { id: context.id, status: core.status(), applied };
          return { ...effects, sends: effects.sends.map((send) => distort(send, seen)) };
        },
        status: () => core.status(),
        get configuration() {
          return core.configuration;
        },
        get isInStep() {
          return core.isInStep;
        },
      };
      return planted;
    },
  };
}
