import type { Effects } from "../core/effects.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { ReplicaCore } from "../core/replica-core.ts";
import type { Zxid } from "../core/zxid.ts";
import type { NodeId } from "../core/entry.ts";
import type { Machine } from "../driver/machine.ts";
import type { Protocol } from "../driver/protocol.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import { readSegment } from "../log/segment.ts";
import { plantedFaults, type PlantedFault } from "./faults.ts";

function withFiles(disk: Disk, change: (file: DiskFile, name: string) => DiskFile): Disk {
  return { ...disk, open: async (name) => change(await disk.open(name), name) };
}

const nothing = async (): Promise<void> => undefined;

/** Cuts the newest segment at what does not verify, as if it had never been finished. */
async function readAsTorn(disk: Disk, name: string): Promise<Uint8Array | undefined> {
  const bytes = await disk.read(name);
  const newest = (await disk.list())
    .filter((one) => one.startsWith("log-"))
    .toSorted()
    .at(-1);
  if (bytes === undefined || name !== newest) return bytes;
  const { endBytes, damaged } = readSegment(bytes, undefined);
  if (damaged) bytes.fill(0, endBytes);
  return bytes;
}

/** A machine on which, at one member, now and then a transaction does not happen. */
function forgetting(machine: Machine, node: NodeId): Machine {
  if (node !== 1) return machine;
  let count = 0;
  const apply = (position: Zxid, txn: Uint8Array): Uint8Array => {
    count += 1;
    return count % 50 === 0 ? new Uint8Array(0) : machine.apply(position, txn);
  };
  return new Proxy(machine, {
    get: (inner, key) => {
      const value: unknown = key === "apply" ? apply : Reflect.get(inner, key, inner);
      return typeof value === "function" ? (value.bind(inner) as unknown) : value;
    },
  });
}

/** Mistakes between a replica and its disk or machine, which only level B has. */
const shippedFaults: readonly PlantedFault[] = [
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
    name: "sync-tried-again",
    source: "P17: a sync that failed is tried again, when the system has dropped what it should have written",
    disk: (disk) => withFiles(disk, (file) => ({ ...file, sync: () => file.sync().catch(() => file.sync()) })),
  },
  {
    name: "damage-taken-for-torn",
    source: "P16: damage in the middle of the log is cut off as if it were the end of an unfinished write",
    disk: (disk) => ({ ...disk, read: (name) => readAsTorn(disk, name) }),
  },
  {
    name: "state-diverges",
    source: "ZOOKEEPER-5010: one member's state is another at the same position, and nobody compares (Z23)",
    machine: forgetting,
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
  ...shippedFaults,
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
