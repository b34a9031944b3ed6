import type { SimulationOptions, StackOptions } from "../src/sim/index.ts";
import type { TextPlant } from "./text-plants.ts";

/** A mistake in what ZAB stands on that no rewritten message or write can make. */
export interface ZabPlant extends TextPlant {
  readonly level: "A" | "B";
  /** With which the simulator meets it. */
  readonly options?: Pick<SimulationOptions & StackOptions<never>, "zab" | "wire">;
}

export const zabPlants: readonly ZabPlant[] = [
  {
    name: "window-with-a-hole",
    source: "ZOOKEEPER-4925: what came during synchronization is not in the window for DIFF (Z10)",
    level: "A",
    changes: [
      [
        "core/zab/synchronization.ts",
        `  if (isSuccessor(state.log.end, entry.zxid)) state.log.append(entry);
  else brokenStream(state, entry.zxid, state.log.end);`,
        'state.log.append(entry); if (learning.phase === "synchronization") state.log.outside.add(entry.zxid);',
      ],
      [
        "core/log-mirror.ts",
        "assert(isSuccessor(this.end, entry.zxid), `${formatZxid(entry.zxid)} follows ${formatZxid(this.end)} in a log`);",
        "",
      ],
      [
        "core/log-mirror.ts",
        "  #inFlight: InFlight[] = [];",
        "  #inFlight: InFlight[] = []; readonly outside: Set<Zxid> = new Set();",
      ],
      [
        "core/log-mirror.ts",
        "return this.#entries.slice(this.#indexAfter(zxid));",
        "return this.#entries.slice(this.#indexAfter(zxid)).filter((entry) => !this.outside.has(entry.zxid));",
      ],
    ],
  },
  {
    name: "epochs-without-recovery",
    source: "ZOOKEEPER-2307, 4269: a crash between the log and its epoch leaves what the check at start refuses (Z18)",
    level: "A",
    changes: [
      [
        "core/zab/zab-core.ts",
        'assert(recovered.epochs.current <= recovered.epochs.accepted, "an epoch is accepted before it is entered");',
        'assert(log.end >> 32n <= BigInt(recovered.epochs.current), "the log is in no later epoch than its server");',
      ],
    ],
  },
  {
    name: "counter-overflows",
    source: "ZOOKEEPER-1277: the counter of an epoch overflows into the next epoch (Z19)",
    level: "A",
    options: { zab: { counterLimit: 40 } },
    changes: [
      [
        "core/zab/broadcast.ts",
        'request(state, { to: "looking", reason: "the epoch has no positions left" });\n  return undefined;',
        "leading.epoch += 1;\n  return zxidOf(leading.epoch, 1);",
      ],
    ],
  },
  {
    name: "both-ends-dial",
    source: "ZOOKEEPER-2164, 3769: two members dial each other, and each new link ends the one before (Z21)",
    level: "B",
    options: { wire: "bytes" },
    changes: [
      [
        "node/tcp-transport.ts",
        "const isOurs = peer < this.#options.id && this.#present.has(peer);",
        "const isOurs = false;",
      ],
      [
        "node/tcp-transport.ts",
        "...(isLarger ? { mayDial: () => !this.#present.has(peer), firstMs: patienceMs, retryMsMin: patienceMs } : {}),",
        "",
      ],
    ],
  },
];
