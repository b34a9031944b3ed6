import { expect, test } from "vitest";
import { paxos, type Protocol, slotPaxos, zab } from "../../src/index.ts";
import { Ensemble } from "./ensemble.ts";
import { bytesOf, textOf } from "./ledger.ts";

/** Five members of which only the first still reaches the others. It has the smallest number, and knows no more than they. */
async function cutAllButOne(protocol: Protocol): Promise<Ensemble> {
  const ensemble = new Ensemble([1, 2, 3, 4, 5], { protocol });
  await ensemble.startAll();
  await ensemble.leader();
  for (const left of [2, 3, 4, 5])
    for (const right of [2, 3, 4, 5]) if (left < right) ensemble.network.cut(left, right);
  return ensemble;
}

const connected = [paxos(), slotPaxos()].map((protocol) => [protocol.name, protocol] as const);

test.each(connected)(
  "%s: where one member alone is answered by a quorum, it leads",
  { timeout: 20_000 },
  async (_name, protocol) => {
    await using ensemble = await cutAllButOne(protocol);
    expect(await ensemble.leader([1])).toBe(1);
    const { answer } = await ensemble.member(1).replica.propose(bytesOf("5"));
    expect(textOf(answer)).toBe("balance 5");
  },
);

test(
  "zab: there the votes name a member that no quorum reaches, as its documentation says",
  { timeout: 20_000 },
  async () => {
    await using ensemble = await cutAllButOne(zab());
    const waiting = ensemble.member(1).replica.read(() => 0, { timeoutMs: 600 });
    await expect(waiting).rejects.toMatchObject({ code: "timeout" });
  },
);
