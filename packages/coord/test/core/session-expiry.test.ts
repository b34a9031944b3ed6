import { expect, test } from "vitest";
import { CoordMachine } from "../../src/core/coord-machine.ts";
import { anyServer } from "../../src/core/session-table.ts";
import type { WriteOp } from "../../src/core/write-request.ts";

const sessionId = 7n;
const password = new Uint8Array(16);
const open: WriteOp = { type: "createSession", timeoutMs: 300, password };
const back: WriteOp = { type: "attachSession", timeoutMs: 300, password };

/** What a leader says of a session whose silence it has counted. */
function over(machine: CoordMachine): WriteOp {
  return { type: "expireSession", openedZxid: machine.sessions.get(sessionId)?.openedZxid ?? 0n };
}

/** Prepares each in turn, as a leader does that commits later, and applies them. */
function committed(
  machine: CoordMachine,
  ...requests: readonly (readonly [serverId: number, op: WriteOp])[]
): string[] {
  const txns = requests.map(([serverId, op]) => {
    return machine.prepare({ serverId, sessionId, xid: 0, ids: [], op }, { position: 1n, epoch: 1n, nowMs: 0n });
  });
  for (const txn of txns) machine.apply(1n, txn);
  return txns.map(({ body }) => body.type);
}

test("a session that is about to come back is not ended by those who have not heard of it yet", () => {
  const machine = new CoordMachine({ extendedTypesEnabled: true, enforceQuota: false, reconfigEnabled: false });
  committed(machine, [1, open]);
  expect(committed(machine, [2, back], [anyServer, over(machine)])).toEqual(["attachSession", "error"]);
  expect(machine.sessions.get(sessionId)?.serverId).toBe(2);
});

test("a session that came back while its end waited for its turn is not ended, wherever it came back", () => {
  const machine = new CoordMachine({ extendedTypesEnabled: true, enforceQuota: false, reconfigEnabled: false });
  committed(machine, [1, open]);
  const waiting = over(machine);
  committed(machine, [1, back]);
  expect(committed(machine, [anyServer, waiting])).toEqual(["error"]);
  expect(committed(machine, [anyServer, over(machine)])).toEqual(["closeSession"]);
});

test("a session of a snapshot ends, and does not when it came back since", () => {
  const machine = new CoordMachine({ extendedTypesEnabled: true, enforceQuota: false, reconfigEnabled: false });
  committed(machine, [1, open]);
  machine.restore([...machine.snapshot()]);
  const waiting = over(machine);
  expect(committed(machine, [1, back], [anyServer, waiting])).toEqual(["attachSession", "error"]);
  machine.restore([...machine.snapshot()]);
  expect(committed(machine, [anyServer, over(machine)])).toEqual(["closeSession"]);
});

test("a session that goes there and back is where it goes last, while both are on their way", () => {
  const machine = new CoordMachine({ extendedTypesEnabled: true, enforceQuota: false, reconfigEnabled: false });
  committed(machine, [1, open]);
  const moves = [1, 2, 1].map((serverId) => {
    const request = { serverId, sessionId, xid: 0, ids: [], op: back };
    return machine.prepare(request, { position: 1n, epoch: 1n, nowMs: 0n });
  });
  for (const txn of moves.slice(0, 2)) machine.apply(1n, txn);
  expect(machine.sessions.getOutstanding(sessionId)?.serverId).toBe(1);
});

test("a session that is about to end does not come back", () => {
  const machine = new CoordMachine({ extendedTypesEnabled: true, enforceQuota: false, reconfigEnabled: false });
  committed(machine, [1, open]);
  expect(committed(machine, [anyServer, over(machine)], [2, back])).toEqual(["closeSession", "error"]);
  expect(machine.sessions.get(sessionId)).toBeUndefined();
});
