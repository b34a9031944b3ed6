// Two writers, one lock. Ann is paused while she holds it; Bob gets it; what Ann then writes is refused.
import { connect } from "@tutti/coord";
import { createLock } from "@tutti/coord/recipes";
import { startServer } from "@tutti/coord/server";
import { startFaultProxy } from "@tutti/coord/testing";

/** Something outside of the coordination service that must not be written by two: it refuses tokens of the past. */
class Ledger {
  readonly #lines: string[] = [];
  #highestToken = 0n;

  write(line: string, fencingToken: bigint): boolean {
    if (fencingToken < this.#highestToken) return false;
    this.#highestToken = fencingToken;
    this.#lines.push(line);
    return true;
  }
  get lines(): readonly string[] {
    return this.#lines;
  }
}

const server = await startServer({ tickTimeMs: 100 });
// Ann's way to the server, which will fall silent: as if her process had been stopped, or her network cut.
const proxy = await startFaultProxy(server.address);
const ann = await connect(proxy.connectString, { sessionTimeoutMs: 500 });
const bob = await connect(server);
const ledger = new Ledger();

const annsLease = await createLock(ann, "/locks/ledger").acquire();
console.log("ann holds the lock:", ledger.write("ann was here", annsLease.fencingToken));

const lost = new Promise((resolve) => annsLease.signal.addEventListener("abort", resolve));
proxy.silence(true);
const bobsLease = await createLock(bob, "/locks/ledger").acquire();
console.log("ann is not heard of, and bob gets the lock");
console.log("bob writes:", ledger.write("bob was here", bobsLease.fencingToken));

// Ann does not know yet, or did not look. The ledger knows: her token is below bob's.
console.log("ann writes:", ledger.write("ann again", annsLease.fencingToken));
await lost;
console.log("by now ann's lease has told her:", annsLease.signal.aborted);

// Within the coordination service no token is needed: the lock is checked in the same transaction.
await bob.create("/ledger", "");
proxy.silence(false);
const refused = await bob
  .transaction()
  .guard({ path: annsLease.path })
  .set("/ledger", "ann's")
  .commit()
  .then(
    () => "written",
    () => "refused",
  );
await bob.transaction().guard(bobsLease.check).set("/ledger", "bob's").commit();
console.log(
  "guarded by ann's lock:",
  refused,
  "- guarded by bob's:",
  Buffer.from((await bob.get("/ledger")).data).toString(),
);

console.log(ledger.lines.join(", "));
await bobsLease.release();
for (const session of [ann, bob]) await session.close();
await proxy.close();
await server.close();
