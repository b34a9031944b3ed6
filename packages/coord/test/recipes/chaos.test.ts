import { createPrng } from "@tutti/stdx";
import { expect, test } from "vitest";
import { CoordError, type Session } from "../../src/index.ts";
import { createElection, createLock, type Lease } from "../../src/recipes/index.ts";
import type { FaultProxy } from "../../src/testing/index.ts";
import { World } from "./world.ts";

// CHAOS_ROUNDS=1000 SEED=3 vitest run --project coord chaos: how often somebody holds, and the start of all chance.
const roundCount = Number(process.env["CHAOS_ROUNDS"] ?? 25);
const seed = Number(process.env["SEED"] ?? 1);
const sessionTimeoutMs = 250;
const contenderCount = 4;

/** What the lock protects: it remembers the highest token, and refuses all below it. */
class GuardedResource {
  #highest = 0n;
  acceptedCount = 0;
  rejectedCount = 0;

  write(token: bigint): boolean {
    if (token < this.#highest) {
      this.rejectedCount += 1;
      return false;
    }
    this.#highest = token;
    this.acceptedCount += 1;
    return true;
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Contender {
  readonly session: Session;
  readonly proxy: FaultProxy;
  readonly acquire: () => Promise<Lease>;
}

/** Holds that others could see at the same time: each must have been told of its loss before the next one holds. */
function checkAlone(leases: ReadonlySet<Lease>, next: Lease): void {
  for (const lease of leases) {
    if (!lease.signal.aborted)
      throw new Error(`${next.path} is held while ${lease.path} does not know that it is lost`);
  }
}

async function fight(contenders: readonly Contender[], resource: GuardedResource): Promise<void> {
  const held = new Set<Lease>();
  let rounds = 0;
  let isOver = false;
  const fightOne = async ({ acquire, proxy }: Contender, index: number): Promise<void> => {
    const prng = createPrng(seed * 1000 + index);
    while (rounds < roundCount && !isOver) {
      let lease: Lease;
      try {
        lease = await acquire();
      } catch (thrown) {
        // Sessions are renewed; whoever lost its place stands in line again.
        if (thrown instanceof CoordError && thrown.code !== "closed") continue;
        throw thrown;
      }
      checkAlone(held, lease);
      held.add(lease);
      rounds += 1;
      resource.write(lease.fencingToken);
      if (prng.nextBelow(3) === 0) {
        // A holder that is cut off, does not look at its signal, and writes again when somebody else has the lock.
        proxy.silence(true);
        await sleep(sessionTimeoutMs * 2);
        resource.write(lease.fencingToken);
        proxy.silence(false);
      }
      held.delete(lease);
      await lease.release();
    }
  };
  const breakLinks = async (): Promise<void> => {
    const prng = createPrng(seed);
    while (!isOver) {
      const { proxy } = contenders[prng.nextBelow(contenders.length)] as Contender;
      if (prng.nextBelow(2) === 0) proxy.cut();
      else proxy.cutBeforeAnswer();
      await sleep(10 + prng.nextBelow(60));
    }
  };
  const breaking = breakLinks();
  try {
    await Promise.all(contenders.map(fightOne));
  } finally {
    isOver = true;
    await breaking;
  }
}

for (const kind of ["lock", "leadership"] as const) {
  test(
    `nobody holds the ${kind} beside another, and stale tokens are refused, whatever the links do`,
    { timeout: 1_200_000 },
    async () => {
      const world = await World.open();
      const contenders = await Promise.all(
        Array.from({ length: contenderCount }, async (): Promise<Contender> => {
          const { session, proxy } = await world.link({ sessionTimeoutMs, renew: true });
          const [lock, election] = [createLock(session, "/chaos"), createElection(session, "/chaos")];
          return { session, proxy, acquire: () => (kind === "lock" ? lock.acquire() : election.campaign()) };
        }),
      );
      const resource = new GuardedResource();
      await fight(contenders, resource);
      expect(resource.acceptedCount).toBeGreaterThanOrEqual(roundCount);
      expect(resource.rejectedCount).toBeGreaterThan(0);
      if (roundCount > 100)
        console.log(`${kind}: ${resource.acceptedCount} accepted, ${resource.rejectedCount} rejected`);
    },
  );
}
