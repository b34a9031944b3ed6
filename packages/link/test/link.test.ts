import fc from "fast-check";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { listenForLinks, type LinkError } from "../src/index.ts";
import { attempt, Ear, identity, proxy } from "./pair.ts";

const secret = Buffer.from("known to both");

for (const [name, options] of [
  ["with a checksum", {}],
  ["with a secret", { secret }],
] as const) {
  test(`frames of every size arrive whole and in order ${name}`, async () => {
    const { server, dialed, accepted } = await attempt(options, options);
    const [near, far] = [await dialed, await accepted];
    const [, ear] = [new Ear(near), new Ear(far)];
    const property = fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 50 }),
      async (frames) => {
        const before = ear.frames.length;
        for (const frame of [...frames, new Uint8Array(100_000).fill(7)]) near.send(frame);
        const heard = await ear.heard(before + frames.length + 1);
        expect(heard.slice(before, -1)).toEqual(frames);
        expect(heard.at(-1)?.length).toBe(100_000);
      },
    );
    await fc.assert(property, { numRuns: 50 });
    near.close();
    expect((await ear.down).code).toBe("closed");
    await server.close();
  });
}

test("each side knows who the other is", async () => {
  const { server, dialed, accepted } = await attempt({ identity: { ...identity, node: "7", about: { os: "x" } } });
  const [near, far] = [await dialed, await accepted];
  expect(far.peer).toEqual({ ...identity, node: "7", about: { os: "x" } });
  expect(near.peer).toEqual(identity);
  near.destroy();
  far.destroy();
  await server.close();
});

for (const [name, dialing, listening, code] of [
  ["another secret", { secret: Buffer.from("other") }, { secret }, "wrong-secret"],
  ["no secret where one is expected", {}, { secret }, "wrong-secret"],
  ["a secret where none is known", { secret }, {}, "wrong-secret"],
  ["another cluster", { identity: { ...identity, cluster: "d" } }, {}, "wrong-cluster"],
  ["another version", { identity: { ...identity, version: 2 } }, {}, "wrong-version"],
  ["another protocol", { identity: { ...identity, protocol: "else" } }, {}, "wrong-protocol"],
  ["a node that is not wanted", {}, { admit: () => "not a member" }, "refused"],
] as const) {
  test(`${name} is refused, and both sides are told why`, async () => {
    const { server, dialed, accepted } = await attempt(dialing, listening);
    await expect(dialed).rejects.toMatchObject({ code });
    await expect(accepted).rejects.toMatchObject({ code });
    await server.close();
  });
}

test("a cluster that is not known yet goes with every other", async () => {
  const { server, dialed, accepted } = await attempt({ identity: { ...identity, cluster: "" } });
  (await dialed).destroy();
  (await accepted).destroy();
  await server.close();
});

for (const [name, options] of [
  ["checksum", {}],
  ["tag", { secret }],
] as const) {
  test(`a bit that changes on the way breaks the link by its ${name}, and nothing of that record arrives`, async () => {
    const flip = proxy((chunk, count) => {
      // The first two chunks are the handshake.
      if (count > 2) chunk[chunk.length - 1] = (chunk.at(-1) as number) ^ 1;
      return chunk;
    });
    const { server, dialed, accepted } = await attempt(options, options, flip);
    const [near, ear] = [await dialed, new Ear(await accepted)];
    const other = new Ear(near);
    near.send(Buffer.from("hello"));
    expect((await ear.down).code).toBe("malformed");
    expect(ear.frames).toEqual([]);
    await other.down;
    await server.close();
  });
}

test("a record that is sent again is not taken again when there is a secret", async () => {
  const twice = proxy((chunk, count) => (count > 2 ? Buffer.concat([chunk, chunk]) : chunk));
  const { server, dialed, accepted } = await attempt({ secret }, { secret }, twice);
  const [near, ear] = [await dialed, new Ear(await accepted)];
  near.send(Buffer.from("once"));
  expect((await ear.down).code).toBe("malformed");
  expect(ear.frames.map((frame) => Buffer.from(frame).toString())).toEqual(["once"]);
  near.destroy();
  await server.close();
});

test("a frame above the limit is refused where it is sent, and breaks the link where it arrives", async () => {
  const { server, dialed, accepted } = await attempt({ frameBytesMax: 1 << 20 }, { frameBytesMax: 200_000 });
  const [near, ear] = [await dialed, new Ear(await accepted)];
  expect(() => near.send(new Uint8Array((1 << 20) + 1))).toThrow("[frame-too-large]");
  near.send(new Uint8Array(300_000));
  expect((await ear.down).code).toBe("frame-too-large");
  await server.close();
});

test("a peer that takes nothing breaks the link before memory grows beyond the bound", async () => {
  const swallow = proxy((chunk, count) => (count > 2 ? undefined : chunk));
  const { server, dialed, accepted } = await attempt({ unsentBytesMax: 1 << 20 }, {}, swallow);
  const [near, ear] = [await dialed, new Ear(await accepted)];
  const own = new Ear(near);
  for (let count = 0; count < 40; count += 1) near.send(new Uint8Array(50_000));
  expect((await own.down).code).toBe("overflow");
  await ear.down;
  await server.close();
});

test("a peer from which nothing comes breaks the link, and one that only beats does not", async () => {
  let isMute = false;
  const mute = proxy((chunk) => (isMute ? undefined : chunk));
  const timing = { heartbeatMs: 10, silenceMs: 80 };
  const { server, dialed, accepted } = await attempt(timing, timing, mute);
  const [near, far] = [await dialed, await accepted];
  const [own, ear] = [new Ear(near), new Ear(far)];
  const waited = performance.now() + 240;
  while (performance.now() < waited) await new Promise((resolve) => setImmediate(resolve));
  near.send(Buffer.from("still here"));
  await ear.heard(1);
  isMute = true;
  expect((await ear.down).code).toBe("silent");
  await own.down;
  await server.close();
});

test("a length that changes on the way breaks the link, though heartbeats fill the record for as long as they come", async () => {
  let isHit = false;
  const hit = proxy((chunk) => {
    if (!isHit) return chunk;
    isHit = false;
    const changed = Buffer.from(chunk);
    // 32 KiB more than were sent.
    changed[2] = (changed[2] ?? 0) ^ 0x80;
    return changed;
  });
  const timing = { heartbeatMs: 10, silenceMs: 80 };
  const { server, dialed, accepted } = await attempt(timing, timing, hit);
  const [near, far] = [await dialed, await accepted];
  const [own, ear] = [new Ear(near), new Ear(far)];
  near.send(Buffer.from("first"));
  await ear.heard(1);
  isHit = true;
  near.send(Buffer.from("second"));
  expect((await ear.down).code).toBe("silent");
  expect(ear.frames.length).toBe(1);
  await own.down;
  await server.close();
});

test("garbage, half a hello and silence are given up, and counted", async () => {
  const failures: LinkError[] = [];
  let wake: () => void = () => undefined;
  const server = await listenForLinks(
    { host: "127.0.0.1", port: 0 },
    {
      identity,
      helloTimeoutMs: 60,
      onLink: () => expect.unreachable(),
      onFailure: (error) => {
        failures.push(error);
        wake();
      },
    },
  );
  for (const bytes of [Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.from([0, 0, 1]), Buffer.alloc(0)]) {
    const socket = connect(server.address.port, "127.0.0.1");
    socket.on("error", () => undefined).write(bytes);
  }
  while (failures.length < 3) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  expect(failures.map(({ code }) => code).toSorted()).toEqual(["frame-too-large", "silent", "silent"]);
  await server.close();
});
