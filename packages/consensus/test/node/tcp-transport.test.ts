import { expect, test } from "vitest";
import { createTcpTransport, slotPaxos, type TcpTransportOptions, zab } from "../../src/index.ts";
import { bytesOf, textOf } from "../conformance/ledger.ts";
import { TcpEnsemble, until, type TcpMember } from "./tcp-ensemble.ts";

const secret = Buffer.from("sixteen bytes at least");

for (const [name, options, protocol] of [
  ["in the clear", {}, zab()],
  ["with a secret", { secret }, zab()],
  ["slot by slot", {}, slotPaxos()],
] as const) {
  test(`three replicas agree over sockets ${name}, from whichever of them a proposal comes`, async () => {
    await using ensemble = new TcpEnsemble([1, 2, 3], protocol);
    const members = [];
    for (const id of [1, 2, 3]) members.push(await ensemble.start(id, options));
    for (const [index, { replica }] of members.entries()) {
      const { answer } = await replica.propose(bytesOf("10"));
      expect(textOf(answer)).toBe(`balance ${10 * (index + 1)}`);
    }
    for (const { replica, ledger } of members) expect(await replica.read(() => ledger.history)).toEqual([10, 20, 30]);
  });
}

/** A member that follows, so that to stop it takes no proposal along. */
function followerOf(ensemble: TcpEnsemble): number {
  for (const [id, { replica }] of ensemble.members) if (replica.status().role === "following") return id;
  throw new Error("nobody follows");
}

async function startThree(ensemble: TcpEnsemble, options: Partial<TcpTransportOptions> = {}): Promise<TcpMember> {
  const members = [];
  for (const id of [1, 2, 3]) members.push(await ensemble.start(id, options, 50));
  for (const { replica } of members) await replica.read(() => undefined);
  return members.find(({ replica }) => replica.status().role === "leading") ?? expect.unreachable();
}

test.each([
  ["zab", zab({ retainedEntriesMax: 10 })],
  ["slot-paxos", slotPaxos({ retainedEntriesMax: 10 })],
])("%s: a member that comes back catches up by a snapshot much larger than a frame", async (_name, protocol) => {
  await using ensemble = new TcpEnsemble([1, 2, 3], protocol);
  const { replica } = await startThree(ensemble);
  await replica.propose(bytesOf("1"));
  const away = followerOf(ensemble);
  await ensemble.stop(away);
  for (const { ledger } of ensemble.members.values()) {
    for (let count = 0; count < 300_000; count += 1) ledger.history.push(count);
  }
  for (let count = 0; count < 120; count += 1) await replica.propose(bytesOf("1"));
  const back = await ensemble.start(away, {}, 50);
  await until(back, () => back.ledger.balance === 121);
  expect(back.ledger.history.length).toBe(300_121);
});

test("a member with another secret is kept out, says so, and the others go on", async () => {
  await using ensemble = new TcpEnsemble([1, 2, 3]);
  const { replica, ledger } = await startThree(ensemble, { secret });
  await replica.propose(bytesOf("5"));
  const away = followerOf(ensemble);
  await ensemble.stop(away);
  const stranger = await ensemble.start(away, { secret: Buffer.from("another secret of some length") });
  await replica.propose(bytesOf("5"));
  while (stranger.problems.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(stranger.problems[0]?.code).toBe("wrong-secret");
  expect(stranger.replica.status().role).toBe("looking");
  expect(ledger.history).toEqual([5, 10]);
});

test("submitted requests are applied in order, once each, and a report reaches the leader's machine", async () => {
  await using ensemble = new TcpEnsemble([1, 2, 3]);
  const members = [];
  for (const id of [1, 2, 3]) members.push(await ensemble.start(id));
  const [first] = members;
  if (first === undefined) return;
  await first.replica.propose(bytesOf("1"));
  for (const { replica } of members) for (let count = 0; count < 100; count += 1) replica.submit(bytesOf("1"));
  for (const member of members) await until(member, () => member.ledger.history.length === 301);
  expect(first.ledger.history).toEqual(Array.from({ length: 301 }, (_, index) => index + 1));

  const reports: string[] = [];
  const leader = members.find(({ replica }) => replica.status().role === "leading");
  if (leader === undefined) return expect.unreachable();
  leader.ledger.reported = (from, bytes) => reports.push(`${from}: ${textOf(bytes)}`);
  for (const [index, { replica }] of members.entries()) replica.toLeader(bytesOf(`from ${index + 1}`));
  while (reports.length < 3) await new Promise((resolve) => setImmediate(resolve));
  expect(reports.toSorted()).toEqual(["1: from 1", "2: from 2", "3: from 3"]);
});

test("without a leader nothing that is submitted is taken", async () => {
  await using ensemble = new TcpEnsemble([1, 2, 3]);
  const { replica } = await ensemble.start(1);
  expect(replica.submit(bytesOf("1"))).toBe(false);
});

test("listening beyond loopback asks for a secret, and a taken port is a coded error", async () => {
  const options = { id: 1, addressOf: () => undefined };
  await expect(createTcpTransport({ ...options, listen: { host: "0.0.0.0", port: 0 } })).rejects.toMatchObject({
    code: "invalid-options",
  });
  await using taken = await createTcpTransport({ ...options, listen: { host: "127.0.0.1", port: 0 } });
  await expect(createTcpTransport({ ...options, listen: taken.address })).rejects.toMatchObject({
    code: "listen-failed",
  });
});

test("a member that is not upgraded yet serves with the others until one says what it cannot understand", async () => {
  await using ensemble = new TcpEnsemble([1, 2, 3]);
  const old = await ensemble.start(1, {}, 10_000, 1);
  const two = await ensemble.start(2);
  await ensemble.start(3);
  await old.replica.propose(bytesOf("1"));
  await two.replica.propose(bytesOf("1"));
  expect(await old.replica.read(() => old.ledger.balance)).toBe(2);

  // The first change of members is the first thing that version 1 would take for something else.
  const members = { voters: [1, 2, 3], observers: [9] };
  await two.replica.reconfigure(members);
  await two.replica.propose(bytesOf("1"));
  const toldOf = [...ensemble.members.values()].flatMap(({ problems }) => problems.map(({ code }) => code));
  expect(toldOf).toContain("wrong-version");

  await ensemble.stop(1);
  const upgraded = await ensemble.start(1);
  expect(await upgraded.replica.read(() => upgraded.ledger.balance)).toBe(3);
  expect(upgraded.replica.config()).toMatchObject(members);
});

test("a version that nobody speaks any more is refused with a code", async () => {
  await using ensemble = new TcpEnsemble([1, 2, 3]);
  const { replica } = await startThree(ensemble);
  await replica.propose(bytesOf("5"));
  const away = followerOf(ensemble);
  await ensemble.stop(away);
  const ancient = await ensemble.start(away, {}, 10_000, 0);
  await replica.propose(bytesOf("5"));
  while (ancient.problems.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(ancient.problems[0]?.code).toBe("wrong-version");
});
