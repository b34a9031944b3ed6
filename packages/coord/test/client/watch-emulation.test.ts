import fc from "fast-check";
import { expect, test } from "vitest";
import { connect, type ConnectOptions, type Session, type WatchedChange } from "../../src/index.ts";
import { createCache } from "../../src/recipes/index.ts";
import { atEnd, World } from "../recipes/world.ts";
import { startOldServer } from "./old-server.ts";

interface Old {
  /** Speaks to the server as it is. */
  readonly direct: Session;
  /** Speaks to it as one that knows no persistent watches. */
  readonly session: Session;
  readonly cut: () => void;
}

async function openOld(options: ConnectOptions = {}): Promise<Old> {
  const world = await World.open();
  const old = await startOldServer(world.target.address);
  atEnd(() => old.close());
  const session = await connect(`${old.connectString}${world.target.chroot}`, {
    sessionTimeoutMs: 1000,
    backoffMs: 5,
    ...options,
  });
  atEnd(() => session.close());
  return { direct: await world.session(), session, cut: () => old.cut() };
}

const shown = (change: WatchedChange): string => `${change.type} ${change.path}`;

/** What a watch tells while `act` runs, up to the change that is awaited. */
async function changesDuring(
  session: Session,
  { path, recursive, until }: { readonly path: string; readonly recursive: boolean; readonly until: string },
  act: () => Promise<void>,
): Promise<readonly string[]> {
  const changes: string[] = [];
  for await (const change of session.watch(path, { recursive, initial: true })) {
    if (change.type === "resync") {
      if (changes.length === 0) await act();
      continue;
    }
    changes.push(shown(change));
    if (shown(change) === until) break;
  }
  return changes;
}

test("a server without persistent watches: a node that comes, changes, gets children and goes is told of", async () => {
  const { session, direct } = await openOld();
  const watched = { path: "/a", recursive: false, until: "deleted /a" };
  const step = async (): Promise<void> => {
    await direct.create("/a", "1");
    await expect.poll(() => Promise.resolve(steps.shift()?.()).then(() => steps.length)).toBe(0);
  };
  const steps = [
    () => direct.set("/a", "2"),
    () => direct.create("/a/b"),
    () => direct.delete("/a/b"),
    () => direct.delete("/a"),
  ];
  const changes = await changesDuring(session, watched, step);
  expect(changes[0]).toBe("created /a");
  expect(changes.at(-1)).toBe("deleted /a");
  for (const change of changes) expect(change).toMatch(/^(created|dataChanged|childrenChanged|deleted) \/a$/);
});

test("a server without persistent watches: what happens below is told of, node by node", async () => {
  const { session, direct } = await openOld();
  await direct.ensurePath("/t/old");
  const changes = await changesDuring(session, { path: "/t", recursive: true, until: "deleted /t/old" }, async () => {
    await direct.create("/t/new");
    await direct.create("/t/new/below");
    await direct.set("/t", "1");
    await direct.delete("/t/old");
  });
  expect(changes).toContain("created /t/new");
  expect(changes.filter((change) => change.startsWith("childrenChanged"))).toEqual([]);
});

test("leaving the watch takes its one-shot watches back", async () => {
  const { session, direct } = await openOld();
  await direct.ensurePath("/t/a/b");
  for await (const { type } of session.watch("/t", { recursive: true, initial: true })) {
    expect(type).toBe("resync");
    break;
  }
  // Another one begins from nothing, and tells each change once.
  const changes = await changesDuring(
    session,
    { path: "/t", recursive: true, until: "dataChanged /t/a/b" },
    async () => {
      await direct.set("/t/a/b", "1");
    },
  );
  expect(changes).toEqual(["dataChanged /t/a/b"]);
});

const names = ["/t/a", "/t/b", "/t/a/c", "/t/a/d", "/t/b/c"] as const;
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("create" as const), at: fc.constantFrom(...names) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), at: fc.constantFrom(...names) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("set" as const), at: fc.constantFrom(...names) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), at: fc.constantFrom(...names) }) },
  ),
  { maxLength: 40 },
);

test("a cache and a count of what comes and goes are right in the end, whatever happens and breaks", async () => {
  const { session, direct, cut } = await openOld();
  await direct.create("/t");
  let value = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (todo) => {
      await direct.deleteRecursive("/t");
      await direct.create("/t");
      const cache = createCache(session, "/t");
      await cache.ready;
      const there = new Set(["/t"]);
      const stop = new AbortController();
      const started = Promise.withResolvers<void>();
      const following = (async () => {
        for await (const { type, path } of session.watch("/t", {
          recursive: true,
          initial: true,
          signal: stop.signal,
        })) {
          if (type === "resync") started.resolve();
          else if (type === "created") there.add(path);
          else if (type === "deleted") there.delete(path);
        }
      })().catch(() => undefined);
      await started.promise;
      // Writes are not waited for, so that several come between two reads of the watch.
      const writes = todo.map(async ({ do: what, at }) => {
        value += 1;
        if (what === "cut") return cut();
        const done =
          what === "create" ? direct.create(at) : what === "delete" ? direct.delete(at) : direct.set(at, `${value}`);
        return done.then(
          () => undefined,
          () => undefined,
        );
      });
      await Promise.all(writes);
      const truth = new Map<string, bigint>();
      for (const path of ["/t", ...names]) {
        const stat = await direct.exists(path);
        if (stat !== undefined) truth.set(path, stat.mzxid);
      }
      await expect.poll(() => new Map([...cache.nodes].map(([path, { stat }]) => [path, stat.mzxid]))).toEqual(truth);
      await expect.poll(() => [...there].toSorted()).toEqual([...truth.keys()].toSorted());
      await cache.close();
      stop.abort();
      await following;
    }),
    { numRuns: 40 },
  );
});
