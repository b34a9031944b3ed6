import { slotPaxos } from "../../src/index.ts";
import { describeConformance } from "./conformance.ts";

describeConformance("slot-paxos", () => slotPaxos({ retainedEntriesMax: 16 }));
