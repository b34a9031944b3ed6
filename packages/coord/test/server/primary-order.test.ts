import { createMemoryDisk, createMemoryNetwork, openReplica, slotPaxos, zab } from "@tutti/consensus";
import { expect, test } from "vitest";
import { CoordMachine } from "../../src/core/coord-machine.ts";
import { ReplicatedMachine } from "../../src/server/replicated-machine.ts";
import { processClock } from "../../src/server/server-clock.ts";

const rules = { extendedTypesEnabled: true, enforceQuota: false, reconfigEnabled: false };

test("the tree is refused on a protocol without primary order, since its writes are checked against those under way", async () => {
  const open = (protocol: ReturnType<typeof zab>) => {
    const { transport } = createMemoryNetwork();
    const machine = new ReplicatedMachine(new CoordMachine(rules), { onConfig: () => undefined, clock: processClock });
    return openReplica({ id: 1, members: [1], machine, protocol, storage: createMemoryDisk(), transport });
  };
  await expect(open(slotPaxos())).rejects.toThrow("the machine needs primary order, which slot-paxos does not have");
  const replica = await open(zab());
  await replica.close();
});
