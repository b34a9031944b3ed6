import { expect, test } from "vitest";
import type { Request } from "../../src/protocol/requests.ts";
import { PipelineWorld } from "./world.ts";

const read: Request = { type: "exists", path: "/", watch: false };
/** Longer than a server answers without a confirmation. */
const longMs = 600;

/** A server with a client, whose reports wait for their confirmation from now on. */
function unconfirmedWorld() {
  const world = new PipelineWorld();
  const client = world.client();
  const unconfirmed: ((isConfirmed: boolean) => void)[] = [];
  world.replication.unconfirmed = unconfirmed;
  world.nowMs += longMs;
  return { world, client, unconfirmed };
}

test("requests wait while nothing that the server reports is confirmed, and are answered in their order when it is", () => {
  const { client, unconfirmed } = unconfirmedWorld();
  client.send(read);
  client.send({ type: "ping" });
  expect(client.taken()).toEqual([]);
  expect(client.paused).toBe(true);
  expect(unconfirmed).toHaveLength(1);
  unconfirmed.shift()?.(true);
  expect(client.taken()).toEqual(["1 0", "2 0"]);
  expect(client.paused).toBe(false);
});

test("a report counts from when it was made, however late it is confirmed", () => {
  const { world, client, unconfirmed } = unconfirmedWorld();
  client.send(read);
  world.nowMs += longMs;
  unconfirmed.shift()?.(true);
  expect(client.taken()).toEqual([]);
  unconfirmed.shift()?.(true);
  expect(client.taken()).toEqual(["1 0"]);
});

test("whoever comes meanwhile waits as well, and a word is answered", () => {
  const { world, unconfirmed } = unconfirmedWorld();
  const [newcomer, asking] = [world.dial(), world.dial()];
  newcomer.connect();
  asking.raw(new TextEncoder().encode("ruok"));
  expect(asking.text()).toBe("you said ruok");
  world.commit();
  expect(newcomer.taken()).toEqual([]);
  unconfirmed.shift()?.(true);
  world.commit();
  expect(newcomer.taken()).toEqual(["session 300"]);
});

test("what one leader was told no other one confirms, and it is told again", () => {
  const { world, client, unconfirmed } = unconfirmedWorld();
  const { pipeline, replication } = world;
  client.send(read);
  unconfirmed.shift()?.(true);
  expect(client.taken()).toEqual(["1 0"]);
  pipeline.ledBy("other");
  unconfirmed.shift()?.(true);
  client.send(read);
  expect(client.taken()).toEqual(["2 0"]);
  const session = client.connection.sessionId;
  pipeline.report();
  expect(replication.reports.at(-1)).toEqual([session]);
  pipeline.ledBy("none");
  pipeline.ledBy("other");
  expect(replication.reports.at(-1)).toEqual([session]);
  world.nowMs += longMs;
  unconfirmed.shift()?.(true);
  client.send(read);
  expect(client.taken()).toEqual([]);
});

test("one report is under way at a time, and one that failed is made again", () => {
  const { world, client, unconfirmed } = unconfirmedWorld();
  const { pipeline } = world;
  client.send(read);
  pipeline.report();
  expect(unconfirmed).toHaveLength(1);
  unconfirmed.shift()?.(false);
  pipeline.report();
  expect(unconfirmed).toHaveLength(1);
  unconfirmed.shift()?.(true);
  expect(client.taken()).toEqual(["1 0"]);
});
