import { describe, expect, test } from "vitest";
import { createMemoryDisk, type Protocol } from "../../src/index.ts";
import { Ensemble } from "./ensemble.ts";
import { bytesOf, textOf } from "./ledger.ts";

/** What every protocol must do, whatever it calls its phases; what only primary order gives is skipped by name. */
export function describeConformance(name: string, protocol: () => Protocol): void {
  const { primaryOrder } = protocol().capabilities;
  describe(`${name} conforms`, { timeout: 20_000 }, () => {
    test("one replica alone decides by itself", async () => {
      await using ensemble = new Ensemble([1], { protocol: protocol() });
      await ensemble.startAll();
      const { answer } = await ensemble.member(1).replica.propose(bytesOf("5"));
      expect(textOf(answer)).toBe("balance 5");
    });

    test("a request made at any replica is applied on all, in one order", async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol() });
      await ensemble.startAll();
      const made = Array.from({ length: 60 }, (_, index) => {
        return ensemble.member((index % 3) + 1).replica.propose(bytesOf("1"));
      });
      const positions = (await Promise.all(made)).map(({ position }) => position);
      expect(new Set(positions).size).toBe(60);
      const balances = await Promise.all(
        [1, 2, 3].map((id) => ensemble.member(id).replica.read(() => ensemble.member(id).ledger.history)),
      );
      const inOrder = Array.from({ length: 60 }, (_, index) => index + 1);
      expect(balances).toEqual([inOrder, inOrder, inOrder]);
    });

    test("a read at any replica sees every proposal that ended before it, wherever it was made", async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol() }, [4]);
      await ensemble.startAll();
      for (let round = 1; round <= 20; round += 1) {
        await ensemble.member((round % 4) + 1).replica.propose(bytesOf("1"));
        const reader = ensemble.member(((round * 3) % 4) + 1);
        expect(await reader.replica.read(() => reader.ledger.balance)).toBe(round);
      }
    });

    test("a request that the machine refuses takes a position, changes nothing, and says why", async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol() });
      await ensemble.startAll();
      const { replica, ledger } = ensemble.member(2);
      const refused = replica.propose(bytesOf("-1"));
      await expect(refused).rejects.toMatchObject({ code: "proposal-rejected", answer: bytesOf("only 0 left") });
      await replica.propose(bytesOf("3"));
      expect(ledger.history).toEqual([3]);
    });

    const prepared = "a request is prepared on the state that its transaction will meet, however many are under way";
    test.skipIf(!primaryOrder)(`${prepared}: primary order`, async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol() });
      await ensemble.startAll();
      const leader = ensemble.member(await ensemble.leader());
      await leader.replica.propose(bytesOf("10"));
      const withdrawals = Array.from({ length: 30 }, () => leader.replica.propose(bytesOf("-1")));
      const ended = await Promise.allSettled(withdrawals);
      expect(ended.filter(({ status }) => status === "fulfilled").length).toBe(10);
      expect(leader.ledger.balance).toBe(0);
    });

    test("the same request made again is answered as before and applied once", async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol() });
      await ensemble.startAll();
      const request = { client: 77n, sequence: 1 };
      const first = await ensemble.member(1).replica.propose(bytesOf("4"), { request });
      for (const id of [1, 2, 3]) {
        expect(await ensemble.member(id).replica.propose(bytesOf("4"), { request })).toEqual(first);
      }
      const racing = [1, 2, 3].map((id) => {
        return ensemble.member(id).replica.propose(bytesOf("1"), { request: { client: 77n, sequence: 2 } });
      });
      const positions = (await Promise.all(racing)).map(({ position }) => position);
      expect(new Set(positions).size).toBe(1);
      expect(await ensemble.member(3).replica.read(() => ensemble.member(3).ledger.balance)).toBe(5);
    });

    test("without a quorum nothing commits, and the caller is told that it may yet", async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol() });
      await ensemble.startAll();
      const leader = await ensemble.leader();
      for (const id of [1, 2, 3]) if (id !== leader) await ensemble.stop(id);
      const { replica } = ensemble.member(leader);
      const stuck = replica.propose(bytesOf("1"), { timeoutMs: 60 });
      await expect(stuck).rejects.toMatchObject({ code: "timeout", maybeApplied: true });
      await expect(replica.read(() => 0, { timeoutMs: 20 })).rejects.toMatchObject({
        code: "timeout",
        maybeApplied: false,
      });
      const controller = new AbortController();
      const canceled = replica.propose(bytesOf("1"), { signal: controller.signal });
      controller.abort();
      await expect(canceled).rejects.toMatchObject({ code: "canceled", maybeApplied: true });
    });

    test("when the leader goes, the others go on and forget nothing that was acknowledged", async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol() });
      await ensemble.startAll();
      for (let round = 1; round <= 4; round += 1) {
        const leader = await ensemble.leader();
        await ensemble.member(leader).replica.propose(bytesOf("1"));
        await ensemble.stop(leader);
        await ensemble.leader();
        const [other] = [...ensemble.members.keys()];
        await ensemble.member(other ?? 1).replica.propose(bytesOf("1"));
        await ensemble.start(leader);
        const back = ensemble.member(leader);
        expect(await back.replica.read(() => back.ledger.balance)).toBe(round * 2);
      }
    });

    test("a leader that is cut off serves no read and loses what only it took", async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol() });
      await ensemble.startAll();
      const old = await ensemble.leader();
      const rest = [1, 2, 3].filter((id) => id !== old);
      await ensemble.member(old).replica.propose(bytesOf("1"));
      ensemble.isolate(old, true);
      const orphan = ensemble.member(old).replica.propose(bytesOf("100"));
      const stale = ensemble.member(old).replica.read(() => ensemble.member(old).ledger.balance);
      await ensemble.leader(rest);
      await ensemble.member(rest[0] ?? 1).replica.propose(bytesOf("1"));
      ensemble.isolate(old, false);
      await expect(orphan).rejects.toMatchObject({ code: "proposal-lost", maybeApplied: false });
      expect(await stale).toBe(2);
    });

    test("a replica far behind is brought up by a snapshot, and keeps the answers to retries", async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol(), snapshotEntries: 20 });
      await ensemble.startAll();
      const leader = await ensemble.leader();
      const away = [1, 2, 3].find((id) => id !== leader) ?? 1;
      await ensemble.stop(away);
      const request = { client: 5n, sequence: 1 };
      const first = await ensemble.member(leader).replica.propose(bytesOf("1"), { request });
      await Promise.all(Array.from({ length: 200 }, () => ensemble.member(leader).replica.propose(bytesOf("1"))));
      const back = await ensemble.start(away);
      expect(await back.replica.read(() => back.ledger.balance)).toBe(201);
      expect(await back.replica.propose(bytesOf("1"), { request })).toEqual(first);
      await ensemble.stop(away);
      const again = await ensemble.start(away);
      expect(await again.replica.read(() => again.ledger.balance)).toBe(201);
    });

    test("a replica that lost its disk comes back without a vote, and votes again when it is in step", async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol() });
      await ensemble.startAll();
      const leader = await ensemble.leader();
      await ensemble.member(leader).replica.propose(bytesOf("7"));
      const wiped = [1, 2, 3].find((id) => id !== leader) ?? 1;
      await ensemble.stop(wiped);
      ensemble.disks.set(wiped, createMemoryDisk());
      const back = await ensemble.start(wiped);
      expect(back.replica.status().voting).toBe(false);
      expect(await back.replica.read(() => back.ledger.balance)).toBe(7);
      await ensemble.leader();
      expect(back.replica.status().voting).toBe(true);
    });

    test("two wiped replicas of three elect nobody, since they may have forgotten what they promised", async () => {
      await using ensemble = new Ensemble([1, 2, 3], { protocol: protocol() });
      await ensemble.startAll();
      const leader = await ensemble.leader();
      await ensemble.member(leader).replica.propose(bytesOf("7"));
      for (const id of [1, 2, 3]) await ensemble.stop(id);
      const wiped = [1, 2, 3].filter((id) => id !== leader);
      for (const id of wiped) {
        ensemble.disks.set(id, createMemoryDisk());
        await ensemble.start(id);
      }
      const [one] = wiped;
      const stuck = ensemble.member(one ?? 1).replica.read(() => 0, { timeoutMs: 150 });
      await expect(stuck).rejects.toMatchObject({ code: "timeout" });
    });

    test("closing twice is harmless and ends what waits with a stable code", async () => {
      const ensemble = new Ensemble([1, 2, 3], { protocol: protocol() });
      const { replica } = await ensemble.start(1);
      const waiting = replica.propose(bytesOf("1"));
      const closing = replica.close();
      await expect(waiting).rejects.toMatchObject({ code: "closed", maybeApplied: true });
      await closing;
      await replica.close();
      expect(await replica.stopped).toBeUndefined();
      await expect(replica.read(() => 0)).rejects.toMatchObject({ code: "closed" });
    });
  });
}
