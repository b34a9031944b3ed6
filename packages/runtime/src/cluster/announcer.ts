import type { CapturedBroadcast } from "../broadcast/broadcast.ts";
import { unsharePayload } from "../broadcast/payload.ts";
import type { ModuleBundle } from "../closure/module-bundle.ts";
import type { Announcement, ToWorker } from "./messages.ts";

/** What a peer must have before it can run something, each part sent once. */
export interface Announcer {
  /** Announces a stage or a function, once. */
  announce(key: string, describe: () => Announcement): void;
  forget(keys: readonly string[]): void;
  /** Sends a broadcast, once, until it is released. */
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
  /** What the peer has, by id, and how to stop being told of its release. */
  const shared = new Map<string, () => void>();
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
    share({ shipment, onRelease }) {
      const { id } = shipment;
      if (shared.has(id)) return;
      if (!inherited.has(id)) {
        send({ kind: "broadcast", shipment: { id, payload: unsharePayload(shipment.payload) } });
      }
      const stop = onRelease(() => {
        stop();
        shared.delete(id);
        send({ kind: "dropBroadcast", id });
      });
      shared.set(id, stop);
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
      for (const [id, stop] of shared) {
        if (has.has(id)) continue;
        stop();
        shared.delete(id);
      }
      inherited = isNews ? has : new Set();
    },
    close() {
      for (const stop of shared.values()) stop();
      shared.clear();
    },
  };
}
