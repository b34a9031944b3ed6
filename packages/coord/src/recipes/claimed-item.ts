import type { Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { hasCode } from "./recipe-options.ts";
import { claim, deleteSurely, repeated } from "./steps.ts";

/** An entry of a queue that this session has and no other. */
export interface ClaimedItem {
  readonly data: Uint8Array;
  /** It is done: removes it. Fails with `lease-lost` when the claim was lost, and somebody else may have it. */
  done(): Promise<void>;
  /** Gives it back for others. */
  release(): Promise<void>;
}

/** Claims an entry by a node of this session; undefined when somebody else has it, or it is done. */
export async function claimItem(
  session: Session,
  { entry, lock }: { readonly entry: string; readonly lock: string },
): Promise<ClaimedItem | undefined> {
  if (!(await claim(session, lock, { mark: crypto.randomUUID() }))) return undefined;
  const sessionId = session.id;
  let data: Uint8Array;
  try {
    ({ data } = await session.get(entry));
  } catch (thrown) {
    // It was done between the list and the claim.
    await deleteSurely(session, lock);
    if (hasCode(thrown, "no-node")) return undefined;
    throw thrown;
  }
  return {
    data,
    done: async () => {
      const lost = new CoordError("lease-lost", `${entry}: the claim was lost`, { path: entry });
      if (session.id !== sessionId) throw lost;
      try {
        await session.transaction().delete(lock).delete(entry).commit();
      } catch (thrown) {
        if (hasCode(thrown, "session-expired")) throw lost;
        if (!hasCode(thrown, "connection-lost", "no-node")) throw thrown;
        await finish(session, { entry, lock, sessionId, lost });
      }
    },
    release: () => deleteSurely(session, lock),
  };
}

interface Finishing {
  readonly entry: string;
  readonly lock: string;
  readonly sessionId: bigint;
  readonly lost: CoordError;
}

/** After a lost answer: both nodes go together, so while our claim is there the item is not done. */
async function finish(session: Session, { entry, lock, sessionId, lost }: Finishing): Promise<void> {
  await session.sync(entry);
  const claimed = await session.exists(lock);
  if (claimed?.ephemeralOwner === sessionId) {
    await repeated(() => session.transaction().delete(lock).delete(entry).commit()).catch((thrown: unknown) => {
      if (!hasCode(thrown, "no-node")) throw thrown;
    });
  } else if ((await session.exists(entry)) !== undefined) {
    throw lost;
  }
}
