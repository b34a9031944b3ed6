// Three candidates over an ensemble of three servers. The first one's session ends, the server that leads the ensemble is
// stopped, the second one resigns: each time the next in line leads, and nobody beside it.
import { connect, type Session } from "@tutti/coord";
import { createElection, type Lease } from "@tutti/coord/recipes";
import { startEnsemble } from "@tutti/coord/server";

interface Candidate {
  readonly session: Session;
  /** Resolves when it leads. */
  readonly leads: Promise<Lease>;
}

const ensemble = await startEnsemble({ size: 3, tickTimeMs: 100 });
const watcher = await connect(ensemble.connectString);
const line = async (): Promise<string> => (await createElection(watcher, "/leader").participants()).join(", ");

/** Stands for election. Resolves when it is in line. */
async function stand(id: string): Promise<Candidate> {
  const session = await connect(ensemble.connectString, { sessionTimeoutMs: 1000 });
  const election = createElection(session, "/leader", { id });
  const leads = election.campaign();
  while (!(await election.participants()).includes(id)) await new Promise((resolve) => setImmediate(resolve));
  return { session, leads };
}

const ann = await stand("ann");
const bob = await stand("bob");
const eve = await stand("eve");
const anns = await ann.leads;
await watcher.sync();
console.log(`ann leads; in line: ${await line()}`);

await ann.session.close();
const bobs = await bob.leads;
await watcher.sync();
console.log(`ann's session has ended, bob leads; in line: ${await line()}`);
console.log(`ann knows: ${anns.signal.aborted}`);

await ensemble.servers.find(({ server }) => server?.mode === "leader")?.stop();
await bob.session.sync();
console.log(`the server that led the ensemble is stopped; bob still leads: ${!bobs.signal.aborted}`);

await bobs.release();
const eves = await eve.leads;
await watcher.sync();
console.log(`bob has resigned, eve leads; in line: ${await line()}`);
console.log(`tokens grow: ${anns.fencingToken < bobs.fencingToken && bobs.fencingToken < eves.fencingToken}`);

for (const session of [bob.session, eve.session, watcher]) await session.close();
await ensemble.close();
