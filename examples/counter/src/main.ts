// Four processes add to one counter, a thousand times each, while their connections are cut now and then. None is lost.
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "@tutti/coord";
import { createCounter } from "@tutti/coord/recipes";
import { startServer } from "@tutti/coord/server";
import { startFaultProxy } from "@tutti/coord/testing";

const processCount = 4;
const additions = 1000;
const [role, connectString = ""] = process.argv.slice(2);

if (role === "adder") {
  const session = await connect(connectString);
  const counter = createCounter(session, "/visits");
  for (let count = 0; count < additions; count += 1) await counter.add(1);
  await counter.close();
  await session.close();
} else {
  const server = await startServer();
  const proxy = await startFaultProxy(server.address);
  const adders = Array.from({ length: processCount }, () => fork(import.meta.filename, ["adder", proxy.connectString]));
  const ends = adders.map((adder) => once(adder, "exit"));
  // A request that arrives, an answer that does not: whoever counts it again counts twice, whoever does not may lose it.
  const cuts = setInterval(() => proxy.cutBeforeAnswer(), 300);
  await Promise.all(ends);
  clearInterval(cuts);

  const session = await connect(server);
  const total = await createCounter(session, "/visits").get();
  console.log(`${processCount} processes, ${additions} additions each, cut off again and again: ${total}`);

  // What tutorials do: read, add one, write. The version makes the difference between losing an addition and trying again.
  await session.create("/naive", "0");
  const addBadly = async (): Promise<void> => {
    const { data } = await session.get("/naive");
    await session.set("/naive", String(Number(Buffer.from(data)) + 1));
  };
  await Promise.all(Array.from({ length: 100 }, addBadly));
  console.log(`read, add, write, 100 times at once: ${Buffer.from((await session.get("/naive")).data).toString()}`);

  await session.create("/checked", "0");
  const addWell = async (): Promise<void> => {
    for (;;) {
      const { data, stat } = await session.get("/checked");
      const written = session.set("/checked", String(Number(Buffer.from(data)) + 1), { version: stat.version });
      if (
        await written.then(
          () => true,
          () => false,
        )
      )
        return;
    }
  };
  await Promise.all(Array.from({ length: 100 }, addWell));
  console.log(
    `with the version that was read, again until it holds: ${Buffer.from((await session.get("/checked")).data).toString()}`,
  );

  await session.close();
  await proxy.close();
  await server.close();
}
