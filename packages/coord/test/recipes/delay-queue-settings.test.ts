import { expect, test } from "vitest";
import { json, text } from "../../src/index.ts";
import { createDelayQueue, openSettings, type Settings } from "../../src/recipes/index.ts";
import { codeOf, World } from "./world.ts";

const decoder = new TextDecoder();

test("a delay queue gives nothing before its time, and then in the order of the times", async () => {
  const world = await World.open();
  const [one, two] = [await world.session(), await world.session()];
  const put = createDelayQueue(one, "/delayed");
  const sinceMs = Date.now();
  // Later by much more than the next put takes on servers that are busy.
  await put.put("second", { delayMs: 1000 });
  await put.put("first", { delayMs: 60 });
  await put.put("much later", { delayMs: 3_600_000 });
  const take = createDelayQueue(two, "/delayed");
  const first = await take.take();
  expect(decoder.decode(first.data)).toBe("first");
  expect(Date.now() - sinceMs).toBeGreaterThanOrEqual(60);
  await first.done();
  const second = await take.take();
  expect(decoder.decode(second.data)).toBe("second");
  expect(Date.now() - sinceMs).toBeGreaterThanOrEqual(1000);
  await second.release();
  expect(decoder.decode((await put.take()).data)).toBe("second");
  expect(await codeOf(take.take({ timeoutMs: 30 }))).toBe("timeout");
  expect(await put.count()).toBe(2);
});

test("a taker that waits for a time hears of an item that is due sooner", async () => {
  const world = await World.open();
  const session = await world.session();
  const queue = createDelayQueue(session, "/delayed");
  await queue.put("later", { delayMs: 3_600_000 });
  const waiting = queue.take();
  await queue.put("now");
  expect(decoder.decode((await waiting).data)).toBe("now");
  for (const delayMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(await codeOf(queue.put("x", { delayMs }))).toBe("invalid-options");
  }
});

test("the item of a taker whose session ends goes to the next", async () => {
  const world = await World.open();
  const [one, two] = [await world.session(), await world.session()];
  await createDelayQueue(one, "/delayed").put("item");
  const lost = await createDelayQueue(one, "/delayed").take();
  const waiting = createDelayQueue(two, "/delayed").take();
  await one.close();
  expect(decoder.decode((await waiting).data)).toBe("item");
  expect(await codeOf(lost.done())).not.toBe("ok");
});

const positive = json((value) => {
  if (typeof value === "number" && value > 0) return value;
  throw new Error(`${String(value)} is no positive number`);
});
const schema = { limit: { codec: positive, default: 10 }, name: { codec: text, default: "none" } };

function next(settings: Settings<{ limit: number; name: string }>, type: "change" | "invalid"): Promise<string> {
  return new Promise((resolve) => settings.events.once(type, ({ name }) => resolve(name)));
}

test("settings are typed, checked and followed; what does not pass its check never gets in", async () => {
  const world = await World.open();
  const [one, two] = [await world.session(), await world.session()];
  const mine = await openSettings(one, "/settings", schema);
  expect(mine.values).toEqual({ limit: 10, name: "none" });
  const theirs = await openSettings(two, "/settings", schema);
  const changed = next(theirs, "change");
  await mine.set("limit", 20);
  expect(await changed).toBe("limit");
  expect(theirs.values.limit).toBe(20);
  await expect(mine.set("limit", -1)).rejects.toThrow(/no positive number/);
  const invalid = next(theirs, "invalid");
  await one.set("/settings/limit", "-5");
  expect(await invalid).toBe("limit");
  expect(theirs.values.limit).toBe(20);
  const again = next(theirs, "change");
  await mine.set("limit", 30);
  await again;
  expect(theirs.values.limit).toBe(30);
  const gone = next(theirs, "change");
  await one.delete("/settings/limit");
  await gone;
  expect(theirs.values.limit).toBe(10);
  await mine.close();
  await theirs.close();
  expect(await theirs.stopped).toBeUndefined();
});

test("settings follow through a break of the connection, and say why when their session is over", async () => {
  const world = await World.open();
  const { session, proxy } = await world.link();
  const other = await world.session();
  const settings = await openSettings(session, "/settings", schema);
  const changed = next(settings, "change");
  proxy.cut();
  const writer = await openSettings(other, "/settings", schema);
  await writer.set("name", "new");
  await changed;
  expect(settings.values.name).toBe("new");
  await proxy.expire(session.id);
  expect((await settings.stopped)?.code).toBe("session-expired");
  await writer.close();
});
