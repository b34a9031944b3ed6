// Three instances of a service, one of them twice as strong. Requests are spread by weight; one that goes away gets none.
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "@tutti/coord";
import { discoverService, registerService } from "@tutti/coord/recipes";
import { startServer } from "@tutti/coord/server";

const coordination = await startServer({ tickTimeMs: 100 });

interface Instance {
  readonly http: Server;
  readonly session: Awaited<ReturnType<typeof connect>>;
}

async function startInstance(id: string, weight: number): Promise<Instance> {
  const http = createServer((_, response) => response.end(id)).listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const session = await connect(coordination);
  await registerService(session, "/services", { name: "greeter", id, address: "127.0.0.1", port, weight });
  return { http, session };
}

const instances = [
  await startInstance("small-1", 1),
  await startInstance("small-2", 1),
  await startInstance("large", 2),
];

const session = await connect(coordination);
const greeters = await discoverService(session, "/services", "greeter", { seed: 7 });

async function ask(count: number): Promise<string> {
  const answers = new Map<string, number>();
  for (let asked = 0; asked < count; asked += 1) {
    const { address, port } = greeters.pick();
    const id = await (await fetch(`http://${address}:${port}`)).text();
    answers.set(id, (answers.get(id) ?? 0) + 1);
  }
  return ["large", "small-1", "small-2"]
    .map((id) => `${id} ${Math.round((100 * (answers.get(id) ?? 0)) / count)} %`)
    .join(", ");
}

console.log("of 400 requests:", await ask(400));

const gone = instances[2];
await gone?.session.close();
while (greeters.all().length > 2) await new Promise((resolve) => setImmediate(resolve));
gone?.http.close();
gone?.http.closeAllConnections();
console.log("the large one goes away; of 400 requests:", await ask(400));

await greeters.close();
await session.close();
for (const { http, session: own } of instances.slice(0, 2)) {
  http.close();
  http.closeAllConnections();
  await own.close();
}
await coordination.close();
