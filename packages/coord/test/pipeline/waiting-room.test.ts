import { expect, test } from "vitest";
import { create, PipelineWorld, type Wire } from "./world.ts";

/** A server with room for four requests, and clients. */
function crowded(clientCount: number) {
  const world = new PipelineWorld({ outstandingMax: 4 });
  const clients = Array.from({ length: clientCount }, () => world.client());
  /** Who has what waits for the log, in its order. */
  const waiting = (): number[] =>
    world.replication.held.map((held) => {
      if (!("request" in held)) throw new Error("only writes are asked for here");
      return clients.findIndex(({ connection }) => connection.sessionId === held.request.sessionId);
    });
  return { world, clients, waiting };
}

function ask(client: Wire | undefined, count: number, name: string): void {
  for (let index = 0; index < count; index += 1) client?.send(create(`/${name}${index}`));
}

test("who was sent away first goes on first, and behind the others when it has more than there is room for", () => {
  const { world, clients, waiting } = crowded(3);
  for (const [index, client] of clients.entries()) ask(client, 6, `n${index}-`);
  expect(waiting()).toEqual([0, 0, 0, 0]);
  world.commit(1);
  expect(waiting()).toEqual([0, 0, 0]);
  world.commit(1);
  expect(waiting()).toEqual([0, 0, 0, 0]);
  world.commit(2);
  expect(waiting()).toEqual([0, 0, 1, 1]);
  world.commit(2);
  expect(waiting()).toEqual([1, 1, 2, 2]);
  world.commit(2);
  expect(waiting()).toEqual([2, 2, 1, 1]);
  while (world.replication.held.length > 0) world.commit(1);
  for (const client of clients)
    expect(client.taken()).toEqual(Array.from({ length: 6 }, (_, index) => `${index + 1} 0`));
  expect(clients.map(({ paused }) => paused)).toEqual([false, false, false]);
});

test("a client that comes while others are kept out does not take the room that they wait for", () => {
  const { world, clients, waiting } = crowded(3);
  ask(clients[0], 4, "a");
  ask(clients[1], 3, "b");
  world.commit(1);
  ask(clients[2], 1, "c");
  expect(waiting()).toEqual([0, 0, 0]);
  world.commit(1);
  expect(waiting()).toEqual([0, 0, 1, 1]);
  world.commit(2);
  expect(waiting()).toEqual([1, 1, 2, 1]);
});

test("when the leader is lost nobody waits for room: who only reads is answered, who writes is sent elsewhere", () => {
  const { world, clients } = crowded(3);
  ask(clients[0], 4, "a");
  clients[1]?.send({ type: "exists", path: "/", watch: false });
  ask(clients[2], 1, "b");
  expect(clients.map(({ paused }) => paused)).toEqual([false, true, true]);
  world.pipeline.ledBy("none");
  expect(clients.map(({ closed }) => closed)).toEqual([true, false, true]);
  expect(clients[1]?.taken()).toEqual(["1 0"]);
  expect(clients[1]?.paused).toBe(false);
});

test("a client that leaves while it is kept out takes nobody's turn", () => {
  const { world, clients, waiting } = crowded(3);
  ask(clients[0], 4, "a");
  ask(clients[1], 2, "b");
  ask(clients[2], 2, "c");
  clients[1]?.connection.disconnected();
  world.commit(2);
  expect(waiting()).toEqual([0, 0, 2, 2]);
});

test("what nobody could decide takes no room", () => {
  const { world, clients, waiting } = crowded(6);
  world.pipeline.ledBy("none");
  ask(clients[0], 1, "a");
  clients[1]?.send({ type: "sync", path: "/" });
  ask(clients[2], 1, "b");
  expect(clients.map(({ closed }) => closed)).toEqual([true, true, true, false, false, false]);
  world.pipeline.ledBy("self");
  ask(clients[3], 6, "c");
  expect(waiting()).toEqual([3, 3, 3, 3]);
  while (world.replication.held.length > 0) world.commit(1);
  expect(clients[3]?.taken()).toHaveLength(6);
});

test("who only pings is answered while others fill the room", () => {
  const { world, clients, waiting } = crowded(3);
  ask(clients[0], 5, "a");
  clients[1]?.send({ type: "ping" }, -2);
  expect(clients[1]?.taken()).toEqual(["-2 0"]);
  ask(clients[1], 1, "b");
  clients[1]?.send({ type: "ping" }, -2);
  // Not the opcode of a ping.
  clients[2]?.send(create("/c"), -2);
  expect(clients.map(({ paused }) => paused)).toEqual([true, true, true]);
  expect(waiting()).toEqual([0, 0, 0, 0]);
  world.commit(2);
  expect(waiting()).toEqual([0, 0, 0, 1]);
  expect(clients[1]?.taken()).toEqual(["-2 0"]);
  while (world.replication.held.length > 0) world.commit(1);
  expect(clients[1]?.taken()).toEqual(["2 0"]);
});
