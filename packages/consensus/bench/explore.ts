// Visits every state within bounds: npm run explore -- [--protocol zab|paxos|slot-paxos] [--proposals 1] [--crashes 1] [--cuts 0]
// [--elections 2] [--joins 1] [--late-writes] [--servers 3] [--plant NAME] [--states 1000000]
import { parseArgs } from "node:util";
import { explore } from "../src/sim/explore.ts";
import { plantedFaults } from "../src/sim/index.ts";
import { slotPlants } from "./slot-plants.ts";
import { explorerWith } from "./text-plants.ts";

const { values } = parseArgs({
  options: {
    protocol: { type: "string", default: "zab" },
    servers: { type: "string", default: "3" },
    proposals: { type: "string", default: "1" },
    crashes: { type: "string", default: "1" },
    cuts: { type: "string", default: "0" },
    elections: { type: "string", default: "2" },
    joins: { type: "string", default: "1" },
    "late-writes": { type: "boolean", default: false },
    plant: { type: "string" },
    states: { type: "string", default: "1000000" },
  },
});
const { protocol } = values;
if (protocol !== "zab" && protocol !== "paxos" && protocol !== "slot-paxos") {
  throw new RangeError(`--protocol ${protocol} is none of zab, paxos and slot-paxos`);
}
const plant = protocol === "slot-paxos" ? undefined : plantedFaults.find((fault) => fault.name === values.plant);
const slotPlant = protocol === "slot-paxos" ? slotPlants.find(({ name }) => name === values.plant) : undefined;
if (values.plant !== undefined && slotPlant === undefined && plant?.send === undefined) {
  throw new RangeError(`--plant ${values.plant} is no fault that can be planted here`);
}
const bounds = {
  servers: Number(values.servers),
  lateWrites: values["late-writes"],
  proposals: Number(values.proposals),
  crashes: Number(values.crashes),
  cuts: Number(values.cuts),
  elections: Number(values.elections),
  joins: Number(values.joins),
};
const startedMs = performance.now();
const search = slotPlant === undefined ? explore : (await explorerWith(slotPlant)).explore;
const { violation, ...totals } = search({ protocol, bounds, plant, statesMax: Number(values.states) });
const seconds = Number(((performance.now() - startedMs) / 1000).toFixed(1));
console.log(JSON.stringify({ protocol, bounds, ...totals, seconds }));
if (violation !== undefined) {
  for (const [index, action] of violation.actions.entries()) console.log(`${index + 1}. ${JSON.stringify(action)}`);
  console.log(violation.detail);
  process.exitCode = 1;
}
