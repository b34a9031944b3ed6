// The same program on a server inside this process, and on Apache ZooKeeper: what changes is the connect string.
//   node src/main.ts                  an embedded server
//   node src/main.ts zk1:2181,zk2:2181
import { connect } from "@tutti/coord";
import { createElection, createLock, createQueue } from "@tutti/coord/recipes";
import { startServer } from "@tutti/coord/server";

const [given] = process.argv.slice(2);
const server = given === undefined ? await startServer() : undefined;
const session = await connect(given ?? server?.connectString ?? "");

const root = `/tutti-example-${process.pid}`;
await session.ensurePath(root);

const lease = await createLock(session, `${root}/lock`).acquire();
console.log("the lock is held:", !lease.signal.aborted);
await lease.release();

const election = createElection(session, `${root}/leader`, { id: "this process" });
const leadership = await election.campaign();
console.log("leader:", await election.leader());
await leadership.release();

const [config, flag] = await session
  .transaction()
  .create(`${root}/config`, "colour=green")
  .create(`${root}/flag`, "up", { mode: "ephemeral" })
  .commit();
console.log("created together:", [config.path, flag.path].map((path) => path.slice(root.length)).join(" "));

const queue = createQueue(session, `${root}/queue`);
await queue.put("first");
await queue.put("second");
const item = await queue.take();
console.log("from the queue:", Buffer.from(item.data).toString());
await item.done();

await session.deleteRecursive(root);
await session.close();
await server?.close();
