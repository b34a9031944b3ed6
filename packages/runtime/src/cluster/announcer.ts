import type { CapturedBroadcast } from "../broadcast/broadcast.ts";
import { unsharePayload } from "../broadcast/payload.ts";
import type { ModuleBundle } from "../closure/module-bundle.ts";
import type { Announcement, ToWorker } from "./messages.ts";

/** What a peer must have before it can run something, each part sent once. */
export interface Announcer {
  /** Announces a stage or a function, once. */
  announce(key: string, describe: () => Announcement): void;
  forget(keys: readonly string[]): void;
  /** Sends a broadcast, once, until all that shared it have released it: a job may hold one that its driver holds too. */
  share(broadcast: CapturedBroadcast): void;
  /** Sends a bundle of modules, once. */
  bring(bundle: ModuleBundle | undefined): void;
  /** Begins with what the peer has. What it has and nobody here knows of is taken back. */
  reset(has: ReadonlySet<string>, isNews: boolean): void;
  /** Stops listening for releases. */
  close(): void;
}

type Part = Announcement | Extract<ToWorker, { kind: "broadcast" | "bundle" | "dropBroadcast" | "forget" }>;

export function createAnnouncer(send: (part: Part) => void): Announcer {
  let announced = new Set<string>();
  let bundles = new Set<string>();
  /** What the peer has, by id: who shared it, and how to stop being told of its release. */
  const shared = new Map<string, Map<CapturedBroadcast, () => void>>();
  /** What the peer had from somebody else, who may not need it any more. */
  let inherited: ReadonlySet<string> = new Set();

  return {
    announce(key, describe) {
      if (announced.has(key)) return;
      // Throws where it cannot be sent: then it was not announced.
      if (!inherited.has(key)) send(describe());
      announced.add(key);
    },
    forget(keys) {
      const known = keys.filter((key) => announced.delete(key));
      if (known.length > 0) send({ kind: "forget", keys: known });
    },
    share(broadcast) {
      const { id, payload } = broadcast.shipment;
      const sharers = shared.get(id) ?? new Map<CapturedBroadcast, () => void>();
      if (sharers.has(broadcast)) return;
      if (sharers.size === 0 && !inherited.has(id)) {
        send({ kind: "broadcast", shipment: { id, payload: unsharePayload(payload) } });
      }
      const stop = broadcast.onRelease(() => {
        stop();
        sharers.delete(broadcast);
        if (sharers.size > 0) return;
        shared.delete(id);
        send({ kind: "dropBroadcast", id });
      });
      shared.set(id, sharers.set(broadcast, stop));
    },
    bring(bundle) {
      if (bundle === undefined || bundles.has(bundle.hash)) return;
      if (!inherited.has(bundle.hash)) send({ kind: "bundle", bundle });
      bundles.add(bundle.hash);
    },
    reset(has, isNews) {
      const kept = (known: ReadonlySet<string>): Set<string> => new Set([...known].filter((one) => has.has(one)));
      announced = kept(announced);
      bundles = kept(bundles);
      for (const [id, sharers] of shared) {
        if (has.has(id)) continue;
        for (const stop of sharers.values()) stop();
        shared.delete(id);
      }
      inherited = isNews ? has : new Set();
    },
    close() {
      for (const sharers of shared.values()) for (const stop of sharers.values()) stop();
      shared.clear();
    },
  };
}
