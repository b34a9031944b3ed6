import { connect, type Session } from "@tutti/coord";
import { createElection, type Lease } from "@tutti/coord/recipes";
import { startServer, type CoordServer } from "@tutti/coord/server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openMasterLog } from "../../src/cluster/master-log.ts";

let server: CoordServer;
let session: Session;
let lease: Lease;
beforeEach(async () => {
  server = await startServer();
  session = await connect(server);
  await session.ensurePath("/log");
  lease = await createElection(session, "/masters", { id: "one" }).campaign();
});
afterEach(async () => {
  await session.close();
  await server.close();
});

const jobRecord = (job: string) => ({ kind: "job", job, request: job, driver: "d", name: job, atMs: 1 }) as const;

describe("the log of masters", () => {
  test("the next master reads what this one wrote", async () => {
    const log = await openMasterLog(session, "/log", lease);
    await log.append({ kind: "term", master: "one" });
    await Promise.all([log.append(jobRecord("j1")), log.append({ kind: "done", task: "j1.0.0.1-0" })]);
    const read = await openMasterLog(session, "/log", lease);
    expect(read.state).toEqual(log.state);
    expect([...(read.state.jobs.get("j1")?.done ?? [])]).toEqual(["j1.0.0.1-0"]);
  });

  test("what is said at once is written at once", async () => {
    const log = await openMasterLog(session, "/log", lease);
    await Promise.all(Array.from({ length: 500 }, (_, index) => log.append(jobRecord(`j${index + 1}`))));
    expect((await session.children("/log")).length).toBeLessThan(10);
  });

  test("a snapshot takes the place of old records, and the state is the same", async () => {
    const log = await openMasterLog(session, "/log", lease, 20);
    for (let job = 1; job <= 70; job += 1) {
      await log.append(jobRecord(`j${job}`));
      await log.append({ kind: "done", task: `j${job}.0.0.1-0` });
      if (job > 3) await log.append({ kind: "ended", job: `j${job - 3}`, outcome: "succeeded", atMs: job });
    }
    expect((await session.children("/log")).length).toBeLessThan(30);
    expect((await openMasterLog(session, "/log", lease)).state).toEqual(log.state);
  });

  test("a master whose place in the election is gone cannot write", async () => {
    const log = await openMasterLog(session, "/log", lease);
    await log.append({ kind: "term", master: "one" });
    await log.confirm();
    const other = await connect(server);
    await other.delete(lease.path);
    await expect(log.confirm()).rejects.toMatchObject({ code: "executor-closed" });
    await expect(log.append(jobRecord("j1"))).rejects.toMatchObject({ code: "executor-closed" });
    await expect(log.append(jobRecord("j2"))).rejects.toMatchObject({ code: "executor-closed" });
    expect((await session.children("/log")).length).toBe(1);
    await other.close();
  });
});
